//! Sends of which it is not known whether they arrived, for those who look for evidence.

use super::super::{KnownMessages, SendStatus};
use super::send::Send;
use super::value::Conversation;
use crate::clock::Timestamp;

/// What the conversation knows beside a send in doubt.
#[derive(Clone, Debug)]
pub(crate) struct DoubtContext {
    /// The messages that the conversation's other sends became.
    pub(crate) bound: KnownMessages,
    /// Whether a message in the conversation is known, by whichever side.
    pub(crate) has_messages: bool,
}

impl Conversation {
    /// The send in doubt at which it is time to look.
    pub(crate) fn doubt(&self, now: Timestamp) -> Option<(&Send, DoubtContext)> {
        let front = self.send(*self.queue.front()?)?;
        if front.state.status != SendStatus::InDoubt || front.state.due > now {
            return None;
        }
        let bound = self.known_messages(front.id);
        let has_messages = !bound.is_empty() || self.last_message_at.is_some() || self.heard.has_messages;
        Some((front, DoubtContext { bound, has_messages }))
    }
}
