//! What is known of a conversation when a send is decided.

use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::PersonId;

/// The ledger's facts about one conversation.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whose conversation it is.
    pub person: Option<PersonId>,
    /// The standard messaging window, where the person ever opened it.
    pub window: Option<Window>,
}

/// When the person last did something that opens the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time of that event, by Meta's clock, and never later than its arrival here.
    pub opened_at: Timestamp,
    /// What the person did.
    pub opened_by: Kind,
}

impl Window {
    /// When it shuts.
    pub fn closes_at(&self) -> Timestamp {
        self.opened_at + super::window::LENGTH
    }

    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.closes_at()
    }
}
