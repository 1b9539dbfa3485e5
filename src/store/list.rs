//! Lists of events and sends: what they are narrowed to, and their rows.

use serde_json::Value;

use super::{EventStatus, SendStatus};
use crate::clock::Timestamp;
use crate::id::{AccountId, EventId, MessageId, PersonId, SendId};

/// A list's narrowing.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Of these accounts; empty for all.
    pub accounts: Vec<AccountId>,
    /// Of this person, as one of the accounts knows them.
    pub person: Option<PersonId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In one of these statuses; empty for all.
    pub statuses: Vec<EventStatus>,
    /// At most so many.
    pub limit: usize,
    /// Older than this one.
    pub before: Option<EventId>,
}

/// An event in a list.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// The account it happened to, where that could be read.
    pub account: Option<AccountId>,
    /// The person, where there is one.
    pub person: Option<PersonId>,
    /// Its kind.
    pub kind: String,
    /// Where it is on its way.
    pub status: EventStatus,
    /// Whether another app owned the conversation.
    pub standby: bool,
    /// When it arrived here.
    pub received_at: Timestamp,
    /// How often its handler ran.
    pub attempts: u32,
    /// What last went wrong.
    pub error: Option<String>,
    /// The event of its conversation that must be done before its turn comes.
    pub waits_for: Option<EventId>,
}

/// A list's narrowing.
#[derive(Clone, Debug, Default)]
pub struct SendQuery {
    /// Of these accounts; empty for all.
    pub accounts: Vec<AccountId>,
    /// In this person's conversations, as one of the accounts knows them.
    pub person: Option<PersonId>,
    /// In one of these statuses; empty for all.
    pub statuses: Vec<SendStatus>,
    /// At most so many.
    pub limit: usize,
    /// Older than this one.
    pub before: Option<SendId>,
}

/// A send in a list.
#[derive(Clone, Debug)]
pub struct SendRow {
    /// Its id.
    pub id: SendId,
    /// From whom.
    pub account: AccountId,
    /// The person of the conversation; `None` where Meta does not name them.
    pub person: Option<PersonId>,
    /// Who wrote it, where a person did.
    pub agent: Option<String>,
    /// The Send API request, as it was kept.
    pub request: Value,
    /// Where it is on its way.
    pub status: SendStatus,
    /// The rule that spoke, where one did.
    pub rule: Option<String>,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// Meta's words about it, where Meta said any.
    pub error: Option<Value>,
    /// The message's id at Meta.
    pub message_id: Option<MessageId>,
    /// How often it was tried.
    pub attempts: u32,
    /// How often the message arrived beyond once.
    pub repeats: u32,
    /// The event whose handler said it.
    pub event: Option<EventId>,
    /// When it came to its status.
    pub at: Timestamp,
}
