//! Long queues: the events that wait on disk behind those of their conversation that are in memory.

use rusqlite::{Connection, OptionalExtension, params};

use super::away::{Away, count_off};
use super::load::open_event;
use super::recover::OpenEvent;
use crate::conversation::EventStatus;
use crate::conversation::live::{Arrived, ConversationId, OnDisk, Place, QueuedEvent};
use crate::id::{AccountId, EventId};

impl Away {
    /// An event waits on disk. One that did already may have another place by now.
    pub(crate) fn stays_on_disk(
        &mut self,
        id: ConversationId,
        account: &AccountId,
        event: &QueuedEvent,
    ) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        let sql = "DELETE FROM event WHERE id = ?1 RETURNING status";
        let before = self.db.prepare_cached(sql)?.query_row([event.id.0], |row| row.get(0)).optional()?;
        self.add_event(&OpenEvent::of(event), id, account, EventStatus::Waiting, false)?;
        transaction.commit()?;
        count_off(&mut self.events, account, before.as_slice());
        self.count_event(account, EventStatus::Waiting);
        Ok(())
    }

    /// The first events of a conversation that are here, in the order of its queue.
    pub(crate) fn next_on_disk(&self, id: ConversationId, most: usize) -> rusqlite::Result<Vec<OnDisk>> {
        let sql = "SELECT id, behind, rank FROM event WHERE conversation = ?1 AND status != ?2
                   ORDER BY behind, rank, id LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let parked = EventStatus::Parked as i64;
        self.db.prepare_cached(sql)?.query_map(params![id.0, parked, most], on_disk)?.collect()
    }

    /// The last of them.
    pub(crate) fn last_on_disk(&self, id: ConversationId) -> rusqlite::Result<Option<OnDisk>> {
        let sql = "SELECT id, behind, rank FROM event WHERE conversation = ?1 ORDER BY behind DESC, rank DESC, id DESC LIMIT 1";
        self.db.prepare_cached(sql)?.query_row([id.0], on_disk).optional()
    }

    /// Its echoes that waited to be recognised when the process before died.
    pub(super) fn parked(&self, id: ConversationId) -> rusqlite::Result<Vec<OnDisk>> {
        let sql = "SELECT id, behind, rank FROM event WHERE conversation = ?1 AND status = ?2";
        self.db.prepare_cached(sql)?.query_map(params![id.0, EventStatus::Parked as i64], on_disk)?.collect()
    }

    /// Deletes those, and says their statuses. One that has come to the queue meanwhile stays.
    pub(super) fn take_parked(&self, id: ConversationId) -> rusqlite::Result<Vec<i64>> {
        let sql = "DELETE FROM event WHERE conversation = ?1 AND status = ?2 RETURNING status";
        let parked = params![id.0, EventStatus::Parked as i64];
        self.db.prepare_cached(sql)?.query_map(parked, |row| row.get(0))?.collect()
    }

    /// The last of its events behind `after` that the conversation knew when a process died: those up to the id `known`, and those that
    /// did not come from outside.
    pub(crate) fn last_known(
        &self,
        id: ConversationId,
        after: OnDisk,
        known: Option<EventId>,
    ) -> rusqlite::Result<Option<OnDisk>> {
        let sql = "SELECT id, behind, rank FROM event WHERE conversation = ?1 AND (behind, rank, id) > (?2, ?3, ?4)
                     AND status != ?5 AND (own OR id <= ?6) ORDER BY behind DESC, rank DESC, id DESC LIMIT 1";
        let OnDisk { id: event, place } = after;
        let (parked, known) = (EventStatus::Parked as i64, known.map_or(i64::MIN, |event| event.0));
        self.db
            .prepare_cached(sql)?
            .query_row(params![id.0, place.behind.0, place.rank, event.0, parked, known], on_disk)
            .optional()
    }

    /// The next events behind `after` that the conversation did not know, and that have not arrived again.
    pub(crate) fn next_unknown(
        &self,
        id: ConversationId,
        after: OnDisk,
        known: Option<EventId>,
        most: usize,
    ) -> rusqlite::Result<Vec<OnDisk>> {
        let sql = "SELECT id, behind, rank FROM event WHERE conversation = ?1 AND (behind, rank, id) > (?2, ?3, ?4)
                     AND left_open AND NOT own AND id > ?5 ORDER BY behind, rank, id LIMIT ?6";
        let OnDisk { id: event, place } = after;
        let known = known.map_or(i64::MIN, |event| event.0);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.db
            .prepare_cached(sql)?
            .query_map(params![id.0, place.behind.0, place.rank, event.0, known, most], on_disk)?
            .collect()
    }

    /// These events do not wait on disk any more.
    pub(crate) fn came_from_disk(
        &mut self,
        id: ConversationId,
        account: &AccountId,
        events: &[OnDisk],
    ) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        let statuses = self.take_events(id, events)?;
        transaction.commit()?;
        count_off(&mut self.events, account, &statuses);
        Ok(())
    }

    /// Deletes events, and says their statuses.
    pub(super) fn take_events(&self, id: ConversationId, events: &[OnDisk]) -> rusqlite::Result<Vec<i64>> {
        let sql =
            "DELETE FROM event WHERE conversation = ?1 AND behind = ?2 AND rank = ?3 AND id = ?4 RETURNING status";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut statuses = Vec::new();
        for OnDisk { id: event, place } in events {
            let place = params![id.0, place.behind.0, place.rank, event.0];
            statuses.extend(statement.query_row(place, |row| row.get::<_, i64>(0)).optional()?);
        }
        Ok(statuses)
    }

    /// The event that stands before this one in the queue of a conversation in memory: none where that is in memory itself. The outer
    /// `None`: the event does not wait on disk.
    pub(crate) fn before_on_disk(
        &self,
        id: ConversationId,
        event: EventId,
    ) -> rusqlite::Result<Option<Option<EventId>>> {
        let sql = "SELECT behind, rank, conversation FROM event WHERE id = ?1";
        let place = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let found = self.db.prepare_cached(sql)?.query_row([event.0], place).optional()?;
        let Some((behind, rank, _)) = found.filter(|(.., conversation)| *conversation == id.0) else { return Ok(None) };
        let sql = "SELECT id FROM event WHERE conversation = ?1 AND (behind, rank) < (?2, ?3)
                   ORDER BY behind DESC, rank DESC LIMIT 1";
        let before = self.db.prepare_cached(sql)?.query_row([id.0, behind, rank], |row| row.get(0).map(EventId));
        before.optional().map(Some)
    }
}

fn on_disk(row: &rusqlite::Row<'_>) -> rusqlite::Result<OnDisk> {
    Ok(OnDisk { id: EventId(row.get(0)?), place: Place { behind: EventId(row.get(1)?), rank: row.get(2)? } })
}

/// Reads events that waited on disk. One that has come to its end is left out.
pub(crate) fn from_disk(db: &Connection, events: &[OnDisk]) -> rusqlite::Result<Vec<(OnDisk, Arrived)>> {
    let mut found = Vec::new();
    for event in events {
        found.extend(open_event(db, event.id)?.map(|arrived| (*event, arrived)));
    }
    Ok(found)
}
