//! The messages that a conversation is known to have.

use crate::id::MessageId;

/// The messages that the sends around one became, in its conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownMessageIds {
    /// Those that left before it.
    pub before: Vec<MessageId>,
    /// Those that came after it.
    pub after: Vec<MessageId>,
}

impl KnownMessageIds {
    /// Whether no other send became a message.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Whether another send became this message.
    pub fn contains(&self, mid: &MessageId) -> bool {
        self.before.contains(mid) || self.after.contains(mid)
    }
}
