//! What is said in a turn beside its handler's words.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::message::{Recipient, Request};

/// What a turn owes the person. Whether it is due is decided in the transaction that plans what the turn says.
#[derive(Clone, Debug, Default)]
pub struct AutomaticReplies {
    /// That a bot speaks here.
    pub disclosing: Option<DisclosureMessage>,
    /// The fallback: said where the handler said nothing and a person waits for an answer.
    pub fallback: Option<(SendId, Request)>,
}

/// The message by which a bot discloses itself. It goes before the first words of a turn.
#[derive(Clone, Debug)]
pub struct DisclosureMessage {
    /// Its send.
    pub send: SendId,
    /// To whom, and what.
    pub request: Request,
    /// After which pause it is said again.
    pub after: Duration,
}

/// The typing indicator for a turn that takes a while.
#[derive(Clone, Debug)]
pub struct Typing {
    /// The event.
    pub event: EventId,
    /// Which try of it this is.
    pub attempt: u32,
    /// The send.
    pub send: SendId,
    /// To whom.
    pub request: Request,
    /// The present moment.
    pub now: Timestamp,
}

/// An event that was not answered in time and is with no handler.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// The event.
    pub event: EventId,
    /// The account.
    pub account: AccountId,
    /// Who waits.
    pub recipient: Recipient,
}

/// How a conversation's person is written to; an author of comments is not, but through a comment.
pub fn recipient(thread: Thread, person: PersonId) -> Option<Recipient> {
    match thread {
        Thread::Chat => Some(Recipient::Id(person)),
        Thread::UserRef => Some(Recipient::UserRef(person)),
        Thread::Comments => None,
    }
}
