//! A conversation that was away comes back.

use rusqlite::OptionalExtension;

use super::away::{Away, count_off};
use crate::conversation::live::{ConversationId, IN_MEMORY, OnDisk};
use crate::id::AccountId;

/// A conversation that comes back.
pub(crate) struct Back {
    /// The first of its events without an end.
    pub(crate) events: Vec<OnDisk>,
    /// Whether it has more of them.
    pub(crate) has_more: bool,
    /// Where a process that died left it behind: its echoes that wait to be recognised.
    pub(crate) parked: Vec<OnDisk>,
    /// Whether this process has not yet loaded it.
    pub(crate) is_unseen: bool,
}

impl Away {
    /// What is open in a conversation; none where it is not away.
    pub(crate) fn find(&self, id: ConversationId) -> rusqlite::Result<Option<Back>> {
        if self.is_empty() {
            return Ok(None);
        }
        let unseen = self
            .db
            .prepare_cached("SELECT unseen IS NOT NULL OR passed IS NOT NULL FROM conversation WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        let Some(is_unseen) = unseen else { return Ok(None) };
        let mut events = self.next_on_disk(id, IN_MEMORY + 1)?;
        let has_more = events.len() > IN_MEMORY;
        events.truncate(IN_MEMORY);
        let parked = if is_unseen { self.parked(id)? } else { Vec::new() };
        Ok(Some(Back { events, has_more, parked, is_unseen }))
    }

    /// A conversation cannot be loaded: others are loaded before it.
    pub(crate) fn pass_over(&mut self, id: ConversationId) -> rusqlite::Result<()> {
        let passed = self
            .db
            .prepare_cached("UPDATE conversation SET unseen = NULL, passed = 1 WHERE id = ?1 AND unseen IS NOT NULL")?
            .execute([id.0])?;
        self.unseen -= passed;
        Ok(())
    }

    /// A conversation has come back, with these of its events, and its echoes: the others wait on disk.
    pub(crate) fn remove(&mut self, id: ConversationId, events: &[OnDisk]) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        let sql = "DELETE FROM conversation WHERE id = ?1 RETURNING account, unseen IS NOT NULL, passed IS NOT NULL";
        let row = |row: &rusqlite::Row<'_>| Ok((AccountId::new(row.get::<_, String>(0)?), row.get(1)?, row.get(2)?));
        let (account, is_unseen, is_passed): (_, bool, bool) = self.db.prepare_cached(sql)?.query_row([id.0], row)?;
        let was_left_behind = is_unseen || is_passed;
        let mut events = self.take_events(id, events)?;
        if was_left_behind {
            events.extend(self.take_parked(id)?);
        }
        let mut sends = self.db.prepare_cached("DELETE FROM send WHERE conversation = ?1 RETURNING status")?;
        let sends = sends.query_map([id.0], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        transaction.commit()?;
        self.conversations -= 1;
        self.unseen -= usize::from(is_unseen);
        count_off(&mut self.events, &account, &events);
        count_off(&mut self.sends, &account, &sends);
        Ok(())
    }
}
