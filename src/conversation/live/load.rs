//! A conversation as a whole, small enough to be written with each turn, and how it is had again from what was kept.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use super::grant::{Grant, RightKey};
use super::heard::Parked;
use super::image::{Image, SendImage};
use super::item::{KeptEvent, Place, QueuedEvent};
use super::key::ConversationKey;
use super::record::{Arrived, EventRow};
use super::send::{PastSend, Remembered, Send};
use super::value::Conversation;
use super::wait::Wait;
use crate::conversation::{EventStatus, TakenStep};
use crate::event::{Event, Kind};
use crate::id::{EventId, SendId};
use crate::policy::Window;

/// What a conversation is loaded from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) image: Option<Image>,
    pub(crate) state: Option<String>,
    /// The events without an end, in the order of their ids, what else is kept of each, and the steps of its turn.
    pub(crate) events: Vec<Arrived>,
    /// The sends that the image names.
    pub(crate) sends: BTreeMap<SendId, Send>,
    pub(crate) rights: BTreeMap<RightKey, Grant>,
}

impl Conversation {
    /// The conversation as a whole.
    pub(super) fn image(&self) -> Image {
        let is_derived = |wait: &Wait| wait.is_untouched() && self.events.iter().any(|event| event.id == wait.event);
        Image {
            arrived_until: self.arrived_until.map(|event| event.0),
            last_event: self.last_event.map(|event| event.0),
            last_send: self.last_send.map(|send| send.0),
            last_event_at: self.last_event_at,
            last_message_at: self.last_message_at,
            window: self.window.map(|window| (window.opened_at, window.opened_by.as_str().to_owned())),
            previous: self.previous_of_fresh(),
            sends: self.sends.iter().map(SendImage::from).collect(),
            queue: self.queue.iter().map(|send| send.0).collect(),
            held: self.held.iter().map(|chain| chain.iter().map(|send| send.0).collect()).collect(),
            waits: self.waits.iter().filter(|wait| !is_derived(wait)).cloned().collect(),
            heard: self.heard.clone(),
            said: self.said.clone(),
            owner: self.owner.clone(),
            has_state: self.state.is_some(),
            in_memory_until: self.last_on_disk.map(|_| {
                let last = self.events.back().map(|last| (last.place.behind.0, last.place.rank));
                last.unwrap_or_default()
            }),
        }
    }

    fn previous_of_fresh(&self) -> Vec<(i64, Option<i64>)> {
        let mut open: Vec<_> = self.events.iter().collect();
        open.sort_unstable_by_key(|event| event.id);
        let before = std::iter::once(None).chain(open.iter().map(|event| Some(event.id)));
        let fresh = open.iter().zip(before).filter(|(event, before)| !event.is_noted && event.previous != *before);
        fresh.map(|(event, _)| (event.id.0, event.previous.map(|event| event.0))).collect()
    }

    /// The conversation as it was kept, and the events that arrived after its image was written: they are to arrive again, in this
    /// order.
    pub(crate) fn load(key: ConversationKey, rows: Rows) -> (Conversation, Vec<Arrived>) {
        let Rows { image, state, events, mut sends, rights } = rows;
        let mut loaded = Conversation { rights, state, ..Conversation::new(key) };
        let image = image.unwrap_or_default();
        let arrived_until = image.arrived_until.map(EventId);
        let in_memory_until = image.in_memory_until.map(|(behind, rank)| Place { behind: EventId(behind), rank });
        let remembered = image.sends.into_iter().filter_map(|send| match send {
            SendImage::Whole(id) => sends.remove(&SendId(id)).map(|send| Remembered::Whole(Box::new(send))),
            SendImage::Past(id, event, turn, is_by_agent, is_said, message, epoch) => {
                let (id, event, turn) = (SendId(id), event.map(EventId), SendId(turn));
                Some(Remembered::Past(PastSend { id, event, turn, is_by_agent, is_said, message, epoch }))
            }
        });
        loaded.sends = remembered.collect();
        let is_open = |id: &SendId| loaded.send(*id).is_some_and(|send| !send.state.has_ended());
        loaded.queue = image.queue.into_iter().map(SendId).filter(is_open).collect();
        loaded.held = image.held.into_iter().map(|chain| chain.into_iter().map(SendId).collect()).collect();
        (loaded.arrived_until, loaded.last_event) = (arrived_until, image.last_event.map(EventId));
        loaded.last_send = image.last_send.map(SendId);
        (loaded.last_event_at, loaded.last_message_at) = (image.last_event_at, image.last_message_at);
        loaded.window = image.window.and_then(|(opened_at, kind)| {
            let opened_by = Kind::from_str(&kind).ok()?;
            Some(Window { opened_at, opened_by })
        });
        (loaded.waits, loaded.heard, loaded.said) = (image.waits, image.heard, image.said);
        loaded.owner = image.owner;
        let mut later = Vec::new();
        for Arrived { kept, row, steps } in events {
            if Some(kept.id) > arrived_until && kept.item.kind != Kind::Outcome {
                later.push(Arrived { kept, row, steps });
            } else if let Some(queued) = loaded.stood(kept, row, steps, in_memory_until) {
                loaded.events.push_back(queued);
            }
        }
        let mut before = None;
        for event in &mut loaded.events {
            if !event.is_noted {
                let named = image.previous.iter().find(|(id, _)| *id == event.id.0);
                event.previous = named.map_or(before, |(_, previous)| previous.map(EventId));
            }
            before = Some(event.id);
        }
        loaded.events.make_contiguous().sort_by_key(|event| event.place);
        loaded.forget_answered();
        loaded.forget_past_sends();
        // The rows of events that waited on disk do not say that they are answered.
        let events = std::mem::take(&mut loaded.changes.events);
        loaded.changes = super::Changes { events, ..super::Changes::default() };
        (loaded, later)
    }

