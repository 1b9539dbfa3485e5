//! What Meta tells of an account as a whole, and what its conversations share.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::send::MessageHash;
use crate::clock::Timestamp;
use crate::event::{Comment, EnforcementAction, Envelope, PolicyEnforcement};
use crate::id::{EventId, SendId};
use crate::message::Request;
use crate::policy::{Enforcement, Signal};

/// An account's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AccountValue {
    pub(super) blocked: Option<Enforcement>,
    /// When Meta last told by webhook whether the account is blocked, and by which event.
    enforced_at: Option<(Timestamp, EventId)>,
    /// The broadcast that was last seen to go on, and when.
    broadcast: Option<(String, (Timestamp, EventId))>,
    /// Private replies that are not known to have become a message, the newest first.
    pub(super) private_replies: Vec<UnidentifiedReply>,
    /// The messages that the last others became.
    pub(super) known_replies: VecDeque<MessageHash>,
    /// Whether it has changed since it was last kept.
    pub(super) is_changed: bool,
}

/// That of an account of which nothing is known yet. That there is one is to be kept.
impl Default for AccountValue {
    fn default() -> AccountValue {
        AccountValue {
            blocked: None,
            enforced_at: None,
            broadcast: None,
            private_replies: Vec::new(),
            known_replies: VecDeque::new(),
            is_changed: true,
        }
    }
}

impl AccountValue {
    /// Meta's block of the account's sends, where there is one.
    pub(crate) fn blocked(&self) -> Option<Enforcement> {
        self.blocked
    }

    /// Whether the broadcast of this id has ended: people comment on a later one.
    pub(super) fn is_over(&self, broadcast: &str) -> bool {
        !broadcast.is_empty() && self.broadcast.as_ref().is_some_and(|(id, _)| id != broadcast)
    }

    /// P16.1: a block stops the account's sends until the unblock. A warning stops nothing. True when the block has changed.
    pub(super) fn enforced(
        &mut self,
        envelope: &Envelope,
        enforcement: &PolicyEnforcement,
        id: EventId,
        now: Timestamp,
    ) -> bool {
        let at = envelope.at.map_or(now, |at| at.min(now));
        let is_block = match enforcement.action {
            EnforcementAction::Block => true,
            EnforcementAction::Unblock => false,
            EnforcementAction::Warning | EnforcementAction::Unknown(_) => return false,
        };
        if self.enforced_at >= Some((at, id)) {
            return false;
        }
        self.is_changed = true;
        self.enforced_at = Some((at, id));
        let by_answer = |blocked: &Enforcement| blocked.signal == Signal::Answer && blocked.since > at;
        self.blocked = match is_block {
            true => Some(Enforcement { since: at, signal: Signal::Webhook }),
            // A later answer of Meta's has blocked it again.
            false => self.blocked.filter(by_answer),
        };
        true
    }

    /// P16.2: Meta has refused the account as a whole, in answer to a send. A block that the webhook told of goes on.
    pub(crate) fn restrict(&mut self, now: Timestamp) {
        if self.blocked.is_none_or(|blocked| blocked.signal == Signal::Answer) {
            self.blocked = Some(Enforcement { since: now, signal: Signal::Answer });
            self.is_changed = true;
        }
    }

    /// P4.5: what was written below a broadcast can be answered only as long as it goes on. Meta does not tell when it ends; that
    /// people comment on the next one does.
    pub(super) fn on_air(&mut self, envelope: &Envelope, comment: &Comment, id: EventId, now: Timestamp) {
        let media = comment.media.as_ref().and_then(|media| media.id.as_ref()).filter(|_| comment.is_live);
        let (Some(media), Some(at)) = (media, envelope.at) else { return };
        let at = at.min(now);
        if self.broadcast.as_ref().is_none_or(|(_, known)| (at, id) > *known) {
            self.broadcast = Some((media.to_string(), (at, id)));
            self.is_changed = true;
        }
    }
}

/// An account's value as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountImage {
    /// Since when it is blocked, and whether an answer said so.
    blocked: Option<(Timestamp, bool)>,
    enforced_at: Option<(Timestamp, i64)>,
    broadcast: Option<(String, Timestamp, i64)>,
    private_replies: Vec<ReplyImage>,
    known_replies: VecDeque<MessageHash>,
}

/// A private reply of which it is not known which message it became: its send, and whether that may still come to be known without
/// an echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplyImage {
    pub(crate) send: i64,
    pub(crate) is_open: bool,
    pub(crate) attempted_at: Timestamp,
}

impl AccountValue {
    /// What is to be kept of it, where it has changed.
    pub(crate) fn changed(&mut self) -> Option<AccountImage> {
        std::mem::take(&mut self.is_changed).then(|| AccountImage {
            blocked: self.blocked.map(|blocked| (blocked.since, blocked.signal == Signal::Answer)),
            enforced_at: self.enforced_at.map(|(at, event)| (at, event.0)),
            broadcast: self.broadcast.clone().map(|(media, (at, event))| (media, at, event.0)),
            private_replies: self.private_replies.iter().map(UnidentifiedReply::image).collect(),
            known_replies: self.known_replies.clone(),
        })
    }

    /// The value that was kept. `request` finds what a send says; a private reply whose send is gone is forgotten.
    pub(crate) fn load(image: AccountImage, request: impl Fn(SendId) -> Option<Arc<Request>>) -> AccountValue {
        let signal = |by_answer| if by_answer { Signal::Answer } else { Signal::Webhook };
        let reply = |image: ReplyImage| {
            let ReplyImage { send, is_open, attempted_at } = image;
            let send = SendId(send);
            Some(UnidentifiedReply { send, is_open, attempted_at, request: request(send)? })
        };
        AccountValue {
            blocked: image.blocked.map(|(since, by_answer)| Enforcement { since, signal: signal(by_answer) }),
            enforced_at: image.enforced_at.map(|(at, event)| (at, EventId(event))),
            broadcast: image.broadcast.map(|(media, at, event)| (media, (at, EventId(event)))),
            private_replies: image.private_replies.into_iter().filter_map(reply).collect(),
            known_replies: image.known_replies,
            is_changed: false,
        }
    }
}

impl AccountImage {
    /// That of an account as an older release kept it. `blocked`: since when, and whether an answer said so.
    pub(crate) fn former(
        blocked: Option<(Timestamp, bool)>,
        enforced_at: Option<Timestamp>,
        broadcast: Option<(String, Timestamp)>,
        private_replies: Vec<ReplyImage>,
        known_replies: VecDeque<MessageHash>,
    ) -> AccountImage {
        AccountImage {
            blocked,
            enforced_at: enforced_at.map(|at| (at, 0)),
            broadcast: broadcast.map(|(media, at)| (media, at, 0)),
            private_replies,
            known_replies,
        }
    }

    /// The sends that are needed to load it.
    pub(crate) fn sends(&self) -> impl Iterator<Item = SendId> {
        self.private_replies.iter().map(|reply| SendId(reply.send))
    }
}

impl UnidentifiedReply {
    fn image(&self) -> ReplyImage {
        ReplyImage { send: self.send.0, is_open: self.is_open, attempted_at: self.attempted_at }
    }
}

/// A private reply that has left, and of which it is not known which message it became.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UnidentifiedReply {
    pub(crate) send: SendId,
    /// Whether that may still come to be known without an echo.
    pub(crate) is_open: bool,
    pub(super) attempted_at: Timestamp,
    pub(super) request: Arc<Request>,
}
