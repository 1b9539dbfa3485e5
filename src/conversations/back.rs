//! A conversation comes back that was not in memory: where a process that died left it behind, it is sorted out.

use rusqlite::Connection;

use super::live::Live;
use crate::conversation::live::{Arrived, ConversationId, ConversationKey, FromDisk, OnDisk};
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
        let events = back.events.iter().map(|event| event.id).chain(back.parked.iter().copied());
        let mut events: Vec<_> = events.collect();
        events.sort_unstable();
        let later = self.load(db, id, key, &events)?;
        let is_back = self.arrive_again(db, (id, key), later, back).and_then(|here| self.away.remove(id, &here));
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
            if let Some(last) = self.away.last_known(id, last.place, known)? {
                self.entries.get_mut(&id).expect("it was loaded").conversation.waits_on_disk(last);
            }
        }
        let mut here = back.events.clone();
        here.retain(|event| later.iter().all(|arrived| arrived.kept.id != event.id));
        // Echoes that were waiting to be recognised come in their turn.
        later.retain(|arrived| last.is_none_or(|last| arrived.kept.id <= last.id));
        later.sort_by_key(|arrived| arrived.kept.id);
        for arrived in later {
            let event = back.events.iter().find(|event| event.id == arrived.kept.id).copied();
            self.arrives_again(db, (id, key), arrived)?;
            here.extend(event.filter(|event| !self.stays_on_disk(id, event.id)));
        }
        if let Some(last) = last.filter(|_| back.is_unseen) {
            let last = OnDisk { id: last.id.max(known.unwrap_or(last.id)), ..last };
            self.rest_arrives_again(db, (id, key), last, &mut here)?;
        }
        Ok(here)
    }

    /// The same for those behind the first, a little at a time.
    fn rest_arrives_again(
        &mut self,
        db: &Connection,
        (id, key): (ConversationId, &ConversationKey),
        mut last: OnDisk,
        here: &mut Vec<OnDisk>,
    ) -> rusqlite::Result<()> {
        loop {
            let next = self.away.next_unknown(id, last, STEP)?;
            let Some(end) = next.last().copied() else { return Ok(()) };
            for FromDisk { place, kept, row, steps } in records::from_disk(db, &next)? {
                let event = OnDisk { id: kept.id, place };
                self.arrives_again(db, (id, key), Arrived { kept, row, steps })?;
                here.extend(Some(event).filter(|event| !self.stays_on_disk(id, event.id)));
            }
            last = end;
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
