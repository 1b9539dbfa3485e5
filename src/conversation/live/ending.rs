//! What a happening changed, and the records that keep it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::EventStatus;
use super::account::AccountValue;
use super::item::QueuedEvent;
use super::record::{Changes, EventRow, Record};
use super::send::Remembered;
use super::value::Conversation;

impl Conversation {
    /// Has its image written, where more has happened than the last one says.
    pub(crate) fn bring_image_forward(&mut self) {
        self.changes.image |= self.is_image_behind;
    }

    /// Whether its image says all that has happened.
    pub(crate) fn is_image_behind(&self) -> bool {
        self.is_image_behind
    }

    /// Ends a happening: gives what is to be written and what is to be followed elsewhere, and forgets what is over.
    pub(crate) fn end(&mut self, account: &mut AccountValue) -> (Vec<Record>, Changes) {
        self.follow_private_replies(account);
        self.forget_answered();
        let mut changes = std::mem::take(&mut self.changes);
        let noted = &changes.events;
        for event in self.events.iter_mut().chain(&mut changes.to_disk).filter(|event| noted.contains(&event.id)) {
            event.is_noted = true;
        }
        let records = self.records(&changes);
        for send in self.sends.iter_mut().filter_map(Remembered::whole_mut) {
            send.kept = Some(send.state.status);
        }
        // Last: what ends by this happening is written, however long ago it was planned.
        if !changes.sends.is_empty() {
            changes.over = self.forget_past_sends();
        }
        self.give_room_back();
        (records, changes)
    }

    /// Most conversations wait for a person to write again: meanwhile they hold no room for what is over.
    fn give_room_back(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        if self.waits.is_empty() {
            self.waits = Vec::new();
        }
    }

    fn records(&mut self, changes: &Changes) -> Vec<Record> {
        let mut records: Vec<_> = changes.begun.iter().map(|(id, item)| Record::Begun(*id, Arc::clone(item))).collect();
        let queued = || self.events.iter().chain(&changes.to_disk);
        let items = queued().filter(|event| changes.items.contains(&event.id));
        records.extend(items.map(|event| Record::Item(event.id, Arc::clone(&event.item))));
        let items = changes.ended.iter().filter(|(event, _)| changes.items.contains(&event.id));
        records.extend(items.map(|(event, _)| Record::Item(event.id, Arc::clone(&event.item))));
        let items = changes.items_on_disk.iter();
        records.extend(items.map(|(event, item)| Record::Item(*event, Arc::clone(item))));
        let ended = changes.ended.iter().map(|(event, status)| EventRow::of(event, *status));
        records.extend(ended.map(|row| Record::Event(Box::new(row))));
        for event in queued().filter(|event| changes.events.contains(&event.id)) {
            let status = if event.is_running { EventStatus::Running } else { EventStatus::Ready };
            records.push(Record::Event(Box::new(EventRow::of(event, status))));
            if changes.steps.contains(&event.id)
                && let Some((last, before)) = event.steps.split_last()
            {
                records.push(Record::Step(event.id, before.len(), last.clone()));
            }
        }
        for parked in self.parked.iter().filter(|parked| changes.parked.contains(&parked.id)) {
            let event = QueuedEvent::new(parked.id, Arc::clone(&parked.item), parked.item.received_at);
            let event = QueuedEvent { previous: parked.previous, ..event };
            records.push(Record::Event(Box::new(EventRow::of(&event, EventStatus::Parked))));
        }
        for send in self.whole_sends().filter(|send| changes.sends.contains(&send.id)) {
            records.push(match send.kept {
                None => Record::Planned(Box::new(send.clone())),
                Some(was) => Record::Send { id: send.id, was, state: Box::new(send.state.clone()) },
            });
        }
        records.extend(changes.repeats.iter().map(|send| Record::Repeated(*send)));
        let rights = changes.rights.iter().map(|key| (*key, self.grant(key).cloned().map(Box::new)));
        records.extend(rights.map(|(key, grant)| Record::Right(key, grant)));
        if changes.state {
            records.push(Record::State(self.state.clone()));
        }
        if changes.image {
            self.is_image_behind = false;
            records.push(Record::Image(Box::new(self.image())));
        }
        records
    }
}
