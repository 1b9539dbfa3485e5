//! What a right is found by.

use sha2::{Digest, Sha256};

use crate::event::{Comment, Optin};
use crate::message::Recipient;

/// What kind of thing gives a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Source {
    /// A comment.
    Comment = 0,
    /// A visitor's post.
    Post = 1,
    /// A token for one notification.
    OneTime = 2,
    /// A token for marketing messages.
    Marketing = 3,
}

impl Source {
    pub(super) fn of_number(number: i64) -> Option<Source> {
        [Source::Comment, Source::Post, Source::OneTime, Source::Marketing]
            .into_iter()
            .find(|source| *source as i64 == number)
    }
}

/// What gives a right: its kind, and a hash of its id. A token is as good as a password, so none is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Key {
    pub(in super::super) source: Source,
    pub(in super::super) hash: [u8; 16],
}

impl Key {
    fn new(source: Source, id: &str) -> Key {
        let mut hash = [0; 16];
        hash.copy_from_slice(&Sha256::digest(id)[..16]);
        Key { source, hash }
    }

    /// Of what a comment or post gives, where it has an id.
    pub(super) fn of_comment(comment: &Comment) -> Option<Key> {
        match (&comment.comment_id, &comment.post_id) {
            (Some(id), _) => Some(Key::new(Source::Comment, id.as_str())),
            (None, Some(id)) => Some(Key::new(Source::Post, id.as_str())),
            (None, None) => None,
        }
    }

    /// Of what an opt-in gives, where it carries a token.
    pub(super) fn of_optin(optin: &Optin) -> Option<Key> {
        match (&optin.one_time_notif_token, &optin.notification_messages_token) {
            (Some(token), _) => Some(Key::new(Source::OneTime, token.expose())),
            (None, Some(token)) => Some(Key::new(Source::Marketing, token.expose())),
            (None, None) => None,
        }
    }

    /// Of what a send leans on, where it is not the window.
    pub(in super::super) fn of_recipient(recipient: &Recipient) -> Option<Key> {
        match recipient {
            Recipient::Id(_) | Recipient::UserRef(_) => None,
            Recipient::CommentId(id) => Some(Key::new(Source::Comment, id)),
            Recipient::PostId(id) => Some(Key::new(Source::Post, id)),
            Recipient::OneTimeNotifToken(token) => Some(Key::new(Source::OneTime, token)),
            Recipient::NotificationMessagesToken(token) => Some(Key::new(Source::Marketing, token)),
        }
    }
}
