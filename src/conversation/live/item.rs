//! An event: as it was kept, and as it waits in its queue.

use std::sync::Arc;

use super::super::TakenStep;
use super::key::ConversationKey;
use crate::clock::Timestamp;
use crate::event::{Envelope, Kind, Object, Origin};
use crate::id::{EventId, PersonId, SendId};
use crate::trace::Trace;

/// An event as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) person: Option<PersonId>,
    pub(crate) standby: bool,
    pub(crate) list: Option<String>,
    /// When it happened, by Meta's clock.
    pub(crate) at: Option<Timestamp>,
    pub(crate) received_at: Timestamp,
    pub(crate) trace: Trace,
    pub(crate) raw: Vec<u8>,
}

impl Item {
    /// The event as it is kept.
    pub(crate) fn of(envelope: &Envelope, trace: Trace, received_at: Timestamp) -> Item {
        Item {
            kind: envelope.kind(),
            person: envelope.person.clone(),
            standby: envelope.standby,
            list: envelope.list.clone(),
            at: envelope.at,
            received_at,
            trace,
            raw: envelope.raw.get().as_bytes().to_vec(),
        }
    }

    /// When it happened: at its own time, and never later than its arrival.
    pub(crate) fn happened_at(&self) -> Timestamp {
        self.at.map_or(self.received_at, |at| at.min(self.received_at))
    }
}

/// An event as it was kept when it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptEvent {
    pub(crate) id: EventId,
    pub(crate) item: Arc<Item>,
    /// What the delivery said its accounts are.
    pub(crate) object: Option<Object>,
    pub(crate) care: Care,
    /// Of a first version: whether its message is known by its key, which has no time.
    pub(crate) is_message_known: bool,
    /// Of a message: whether its key without a time was known, which only its first version leaves.
    pub(crate) is_edit_known: bool,
}

impl KeptEvent {
    /// The event as it was read when it arrived; none where it cannot be read any more.
    pub(crate) fn envelope(&self, key: &ConversationKey) -> Option<Envelope> {
        let Item { standby, at, list, kind, person, raw, .. } = &*self.item;
        let origin = Origin { account: key.account.clone(), standby: *standby, time: *at, list: list.clone() };
        let raw = serde_json::from_slice(raw).ok()?;
        let envelope = Envelope::read_kept(&origin, person.as_ref(), kind.as_str(), raw)?;
        Some(Envelope { object: self.object, ..envelope })
    }
}

/// What is to be done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Care {
    pub(crate) is_handled: bool,
    /// Until when a person is to be answered.
    pub(crate) answer_by: Option<Timestamp>,
}

/// An event that is new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) kept: &'a KeptEvent,
    pub(crate) envelope: &'a Envelope,
    /// Whether it tells of a right that was given in another conversation, which hears of it too.
    pub(crate) is_of_another: bool,
}

/// Where an event stands in its queue: by its id, and behind what has that place already where it is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) behind: EventId,
    pub(crate) rank: u32,
}

/// An event that waits on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnDisk {
    pub(crate) id: EventId,
    pub(crate) place: Place,
}

/// An event that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueuedEvent {
    pub(crate) id: EventId,
    pub(crate) place: Place,
    pub(crate) item: Arc<Item>,
    /// The conversation's event before it.
    pub(crate) previous: Option<EventId>,
    pub(crate) due: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) deaths: u32,
    pub(crate) is_running: bool,
    pub(crate) first_failed_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
    pub(crate) steps: Vec<TakenStep>,
    /// What was remembered before the first step.
    pub(crate) state_before: Option<String>,
    /// The first send of its turn.
    pub(crate) turn: Option<SendId>,
    /// Whether the typing indicator was shown for it.
    pub(crate) typing: bool,
    /// Whether the person has an answer, or waits for none any more.
    pub(crate) is_answered: bool,
    /// Whether more is kept of it than that it arrived.
    pub(crate) is_noted: bool,
    /// Whether it is over, and steps of it are kept.
    pub(crate) has_steps_to_forget: bool,
}

/// A turn that goes on or has just ended.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) event: EventId,
    pub(super) item: Arc<Item>,
    /// Its first send, where it has said something already.
    pub(super) first: Option<SendId>,
}

impl Place {
    /// The place of an event that has just arrived.
    pub(crate) fn of(id: EventId) -> Place {
        Place { behind: id, rank: 0 }
    }
}

impl QueuedEvent {
    /// One that no handler was given yet.
    pub(crate) fn new(id: EventId, item: Arc<Item>, due: Timestamp) -> QueuedEvent {
        QueuedEvent {
            id,
            place: Place::of(id),
            item,
            previous: None,
            due,
            attempts: 0,
            deaths: 0,
            is_running: false,
            first_failed_at: None,
            error: None,
            steps: Vec::new(),
            state_before: None,
            turn: None,
            typing: false,
            is_answered: false,
            is_noted: false,
            has_steps_to_forget: false,
        }
    }

    /// What its handler remembers: a turn that runs again starts from what its first try knew.
    pub(crate) fn state<'a>(&'a self, of_conversation: Option<&'a str>) -> Option<&'a str> {
        if self.steps.is_empty() { of_conversation } else { self.state_before.as_deref() }
    }
}
