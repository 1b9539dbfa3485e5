//! Events between their arrival and their end.

use std::sync::Arc;

use super::super::{EventStatus, TakenStep};
use super::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::{Envelope, Kind};
use crate::id::{EventId, PersonId, SendId};
use crate::trace::Trace;

/// An event that was with its handler at so many deaths of the process is given up.
const DEATHS: u32 = 3;

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

/// An event that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueuedEvent {
    pub(crate) id: EventId,
    pub(crate) item: Arc<Item>,
    pub(crate) due: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) deaths: u32,
    pub(crate) is_running: bool,
    pub(crate) first_failed_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
    pub(crate) steps: Vec<TakenStep>,
    /// What was remembered before the first step.
    pub(crate) state_before: Option<String>,
    /// Whether the typing indicator was shown for it.
    pub(crate) typing: bool,
    /// Whether more is kept of it than that it arrived.
    pub(crate) is_noted: bool,
}

/// A turn that goes on or has just ended.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) event: EventId,
    pub(super) item: Arc<Item>,
    /// The last send of its steps.
    pub(super) said_last: Option<SendId>,
}

impl Conversation {
    /// Puts an event behind the others.
    pub(super) fn enqueue(&mut self, id: EventId, item: Arc<Item>, now: Timestamp) {
        self.events.push_back(QueuedEvent::new(id, item, now));
    }

    /// Where an event that is not done stands.
    pub(crate) fn status(&self, event: EventId) -> Option<EventStatus> {
        let place = self.events.iter().position(|queued| queued.id == event)?;
        Some(match place {
            0 if self.events[0].is_running => EventStatus::Running,
            0 => EventStatus::Ready,
            _ => EventStatus::Waiting,
        })
    }

    /// Gives the front event to its handler, where it is due.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<&QueuedEvent> {
        let front = self.events.front_mut().filter(|front| !front.is_running && front.due <= now)?;
        front.is_running = true;
        front.attempts += 1;
        self.changes.events.insert(front.id);
        Some(front)
    }

    /// The event, where its handler has it in hand.
    pub(super) fn running(&mut self, event: EventId) -> Option<&mut QueuedEvent> {
        self.events.front_mut().filter(|front| front.id == event && front.is_running)
    }

    /// The front event's turn, as its handler has left it. The next one comes forward.
    pub(super) fn leave(
        &mut self,
        event: EventId,
        (status, error): (EventStatus, Option<String>),
        now: Timestamp,
    ) -> Option<Turn> {
        self.running(event)?;
        let mut left = self.events.pop_front().expect("the event that runs stands in front");
        (left.is_running, left.error) = (false, error);
        if let Some(next) = self.events.front_mut() {
            next.due = now;
            if next.is_noted {
                self.changes.events.insert(next.id);
            }
        }
        self.wait_ended(event, status);
        self.changes.image = true;
        let turn = Turn { event, said_last: left.said_last(), item: Arc::clone(&left.item) };
        left.steps.clear();
        left.state_before = None;
        self.changes.ended.push((left, status));
        Some(turn)
    }

    /// Puts an event that is done or dead back, behind the others.
    pub(crate) fn replay(&mut self, mut event: QueuedEvent, now: Timestamp) {
        event.due = now;
        event.deaths = 0;
        event.first_failed_at = None;
        event.is_running = false;
        self.wait_reopened(event.id);
        self.changes.events.insert(event.id);
        self.changes.image = true;
        self.events.push_back(event);
    }

    /// A process begins: what was with its handler runs again, unless it seems to be what ends the process.
    pub(super) fn recover_event(&mut self, scene: &Scene<'_>) {
        let Some(front) = self.events.front_mut().filter(|front| front.is_running) else { return };
        front.deaths += 1;
        let (id, deaths) = (front.id, front.deaths);
        self.changes.events.insert(id);
        if deaths < DEATHS {
            (front.is_running, front.due) = (false, scene.now);
            return;
        }
        let error = format!("the process died {deaths} times while this event was with its handler");
        self.leave(id, (EventStatus::Dead, Some(error)), scene.now);
    }
}

impl QueuedEvent {
    /// One that no handler was given yet.
    pub(crate) fn new(id: EventId, item: Arc<Item>, due: Timestamp) -> QueuedEvent {
        QueuedEvent {
            id,
            item,
            due,
            attempts: 0,
            deaths: 0,
            is_running: false,
            first_failed_at: None,
            error: None,
            steps: Vec::new(),
            state_before: None,
            typing: false,
            is_noted: false,
        }
    }

    /// The last send of the steps that its turn has taken.
    pub(super) fn said_last(&self) -> Option<SendId> {
        self.steps.iter().flat_map(|step| &step.sends).next_back().copied()
    }

    /// What its handler remembers: a turn that runs again starts from what its first try knew.
    pub(crate) fn state<'a>(&'a self, of_conversation: Option<&'a str>) -> Option<&'a str> {
        if self.steps.is_empty() { of_conversation } else { self.state_before.as_deref() }
    }
}
