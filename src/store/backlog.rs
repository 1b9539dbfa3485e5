//! What is not at its end, counted.

use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::store::{EventStatus, SendStatus};

/// Everything that is not at its end, and what an operator may have to decide about.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    /// Events that are open, dead or quarantined.
    pub events: Vec<OpenEvents>,
    /// Sends that are open or held.
    pub sends: Vec<OpenSends>,
}

/// Some events of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEvents {
    /// The account; `None` for what could not be read and names none.
    pub account: Option<AccountId>,
    /// Where they are on their way.
    pub status: EventStatus,
    /// Whether they wait for their time.
    pub is_later: bool,
    /// How many.
    pub count: u64,
    /// When the oldest of them arrived.
    pub oldest: Timestamp,
}

/// Some sends of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSends {
    /// The account.
    pub account: AccountId,
    /// Where they are on their way.
    pub status: SendStatus,
    /// Whether they wait for their time.
    pub is_later: bool,
    /// How many.
    pub count: u64,
}
