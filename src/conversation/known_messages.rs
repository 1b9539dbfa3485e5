//! The messages that a conversation is known to have.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::MessageId;

/// A short hash of a message's id: enough to know it again in its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageHash(u64);

impl MessageHash {
    /// That of a message.
    pub fn of(mid: &MessageId) -> MessageHash {
        let digest = Sha256::digest(mid.as_str());
        MessageHash(u64::from_be_bytes(std::array::from_fn(|byte| digest[byte])))
    }
}

/// The messages that the sends around one became, in its conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownMessages {
    /// Those that left before it.
    pub before: Vec<MessageHash>,
    /// Those that came after it.
    pub after: Vec<MessageHash>,
}

impl KnownMessages {
    /// Whether no other send became a message.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Whether another send became this message.
    pub fn contains(&self, mid: &MessageId) -> bool {
        let mid = MessageHash::of(mid);
        self.before.contains(&mid) || self.after.contains(&mid)
    }

    /// Whether a send that left before it became this message.
    pub fn has_before(&self, mid: &MessageId) -> bool {
        self.before.contains(&MessageHash::of(mid))
    }
}
