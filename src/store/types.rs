//! What goes into the store and comes out of it.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::effect::Effects;
use crate::event::{Envelope, Origin, Unreadable};
use crate::id::{AccountId, AppId, EventId, PersonId, SendId, Thread};
use crate::message::Request;
use crate::policy::{self, Facts, Window};
use crate::store::{AutomaticReplies, DisclosureMessage, Next, TakenStep};
use crate::trace::Trace;

/// One signed POST from Meta, read.
#[derive(Debug)]
pub struct WebhookBatch {
    /// When it arrived.
    pub received_at: Timestamp,
    /// The trace that its events belong to.
    pub trace: Trace,
    /// What was in it.
    pub items: Vec<Intake>,
}

impl WebhookBatch {
    /// A delivery that begins a trace.
    pub fn new(received_at: Timestamp, items: Vec<Intake>) -> WebhookBatch {
        WebhookBatch { received_at, trace: Trace::random(), items }
    }
}

/// One piece of a delivery.
#[derive(Debug)]
pub enum Intake {
    /// An event for a configured account: it is handled.
    Handled(Envelope),
    /// The same, and a person waits for its answer: its handler has to give one by this moment.
    Awaited(Envelope, Timestamp),
    /// An event for an account that is not configured: it is kept.
    Kept(Envelope),
    /// What could not be read: it is quarantined.
    Unreadable(Unreadable),
}

impl Intake {
    /// How long it is as Meta sent it.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Intake::Handled(envelope) | Intake::Awaited(envelope, _) | Intake::Kept(envelope) => {
                envelope.raw.get().len()
            }
            Intake::Unreadable(piece) => piece.raw.len(),
        }
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Events that were not known before.
    pub new: usize,
    /// Events that Meta had delivered before.
    pub repeated: usize,
    /// Echoes of our own sends.
    pub own_echoes: usize,
    /// Pieces that could not be read.
    pub quarantined: usize,
}

impl std::ops::AddAssign for Appended {
    fn add_assign(&mut self, more: Appended) {
        self.new += more.new;
        self.repeated += more.repeated;
        self.own_echoes += more.own_echoes;
        self.quarantined += more.quarantined;
    }
}

/// How much an account's loop can take on.
#[derive(Clone, Debug)]
pub struct EventDemand {
    /// The account.
    pub account: AccountId,
    /// How many more.
    pub slots: usize,
    /// Which.
    pub takes: Takes,
}

/// Which of its due events an account's loop takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Those that are due first.
    InOrder,
    /// Those that have never failed. Where they leave a slot, one that has failed, too: the one that is due first.
    FreshFirst,
    /// Only those that have never failed.
    FreshOnly,
}

/// How much an account's sender can take on.
#[derive(Clone, Debug)]
pub struct SendDemand {
    /// The account.
    pub account: AccountId,
    /// How many more.
    pub slots: usize,
    /// Those it has already.
    pub in_flight: Vec<SendId>,
}

/// A batch, and the time at which the next row becomes due even if no wake arrives.
#[derive(Debug)]
pub struct Batch<T> {
    /// What was taken.
    pub items: Vec<T>,
    /// When the next that waits for its time is due.
    pub next_due: Option<Timestamp>,
}

/// An event to be handled.
#[derive(Clone, Debug)]
pub struct TakenEvent {
    /// Its id.
    pub id: EventId,
    /// The account it happened to.
    pub account: AccountId,
    /// The person, where there is one.
    pub person: Option<PersonId>,
    /// The event's kind.
    pub kind: String,
    /// Whether another app owned the conversation.
    pub standby: bool,
    /// The list that it stood in, where Meta documents no such list.
    pub list: Option<String>,
    /// When it happened, by Meta's clock.
    pub at: Option<Timestamp>,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Whether an earlier try has failed, for whatever reason.
    pub has_failed: bool,
    /// When the first failure came that counted against the event.
    pub first_failed_at: Option<Timestamp>,
    /// When it arrived here.
    pub received_at: Timestamp,
    /// The item as Meta sent it.
    pub raw: Vec<u8>,
    /// The event as it was read when it arrived, where that was just now.
    pub(crate) read: Option<Box<Envelope>>,
    /// What the handler remembers of this conversation: JSON.
    pub state: Option<String>,
    /// The steps that an earlier try of this turn has taken.
    pub steps: Vec<TakenStep>,
    /// What policy knows of the conversation, and of the right that a reply to the event has.
    pub facts: Facts,
    /// What the person's name stands for.
    pub thread: Thread,
    /// Until when it must be answered; `None` when no person waits for an answer.
    pub answer_by: Option<Timestamp>,
    /// The trace that it belongs to.
    pub trace: Trace,
}

