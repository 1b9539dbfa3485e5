//! A conversation comes back that was not in memory: where a process that died left it behind, it is sorted out.

use rusqlite::Connection;

use super::live::Live;
use crate::conversation::live::{Arrived, ConversationId, ConversationKey, OnDisk};
use crate::id::EventId;
use crate::policy::responsiveness;
use crate::store::records::{self, Back};

/// How many events are read at a time that are to arrive again.
const STEP: usize = 64;

impl Live {
    /// A conversation comes back that was away. One that a process which died left behind is sorted out: what had arrived and had not
    /// happened happens now, in the order in which it arrived. Where that cannot be read, it stays away.
    pub(super) fn come_back(&mut self, db: &Connection, key: &ConversationKey, back: &Back) -> rusqlite::Result<()> {
        let id = key.id();
        let mut events: Vec<_> = back.events.iter().chain(&back.parked).map(|event| event.id).collect();
        events.sort_unstable();
        let later = self.load(db, id, key, &events)?;
        let mut is_back = self.arrive_again(db, (id, key), later, back).and_then(|here| self.away.remove(id, &here));
        if back.has_more && is_back.is_ok() {
            is_back = self.away.last_on_disk(id).map(|last| self.waits_on_disk(id, last));
        }
        if is_back.is_err() {
            self.forget(id);
            return is_back;
        }
        if back.is_unseen {
            let now = self.began.at;
            let latest = now + self.ours.longest_wait().max(responsiveness::LIMIT);
            self.at(db, id, now, |one, scene| {
                one.due_at_a_start(latest, now);
                one.recover(scene);
            })?;
        }
        Ok(())
    }

    /// What had arrived and had not happened happens. Returns those of its events that do not wait on disk.
    fn arrive_again(
        &mut self,
        db: &Connection,
        (id, key): (ConversationId, &ConversationKey),
        mut later: Vec<Arrived>,
        back: &Back,
    ) -> rusqlite::Result<Vec<OnDisk>> {
        let known = self.entries[&id].conversation.arrived_until();
        let last = back.events.last().copied().filter(|_| back.has_more);
        if let Some(last) = last {
            // One that was in memory since the process began knows all of them.
            let known = if back.is_unseen { known } else { Some(EventId(i64::MAX)) };
            let last = self.away.last_known(id, last, known)?;
            self.waits_on_disk(id, last);
        }
        let mut here = back.events.clone();
        here.retain(|event| later.iter().all(|arrived| arrived.kept.id != event.id));
        // Echoes behind the first events come in their turn.
        let is_behind = |echo: &OnDisk| last.is_some_and(|last| (echo.place, echo.id) > (last.place, last.id));
        let behind: Vec<_> = back.parked.iter().filter(|echo| is_behind(echo)).map(|echo| echo.id).collect();
        later.retain(|arrived| !behind.contains(&arrived.kept.id));
        later.sort_by_key(|arrived| arrived.kept.id);
        for arrived in later {
            let event = back.events.iter().find(|event| event.id == arrived.kept.id).copied();
            self.arrives_again(db, (id, key), arrived)?;
            here.extend(event.filter(|event| !self.stays_on_disk(id, event.id)));
        }
        if let Some(last) = last.filter(|_| back.is_unseen) {
            self.rest_arrives_again(db, (id, key), (last, known), &mut here)?;
        }
        Ok(here)
    }

    /// The same for those behind the first, a little at a time.
    fn rest_arrives_again(
        &mut self,
        db: &Connection,
        (id, key): (ConversationId, &ConversationKey),
        (mut last, known): (OnDisk, Option<EventId>),
        here: &mut Vec<OnDisk>,
    ) -> rusqlite::Result<()> {
        loop {
            let next = self.away.next_unknown(id, last, known, STEP)?;
            let Some(end) = next.last().copied() else { return Ok(()) };
            for (event, arrived) in records::from_disk(db, &next)? {
                self.arrives_again(db, (id, key), arrived)?;
                here.extend(Some(event).filter(|event| !self.stays_on_disk(id, event.id)));
            }
            last = end;
        }
    }

    /// The last of the events that wait on disk, where some do.
    fn waits_on_disk(&mut self, id: ConversationId, last: Option<OnDisk>) {
        let entry = self.entries.get_mut(&id).expect("it was loaded");
        // What could not be written yet is the last.
        if entry.to_place.is_empty() {
            entry.conversation.waits_on_disk(last);
            self.follow_agenda(id);
        }
    }

    /// Whether the event that has just arrived waits on disk.
    fn stays_on_disk(&self, id: ConversationId, event: EventId) -> bool {
        self.entries[&id].conversation.last_on_disk().is_some_and(|last| last.id == event)
    }

    fn arrives_again(
        &mut self,
        db: &Connection,
        (id, key): (ConversationId, &ConversationKey),
        Arrived { kept, row, steps }: Arrived,
    ) -> rusqlite::Result<()> {
        let now = self.began.at;
        let Some(envelope) = kept.envelope(key) else {
            // What cannot be read as an event any more is a handler's to fail on.
            return self.at(db, id, now, |one, _| one.stands_unread(kept, row, steps));
        };
        self.arrived(db, (id, key), &kept, &envelope)?;
        match row {
            Some(row) => self.at(db, id, now, |one, _| one.stands_again(&kept, row, steps)),
            None => Ok(()),
        }
    }
}
