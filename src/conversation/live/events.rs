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

/// Where an event stands in its queue: by its id, and behind what has that place already where it is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) behind: EventId,
    pub(crate) rank: u32,
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

impl Conversation {
    /// Puts an event behind the others.
    pub(super) fn enqueue(&mut self, id: EventId, item: Arc<Item>, previous: Option<EventId>, now: Timestamp) {
        let mut queued = QueuedEvent::new(id, item, now);
        queued.previous = previous;
        queued.place = self.last_place(id);
        if queued.place != Place::of(id) {
            self.changes.events.insert(id);
        }
        self.events.push_back(queued);
    }

    /// The place behind all others, not before that of `id`.
    fn last_place(&self, id: EventId) -> Place {
        match self.events.back() {
            Some(last) if last.place >= Place::of(id) => Place { rank: last.place.rank + 1, ..last.place },
            _ => Place::of(id),
        }
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

    /// Puts back what is with its handler, without counting it: the process ends because it was asked to.
    pub(crate) fn release_running(&mut self) {
        if let Some(front) = self.events.front_mut().filter(|front| front.is_running) {
            front.is_running = false;
            self.changes.events.insert(front.id);
        }
    }

    /// The event, where its handler has it in hand.
    pub(super) fn running(&mut self, event: EventId) -> Option<&mut QueuedEvent> {
        self.events.front_mut().filter(|front| front.id == event && front.is_running)
    }

    /// Ends the front event's turn, as its handler has left it. The next event comes forward.
    pub(super) fn end_event(
        &mut self,
        event: EventId,
        status: EventStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Option<Turn> {
        self.running(event)?;
        let mut ended = self.events.pop_front().expect("the event that runs stands in front");
        (ended.is_running, ended.error) = (false, error);
        if let Some(next) = self.events.front_mut() {
            next.due = now;
            if next.is_noted {
                self.changes.events.insert(next.id);
            }
        }
        self.wait_ended(event, status);
        self.changes.image = true;
        let turn = Turn { event, first: ended.turn, item: Arc::clone(&ended.item) };
        ended.has_steps_to_forget = !ended.steps.is_empty();
        ended.steps.clear();
        ended.state_before = None;
        self.changes.ended.push((ended, status));
        Some(turn)
    }

    /// Puts an event that is done or dead back, behind the others. `last`: the last event that has arrived anywhere.
    pub(crate) fn replay(&mut self, mut event: QueuedEvent, last: EventId, now: Timestamp) {
        event.due = now;
        event.deaths = 0;
        event.first_failed_at = None;
        event.is_running = false;
        event.turn = None;
        event.is_answered = !self.waits.iter().any(|wait| wait.event == event.id);
        event.place = self.last_place(last.max(event.id));
        self.arrived_until = self.arrived_until.max(Some(event.id));
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
        self.end_event(id, EventStatus::Dead, Some(error), scene.now);
    }
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
