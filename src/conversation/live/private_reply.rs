//! The echo of a private reply comes in the person's chat, while the reply itself stands among its author's comments. Meta does not
//! tell that the two are the same person, so that the account's value knows the replies that are not known to have become a message.

use std::sync::Arc;

use super::super::SendStatus;
use super::account::{AccountValue, UnidentifiedReply};
use super::echo::says;
use super::send::{MessageHash, Send};
use super::value::Conversation;
use crate::event::Echo;
use crate::id::SendId;

/// The most private replies that an echo is compared with: as many as leave at once.
const MOST: usize = 256;

impl AccountValue {
    /// The private replies that an echo may repeat, by what they say.
    pub(super) fn repeated_by(&self, echo: &Echo) -> Vec<UnidentifiedReply> {
        self.private_replies.iter().filter(|reply| says(&reply.request, echo)).cloned().collect()
    }

    /// Whether one of the last private replies became this message.
    pub(super) fn became(&self, mid: MessageHash) -> bool {
        self.known_replies.contains(&mid)
    }

    /// An echo was taken for that of this private reply: it is no other echo's.
    pub(super) fn has_its_echo(&mut self, send: SendId) {
        self.follow(send, None);
    }

    fn know(&mut self, mid: MessageHash) {
        if !self.became(mid) {
            self.known_replies.push_front(mid);
            self.known_replies.truncate(MOST);
            self.is_changed = true;
        }
    }

    /// Hears what has become of a send, where it is a private reply.
    pub(crate) fn hear_of(&mut self, send: &Send) {
        if !send.is_private() {
            return;
        }
        let is_open = match send.state.status {
            SendStatus::Sending | SendStatus::InDoubt => Some(true),
            // What Meta did not take has no echo; what was in doubt may have one, and is sent again.
            SendStatus::Ready | SendStatus::Waiting if send.was_in_doubt() => Some(true),
            SendStatus::Held | SendStatus::Refused | SendStatus::Failed if send.was_in_doubt() => Some(false),
            // Meta refused the second because it had the first, and did not name that.
            SendStatus::Sent => Some(false),
            _ => None,
        };
        let reply = match (is_open, send.state.attempted_at, &send.state.message_id) {
            (Some(is_open), Some(attempted_at), None) => {
                Some(UnidentifiedReply { send: send.id, is_open, attempted_at, request: Arc::clone(&send.request) })
            }
            _ => None,
        };
        self.follow(send.id, reply);
        if let (Some(_), Some(mid)) = (is_open, &send.state.message_id) {
            self.know(MessageHash::of(mid));
        }
    }

    fn follow(&mut self, send: SendId, reply: Option<UnidentifiedReply>) {
        let known = self.private_replies.iter().position(|known| known.send == send);
        if known.is_none() && reply.is_none() {
            return;
        }
        self.is_changed = true;
        known.map(|place| self.private_replies.remove(place));
        let Some(reply) = reply else { return };
        let place = self.private_replies.partition_point(|known| known.attempted_at > reply.attempted_at);
        self.private_replies.insert(place, reply);
        self.private_replies.truncate(MOST);
    }
}

impl Conversation {
    /// Tells the account what has become of the private replies that a happening has changed.
    pub(super) fn follow_private_replies(&self, account: &mut AccountValue) {
        let changed = self.changes.sends.iter().filter_map(|id| self.send(*id));
        changed.for_each(|send| account.hear_of(send));
    }
}
