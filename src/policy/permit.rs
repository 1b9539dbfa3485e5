//! Leave to send one thing, once, now.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{AccountId, SendId};
use crate::message::Request;

const LIFE: Duration = Duration::from_secs(1);

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The bot: whatever a program decided to say.
    Bot,
    /// A person, by name. The name stays in the store.
    Agent,
}

/// What a bot or an agent wants to send.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// Which send of the outbox it is, where it is one already: a right that it has taken is its own.
    pub send: Option<SendId>,
    /// Who speaks.
    pub origin: Origin,
    /// To whom, and what.
    pub request: &'a Request,
}

/// Something that is about to be sent.
#[derive(Debug)]
pub struct Outgoing {
    /// From whom.
    pub account: AccountId,
    /// Which send of the outbox.
    pub send: SendId,
    /// Who speaks.
    pub origin: Origin,
    /// To whom, and what.
    pub request: Request,
}

impl Outgoing {
    /// The same before it is decided.
    pub fn intent(&self) -> Intent<'_> {
        Intent { send: Some(self.send), origin: self.origin, request: &self.request }
    }
}

/// Leave to send. It owns what may be sent, is given up by sending it, and dies after a second. Only
/// [`decide`](super::decide) makes one.
#[derive(Debug)]
pub struct Permit {
    outgoing: Outgoing,
    issued_at: Timestamp,
}

impl Permit {
    pub(super) fn issue(outgoing: Outgoing, now: Timestamp) -> Permit {
        Permit { outgoing, issued_at: now }
    }

    /// Whether it still holds at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.issued_at <= now && now <= self.issued_at + LIFE
    }

    /// What may be sent.
    pub fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }
}
