//! What a process left open.

use std::collections::HashMap;

use rusqlite::Connection;

use super::row::thread;
use super::tables::Marks;
use super::write::Aside;
use crate::conversation::live::{ConversationId, ConversationKey};
use crate::id::{AccountId, EventId, SendId};

/// The conversations that have something open, with the events of each that have no end, in the order of their ids.
pub(crate) type LeftOpen = HashMap<ConversationId, (ConversationKey, Vec<EventId>)>;

/// Finds what is open: from the low marks upwards, and what stands aside.
pub(crate) fn left_open(db: &Connection, marks: &Marks) -> rusqlite::Result<LeftOpen> {
    let mut open = LeftOpen::new();
    let (late_event, late_send) = (Aside::LateEvent as i64, Aside::LateSend as i64);
    let mut statement = db.prepare(
        "SELECT event.id, conversation, account, thread, ifnull(name, ifnull(person, '')) FROM event LEFT JOIN event_state USING (id)
         WHERE (event.id >= ?1 OR event.id IN (SELECT id FROM aside WHERE kind = ?2))
           AND ifnull(event_state.status, event.status) IN (0, 1, 2, 6) ORDER BY event.id",
    )?;
    let mut rows = statement.query([marks.low_event.0, late_event])?;
    while let Some(row) = rows.next()? {
        let (id, key) = (ConversationId(row.get(1)?), key(row, 2)?);
        open.entry(id).or_insert_with(|| (key, Vec::new())).1.push(EventId(row.get(0)?));
    }
    let mut statement = db.prepare(
        "SELECT send.id, conversation, account, thread, name FROM send_state JOIN send USING (id)
         WHERE (send_state.id >= ?1 OR send_state.id IN (SELECT id FROM aside WHERE kind = ?2)) AND status < 4",
    )?;
    let mut rows = statement.query([marks.low_send.0, late_send])?;
    while let Some(row) = rows.next()? {
        let (id, key) = (ConversationId(row.get(1)?), key(row, 2)?);
        open.entry(id).or_insert_with(|| (key, Vec::new()));
    }
    Ok(open)
}

fn key(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<ConversationKey> {
    let (account, of) = (AccountId::new(row.get::<_, String>(first)?), thread(row.get(first + 1)?)?);
    Ok(ConversationKey { account, thread: of, name: row.get(first + 2)? })
}

/// The highest ids that were given, and the highest number of an image.
pub(crate) fn last_ids(db: &Connection) -> rusqlite::Result<(EventId, SendId, i64)> {
    db.query_row(
        "SELECT max(next_event - 1, ifnull((SELECT max(id) FROM event), 0)),
                max(next_send - 1, ifnull((SELECT max(id) FROM send), 0)), ifnull((SELECT max(number) FROM image), 0) FROM store",
        [],
        |row| Ok((EventId(row.get(0)?), SendId(row.get(1)?), row.get(2)?)),
    )
}

/// The images that are not in `conversation` yet: the last of each conversation.
pub(crate) fn images(db: &Connection) -> rusqlite::Result<HashMap<ConversationId, i64>> {
    let mut statement = db.prepare("SELECT conversation, max(number) FROM image GROUP BY conversation")?;
    let rows = statement.query_map([], |row| Ok((ConversationId(row.get(0)?), row.get(1)?)))?;
    rows.collect()
}
