//! Sends in doubt, as the sender is given them.

use crate::clock::Timestamp;
use crate::id::{AccountId, PersonId, SendId};
use crate::message::Request;
use crate::store::{Cause, KnownMessages};

/// A send in doubt: it is not known whether it arrived.
#[derive(Clone, Debug)]
pub struct TakenDoubt {
    /// Its id.
    pub id: SendId,
    /// From whom.
    pub account: AccountId,
    /// The person of the conversation.
    pub person: PersonId,
    /// To whom, and what.
    pub request: Request,
    /// How often it was tried.
    pub attempts: u32,
    /// When it left the last time.
    pub attempted_at: Timestamp,
    /// When the last attempt came into doubt: by then its bytes had left, which may be later than it was marked so.
    pub since: Timestamp,
    /// When the attempt that first came into doubt left.
    pub doubted_since: Timestamp,
    /// How often it came into doubt.
    pub doubts: u32,
    /// How often evidence was looked for since it last did.
    pub looks: u32,
    /// Whether no answer came at all.
    pub silent: bool,
    /// What was answered, or happened.
    pub reason: String,
    /// Whether the store knows of a message in the conversation, by whichever side.
    pub has_messages: bool,
    /// The messages that the conversation's other sends became.
    pub bound: KnownMessages,
    /// The event whose handler said it; `None` for what was posted.
    pub cause: Option<Cause>,
}
