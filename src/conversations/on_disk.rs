//! Long queues: their first events are in memory, and the others come from disk as these end.

use std::time::Duration;

use rusqlite::Connection;

use super::live::{Entry, Live};
use crate::clock::Timestamp;
use crate::conversation::live::{ConversationId, QueuedEvent};
use crate::store::records::{self, Away};

/// After so long it is tried again to have the next events from disk.
const AGAIN: Duration = Duration::from_millis(100);

impl Live {
    /// Events of this conversation are to wait on disk. Where that fails, they are placed there later, before any other comes from it.
    pub(super) fn let_wait_on_disk(&mut self, id: ConversationId, events: Vec<QueuedEvent>) {
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        entry.to_place.extend(events);
        if let Err(error) = place(&mut self.away, id, entry)
            && let Some(times) = self.failures.times()
        {
            tracing::error!(%error, times, "the rest of a long queue cannot be written beside the store yet");
        }
    }

    /// Has the next events from disk, where few are left in memory. What has happened to them must be on disk, up to the number `kept`.
    pub(super) fn have_from_disk(&mut self, db: &Connection, now: Timestamp, kept: u64) {
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
    }

    /// When it is tried again, where some cannot come yet.
    pub(super) fn again_at(&self, now: Timestamp) -> Option<Timestamp> {
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
        let Some(entry) = self.entries.get_mut(&id) else { return Ok(true) };
        let Some(room) = entry.conversation.room_for_those_on_disk() else { return Ok(true) };
        if entry.noted_on_disk > kept {
            return Ok(false);
        }
        place(&mut self.away, id, entry)?;
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

/// Writes what is to wait on disk.
fn place(away: &mut Away, id: ConversationId, entry: &mut Entry) -> rusqlite::Result<()> {
    while let Some(event) = entry.to_place.first() {
        away.stays_on_disk(id, &entry.key.account, event)?;
        entry.to_place.remove(0);
    }
    Ok(())
}