    /// An event that the image knows, as it stood in the queue; none where it stands elsewhere, and waits to be recognised.
    /// `in_memory_until`: where some of those that the image knows waited on disk, the place of the last one that did not.
    fn stood(
        &mut self,
        kept: KeptEvent,
        row: Option<EventRow>,
        steps: Vec<TakenStep>,
        in_memory_until: Option<Place>,
    ) -> Option<QueuedEvent> {
        let KeptEvent { id, ref item, care, .. } = kept;
        let happened_at = item.happened_at();
        if let Some(row) = row.as_ref().filter(|row| row.status == EventStatus::Parked) {
            let previous = row.previous;
            if let Some(Event::Echo(echo)) = kept.envelope(&self.key).map(|envelope| envelope.event) {
                self.parked.push(Parked { id, item: kept.item, previous, echo });
                return None;
            }
            // It cannot be read any more, so that it is not known to be our own.
        }
        let fresh = QueuedEvent::new(id, Arc::clone(item), item.received_at);
        let mut queued = row.map_or(fresh, |row| row.into_event(Arc::clone(item), steps));
        match in_memory_until.is_some_and(|last| queued.place > last) {
            true => self.note_answer(&mut queued, care.answer_by.is_some()),
            false => {
                let by = care.answer_by.filter(|_| !queued.is_answered && !self.is_waited_for(id));
                self.waits.extend(by.map(|by| Wait::new(id, happened_at, by)));
            }
        }
        Some(queued)
    }

    /// An event arrives again that cannot be read any more.
    pub(crate) fn stands_unread(&mut self, kept: KeptEvent, row: Option<EventRow>, steps: Vec<TakenStep>) {
        self.arrived_until = self.arrived_until.max(Some(kept.id));
        if let Some(queued) = self.stood(kept, row, steps, None) {
            self.stand_behind(queued);
        }
    }

    /// The last event from outside that has arrived here.
    pub(crate) fn arrived_until(&self) -> Option<EventId> {
        self.arrived_until
    }

    /// Whether nothing is open in it, and nothing waits for its time.
    pub(crate) fn is_idle(&self) -> bool {
        let has_events = !self.events.is_empty() || self.last_on_disk.is_some();
        !has_events && self.queue.is_empty() && self.parked.is_empty() && self.waits.is_empty()
    }

    /// Takes away what a load need not find again: the order of waits, receipts and own echoes of which no image was written, and
    /// when what is due already was due.
    #[cfg(test)]
    pub(crate) fn reduced(mut self) -> Conversation {
        self.waits.sort_by_key(|wait| wait.event);
        (self.arrived_until, self.last_event, self.is_image_behind) = (None, None, false);
        (self.last_on_disk, self.changes) = (None, super::Changes::default());
        self.parked.iter_mut().for_each(|parked| parked.previous = None);
        for event in &mut self.events {
            event.previous = None;
            event.is_noted = false;
            if event.attempts == 0 {
                event.due = crate::clock::Timestamp(0);
            }
        }
        self
    }

    /// An event that has just arrived again stands where it stood.
    pub(crate) fn stands_again(&mut self, event: &KeptEvent, row: EventRow, steps: Vec<TakenStep>) {
        let (id, is_answered) = (event.id, row.is_answered);
        // Its arrival may have noted that nothing is known of it.
        self.changes.events.insert(id);
        if let Some(queued) = self.events.iter_mut().find(|queued| queued.id == id) {
            *queued = row.into_event(Arc::clone(&queued.item), steps);
        } else if let Some(last) = self.last_on_disk.as_mut().filter(|last| last.id == id) {
            last.place = row.place;
            self.changes.to_disk.push(row.into_event(Arc::clone(&event.item), steps));
        }
        if is_answered {
            self.waits.retain(|wait| wait.event != id);
        }
    }
}
