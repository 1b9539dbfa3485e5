//! Events between their arrival and their end.

use std::sync::Arc;

use super::super::EventStatus;
use super::item::{Item, OnDisk, Place, QueuedEvent, Turn};
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::id::EventId;

/// An event that was with its handler at so many deaths of the process is given up.
const DEATHS: u32 = 3;

impl Conversation {
    /// Puts an event behind the others, where it waits for its handler.
    pub(super) fn enqueue(&mut self, id: EventId, item: Arc<Item>, previous: Option<EventId>, now: Timestamp) {
        self.enqueue_as(QueuedEvent { previous, ..QueuedEvent::new(id, item, now) });
    }

    /// The same for one of which more is known.
    pub(super) fn enqueue_as(&mut self, mut queued: QueuedEvent) {
        queued.place = self.last_place(queued.id);
        if queued.place != Place::of(queued.id) || queued.is_answered {
            self.changes.events.insert(queued.id);
        }
        self.stand_behind(queued);
    }

    /// The place behind all others, not before that of `id`.
    fn last_place(&self, id: EventId) -> Place {
        match self.last_in_queue() {
            Some(OnDisk { place, .. }) if place >= Place::of(id) => Place { rank: place.rank + 1, ..place },
            _ => Place::of(id),
        }
    }

    /// Where an event that is not done stands, of those in memory.
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
        self.changes.image |= self.heard.is_given(front.id);
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
        self.stand_behind(event);
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
