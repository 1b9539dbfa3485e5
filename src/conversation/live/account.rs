//! What Meta tells of an account as a whole, and what its conversations share.

use std::collections::VecDeque;

use super::private_reply::Nameless;
use crate::clock::Timestamp;
use crate::event::{Comment, EnforcementAction, Envelope, PolicyEnforcement};
use crate::id::{EventId, MessageId};
use crate::policy::{Enforcement, Signal};

/// An account's value.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountValue {
    blocked: Option<Enforcement>,
    /// When Meta last told by webhook whether the account is blocked, and by which event.
    enforced_at: Option<(Timestamp, EventId)>,
    /// The broadcast that was last seen to go on, and when.
    broadcast: Option<(String, (Timestamp, EventId))>,
    /// Private replies that are not known to have become a message, the newest first.
    pub(super) private_replies: Vec<Nameless>,
    /// The messages that the last others became.
    pub(super) known_replies: VecDeque<MessageId>,
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
        }
    }
}
