//! How sends end.

use crate::clock::Timestamp;
use crate::id::MessageId;
use crate::message::Reason;

/// How an attempt to send ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Meta took it. Sender actions have no message id.
    Sent {
        /// The message's id.
        message_id: Option<MessageId>,
    },
    /// Policy forbids it.
    Refused {
        /// The rule's number.
        rule: String,
        /// The rule.
        reason: String,
    },
    /// It definitely did not arrive, and never will.
    Failed {
        /// What Meta said.
        reason: Reason,
    },
    /// It is not known whether it arrived.
    InDoubt {
        /// What happened.
        reason: Reason,
        /// Whether no answer came at all, so that its echo may still be on the way.
        silent: bool,
    },
    /// It cannot be found out whether it arrived. An operator decides; the rest of its turn waits with it.
    Held {
        /// What happened.
        reason: Reason,
    },
    /// It definitely did not leave, and is tried again.
    Later {
        /// When.
        at: Timestamp,
        /// What happened.
        reason: Reason,
    },
}

/// Result of releasing or dropping a held send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is done.
    Done,
    /// There is no such send.
    Unknown,
    /// It is not held.
    NotHeld,
}
