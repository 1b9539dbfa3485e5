//! A right that a person gave.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::event::{Comment, Event, Optin};
use crate::id::{EventId, SendId};
use crate::message::{Recipient, Request};
use crate::policy::LastSent;

/// What kind of thing gives a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    /// A comment.
    Comment = 0,
    /// A visitor's post.
    Post = 1,
    /// A token for one notification.
    OneTime = 2,
    /// A token for marketing messages.
    Marketing = 3,
}

/// What gives a right: its kind, and a hash of its id. A token is as good as a password, so none is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RightKey {
    pub(crate) source: Source,
    pub(crate) hash: [u8; 16],
}

/// What a person gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) at: Timestamp,
    /// When Meta last told of it.
    pub(crate) told_at: Timestamp,
    /// By which event.
    pub(crate) told_by: Option<EventId>,
    /// Whether the comment is removed, or the person wants no more.
    pub(crate) is_gone: bool,
    /// The broadcast below which it was written; empty where Meta does not name that.
    pub(crate) broadcast: Option<String>,
    pub(crate) expires_at: Option<Timestamp>,
    /// The send that uses it, or has used it.
    pub(crate) taken_by: Option<SendId>,
    /// When that came to its end; none as long as it may still leave.
    pub(crate) settled_at: Option<Timestamp>,
    /// When it was used before that.
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) forget_at: Timestamp,
}

impl Source {
    /// The kind of this number.
    pub(crate) fn of_number(number: i64) -> Option<Source> {
        [Source::Comment, Source::Post, Source::OneTime, Source::Marketing]
            .into_iter()
            .find(|source| *source as i64 == number)
    }
}

impl RightKey {
    fn new(source: Source, id: &str) -> RightKey {
        let mut hash = [0; 16];
        hash.copy_from_slice(&Sha256::digest(id)[..16]);
        RightKey { source, hash }
    }

    /// Of what a comment or post gives, where it has an id.
    pub(crate) fn of_comment(comment: &Comment) -> Option<RightKey> {
        match (&comment.comment_id, &comment.post_id) {
            (Some(id), _) => Some(RightKey::new(Source::Comment, id.as_str())),
            (None, Some(id)) => Some(RightKey::new(Source::Post, id.as_str())),
            (None, None) => None,
        }
    }

    /// Of what an opt-in gives, where it carries a token.
    pub(super) fn of_optin(optin: &Optin) -> Option<RightKey> {
        match (&optin.one_time_notif_token, &optin.notification_messages_token) {
            (Some(token), _) => Some(RightKey::new(Source::OneTime, token.expose())),
            (None, Some(token)) => Some(RightKey::new(Source::Marketing, token.expose())),
            (None, None) => None,
        }
    }

    /// Of what an event tells of.
    pub(crate) fn of_news(event: &Event) -> Option<RightKey> {
        match event {
            Event::Comment(comment) => RightKey::of_comment(comment),
            Event::Optin(optin) => RightKey::of_optin(optin),
            _ => None,
        }
    }

    /// Of what a send leans on, where it is not the window.
    pub(crate) fn of_recipient(recipient: &Recipient) -> Option<RightKey> {
        match recipient {
            Recipient::Id(_) | Recipient::UserRef(_) => None,
            Recipient::CommentId(id) => Some(RightKey::new(Source::Comment, id)),
            Recipient::PostId(id) => Some(RightKey::new(Source::Post, id)),
            Recipient::OneTimeNotifToken(token) => Some(RightKey::new(Source::OneTime, token)),
            Recipient::NotificationMessagesToken(token) => Some(RightKey::new(Source::Marketing, token)),
        }
    }

    /// Of what a message leans on. A sender action uses up nothing.
    pub(super) fn of_message(request: &Request) -> Option<RightKey> {
        request.as_message().and_then(|_| RightKey::of_recipient(&request.recipient))
    }
}

impl Grant {
    /// When a marketing message was last sent: when its send was settled, for that may have waited long after it was planned. As
    /// long as it is not settled it may still leave at any time, and there is no room for another beside it. One that failed after
    /// it was in doubt has perhaps arrived.
    pub(super) fn last_sent(&self) -> LastSent {
        match (self.taken_by, self.settled_at) {
            (None, _) => self.used_at.map_or(LastSent::Never, LastSent::At),
            (Some(_), Some(at)) => LastSent::At(at),
            (Some(_), None) => LastSent::Unsettled,
        }
    }
}
