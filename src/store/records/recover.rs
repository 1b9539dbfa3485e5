//! What a process left open.

use hashbrown::HashMap;
use rusqlite::Connection;

use super::row::{no, thread};
use super::tables::Marks;
use super::write::Aside;
use crate::clock::Timestamp;
use crate::conversation::SendStatus;
use crate::conversation::live::{ConversationId, ConversationKey};
use crate::id::{AccountId, EventId, SendId};

/// Something that is open.
pub(crate) struct LeftOpen {
    pub(crate) id: ConversationId,
    pub(crate) key: ConversationKey,
    pub(crate) what: Open,
}

pub(crate) enum Open {
    /// An event without an end, and when it arrived.
    Event(EventId, Timestamp),
    Send(SendId, SendStatus),
}

/// Finds what is open: from the low marks upwards, and what stands aside. Events first; both in the order of their conversations and of
/// their ids.
pub(crate) fn left_open(
    db: &Connection,
    mut found: impl FnMut(LeftOpen) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let marks = Marks::read(db)?;
    let (late_event, late_send) = (Aside::LateEvent as i64, Aside::LateSend as i64);
    let mut statement = db.prepare(
        "SELECT event.id, conversation, account, thread, ifnull(name, ifnull(person, '')), received_at
         FROM event LEFT JOIN event_state USING (id)
         WHERE (event.id >= ?1 OR event.id IN (SELECT id FROM aside WHERE kind = ?2))
           AND ifnull(event_state.status, event.status) IN (0, 1, 2, 6) ORDER BY conversation, event.id",
    )?;
    let mut rows = statement.query([marks.low_event.0, late_event])?;
    while let Some(row) = rows.next()? {
        let what = Open::Event(EventId(row.get(0)?), Timestamp(row.get(5)?));
        found(LeftOpen { id: ConversationId(row.get(1)?), key: key(row, 2)?, what })?;
    }
    let mut statement = db.prepare(
        "SELECT send.id, conversation, account, thread, name, status FROM send_state JOIN send USING (id)
         WHERE (send_state.id >= ?1 OR send_state.id IN (SELECT id FROM aside WHERE kind = ?2)) AND status < 4
         ORDER BY conversation, send.id",
    )?;
    let mut rows = statement.query([marks.low_send.0, late_send])?;
    while let Some(row) = rows.next()? {
        let number = row.get(5)?;
        let status = SendStatus::from_number(number).ok_or_else(|| no("a send's status", number))?;
        let what = Open::Send(SendId(row.get(0)?), status);
        found(LeftOpen { id: ConversationId(row.get(1)?), key: key(row, 2)?, what })?;
    }
    Ok(())
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
    let mut statement = db.prepare("SELECT conversation, number FROM image ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((ConversationId(row.get(0)?), row.get(1)?)))?;
    rows.collect()
}
