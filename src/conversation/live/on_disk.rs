//! A long queue: its first events are in memory, and the others wait on disk until there is room for them.
//!
//! What an event says of its conversation counts from its arrival, however long the queue is. Of those on disk the conversation
//! knows only which is the last.

use std::sync::Arc;

use super::item::{KeptEvent, OnDisk, QueuedEvent};
use super::record::Arrived;
use super::value::Conversation;
use crate::clock::Timestamp;

/// How many events of a conversation are in memory. In unit tests they are few, so that most of them meet a queue that is longer.
pub(crate) const IN_MEMORY: usize = if cfg!(test) { 3 } else { 64 };

/// Where so few are left, the next ones come from disk.
const FEW: usize = IN_MEMORY / 2;

impl Conversation {
    /// Puts an event behind the others: in memory, or on disk where there are many.
    pub(super) fn stand_behind(&mut self, event: QueuedEvent) {
        if self.last_on_disk.is_none() && self.events.len() < IN_MEMORY {
            return self.events.push_back(event);
        }
        // When it comes from disk, the one that stands before it is taken for the conversation's event before it.
        if event.previous != self.last_in_queue().map(|last| last.id) {
            self.changes.events.insert(event.id);
        }
        self.last_on_disk = Some(OnDisk { id: event.id, place: event.place });
        self.changes.to_disk.push(event);
    }

    /// The last of its events, wherever it waits.
    pub(super) fn last_in_queue(&self) -> Option<OnDisk> {
        self.last_on_disk.or_else(|| self.events.back().map(|last| OnDisk { id: last.id, place: last.place }))
    }

    /// The last of those on disk.
    pub(crate) fn last_on_disk(&self) -> Option<OnDisk> {
        self.last_on_disk
    }

    /// It was loaded with the first of its events alone: others wait on disk up to this one.
    pub(crate) fn waits_on_disk(&mut self, last: Option<OnDisk>) {
        self.last_on_disk = last;
    }

    /// How many events are to come from disk; none where enough are in memory.
    pub(crate) fn room_for_those_on_disk(&self) -> Option<usize> {
        (self.last_on_disk.is_some() && self.events.len() <= FEW).then(|| IN_MEMORY - self.events.len())
    }

    /// The next events come from disk. `are_last`: no others are there.
    pub(crate) fn come_from_disk(&mut self, events: Vec<(OnDisk, Arrived)>, are_last: bool, now: Timestamp) {
        for (OnDisk { place, .. }, Arrived { kept, row, steps }) in events {
            let KeptEvent { id, item, care, .. } = kept;
            let before = self.events.back().map(|last| last.id);
            let mut queued = match row {
                Some(row) => row.into_event(item, steps),
                None => QueuedEvent { previous: before, ..QueuedEvent::new(id, Arc::clone(&item), now) },
            };
            (queued.place, queued.due) = (place, queued.due.min(now));
            self.note_answer(&mut queued, care.answer_by.is_some());
            self.events.push_back(queued);
        }
        if are_last {
            self.last_on_disk = None;
        }
    }

    /// An event that comes from disk has its answer where there is no wait for it any more: its row does not say so.
    pub(super) fn note_answer(&mut self, queued: &mut QueuedEvent, was_awaited: bool) {
        if was_awaited && !queued.is_answered && !self.is_waited_for(queued.id) {
            queued.is_answered = true;
            self.changes.events.insert(queued.id);
        }
    }
}