impl TakenEvent {
    /// The event; none where what was kept cannot be read any more.
    pub fn envelope(&mut self) -> Option<Box<Envelope>> {
        if self.read.is_some() {
            return self.read.take();
        }
        let raw: Box<RawValue> = serde_json::from_slice(&self.raw).ok()?;
        let (account, list) = (self.account.clone(), self.list.clone());
        let origin = Origin { account, standby: self.standby, time: self.at, list };
        Envelope::read_kept(&origin, self.person.as_ref(), &self.kind, &raw).map(Box::new)
    }
}

/// An event that is done, and what its handler brought about.
#[derive(Debug)]
pub struct Finish {
    /// The event.
    pub event: EventId,
    /// What the handler wants done.
    pub effects: Effects,
    /// What is said beside that.
    pub owed: AutomaticReplies,
    /// Whether the first of what is said is marked as on its way with the event's end: it can leave at once, as far as can be foreseen.
    pub leaves_at_once: bool,
    /// The present moment.
    pub now: Timestamp,
}

/// What a turn said and remembers up to one of its `flush`es.
#[derive(Debug)]
pub struct TurnStep {
    /// The event.
    pub event: EventId,
    /// Which try of it this is.
    pub attempt: u32,
    /// Which of its steps, from 0.
    pub number: usize,
    /// A hash of what it said and remembers.
    pub hash: [u8; 32],
    /// What the handler wants done.
    pub effects: Effects,
    /// The message by which the bot discloses itself, where that is due.
    pub disclosing: Option<DisclosureMessage>,
    /// The present moment.
    pub now: Timestamp,
}

/// An event whose handler failed.
#[derive(Debug)]
pub struct Failure {
    /// The event.
    pub event: EventId,
    /// What went wrong, for the operator.
    pub error: String,
    /// What becomes of it.
    pub next: Next,
    /// Whether the failure counts against the event: the time in which it is tried runs from the first one that does.
    pub counts: bool,
    /// What is said all the same.
    pub owed: AutomaticReplies,
    /// The present moment.
    pub now: Timestamp,
}

/// A send to be sent.
#[derive(Clone, Debug)]
pub struct TakenSend {
    /// Its id.
    pub id: SendId,
    /// From whom.
    pub account: AccountId,
    /// The person of the conversation.
    pub person: PersonId,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether one of these tries came into doubt.
    pub was_in_doubt: bool,
    /// Who speaks.
    pub origin: policy::Origin,
    /// To whom, and what.
    pub request: Arc<Request>,
    /// When that happened whose first answer it is, where it had to be answered.
    pub answers: Option<Timestamp>,
    /// Whether it is marked as on its way already, with the end of its event.
    pub is_marked: bool,
    /// The event whose handler said it, and that event's trace; `None` for what was posted.
    pub cause: Option<Cause>,
}

/// Why something is sent: the event whose handler wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The event.
    pub event: EventId,
    /// The trace that it belongs to, where that is still known.
    pub trace: Option<Trace>,
}

impl Cause {
    /// The event and its trace.
    pub fn parts(self) -> (EventId, Option<Trace>) {
        (self.event, self.trace)
    }
}

/// The accounts that can take nothing before the clock moves.
#[derive(Clone, Debug, Default)]
pub struct UnableAccounts {
    /// Whose handlers take no event.
    pub events: Vec<AccountId>,
    /// Whose handlers take only events that have never failed.
    pub failed_events: Vec<AccountId>,
    /// Whose sends are throttled.
    pub sends: Vec<AccountId>,
}

/// Result of a replay request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It stands at the end of its conversation.
    Queued,
    /// There is no such event.
    Unknown,
    /// It is still on its way.
    Open,
    /// It still cannot be read.
    Unreadable,
}

/// What is known of a conversation.
#[derive(Clone, Debug, Default)]
pub struct ConversationRow {
    /// Its window, where it was ever opened.
    pub window: Option<Window>,
    /// When the person last wrote.
    pub last_message_at: Option<Timestamp>,
    /// The app that has it, as far as Meta has told.
    pub owner: Option<AppId>,
    /// When something last happened in it.
    pub last_event_at: Option<Timestamp>,
}

/// Up to when finished things are forgotten.
#[derive(Clone, Copy, Debug)]
pub struct KeepSince {
    /// Events that are done and sends that are settled.
    pub events: Timestamp,
    /// Keys of events, and events that are dead or quarantined: an operator may still want to look at those.
    pub keys: Timestamp,
}
