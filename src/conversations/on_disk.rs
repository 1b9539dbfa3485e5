//! Long queues: their first events are in memory, and the others come from disk as these end.

use std::time::Duration;

use rusqlite::Connection;

use super::live::Live;
use crate::clock::Timestamp;
use crate::conversation::live::{Changes, ConversationId};
use crate::store::records;

/// After so long it is tried again to have the next events from disk.
const AGAIN: Duration = Duration::from_millis(100);

impl Live {
    /// Events of this conversation are to wait on disk.
    pub(super) fn let_wait_on_disk(&mut self, id: ConversationId, changes: &Changes) -> rusqlite::Result<()> {
        let Changes { to_disk, items_on_disk, .. } = changes;
        if to_disk.is_empty() && items_on_disk.is_empty() {
            return Ok(());
        }
        let number = self.number() + 1;
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        // What is known of them beside that they arrived is on disk with this happening.
        entry.to_disk = number;
        to_disk.iter().try_for_each(|event| self.away.stays_on_disk(id, &entry.key.account, event))
    }

    /// Has the next events from disk, where few are left in memory. Returns when it is to be tried again, where there are some that
    /// cannot come yet: what has happened to them up to the number `kept` is on disk.
    pub(super) fn have_from_disk(&mut self, db: &Connection, now: Timestamp, kept: u64) -> Option<Timestamp> {
        for id in std::mem::take(&mut self.short) {
            match self.next_from_disk(db, id, now, kept) {
                Ok(true) => {}
                Ok(false) => drop(self.short.insert(id)),
                Err(error) => {
                    self.short.insert(id);
                    if let Some(times) = self.failures.times() {
                        tracing::error!(%error, times, "the next events of a long queue cannot be read yet");
                    }
                }
            }
        }
        (!self.short.is_empty()).then(|| now + AGAIN)
    }

    /// The events of a conversation in memory that wait on disk.
    #[cfg(test)]
    pub(crate) fn on_disk(&self, id: ConversationId) -> rusqlite::Result<Vec<crate::conversation::live::OnDisk>> {
        self.away.next_on_disk(id, usize::MAX)
    }

    /// False where they cannot come yet.
    fn next_from_disk(
        &mut self,
        db: &Connection,
        id: ConversationId,
        now: Timestamp,
        kept: u64,
    ) -> rusqlite::Result<bool> {
        let Some(entry) = self.entries.get(&id) else { return Ok(true) };
        let Some(room) = entry.conversation.room_for_those_on_disk() else { return Ok(true) };
        if entry.to_disk > kept {
            return Ok(false);
        }
        let account = entry.key.account.clone();
        let mut next = self.away.next_on_disk(id, room + 1)?;
        let are_last = next.len() <= room;
        next.truncate(room);
        let events = records::from_disk(db, &next)?;
        self.away.came_from_disk(id, &account, &next)?;
        self.at(db, id, now, |one, _| one.come_from_disk(events, are_last, now))?;
        Ok(true)
    }
}
