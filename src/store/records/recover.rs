//! What a process left open.

use hashbrown::HashMap;
use rusqlite::Connection;

use super::row::{no, thread};
use super::tables::Marks;
use super::write::Aside;
use crate::clock::Timestamp;
use crate::conversation::SendStatus;
use crate::conversation::live::{ConversationId, ConversationKey, Place, QueuedEvent};
use crate::event::Kind;
use crate::id::{AccountId, EventId, SendId};

/// Something that is open.
pub(crate) struct LeftOpen {
    pub(crate) id: ConversationId,
    pub(crate) key: ConversationKey,
    pub(crate) what: Open,
}

pub(crate) enum Open {
    Event(OpenEvent),
    Send(SendId, SendStatus),
}

/// An event without an end.
#[derive(Clone, Copy)]
pub(crate) struct OpenEvent {
    pub(crate) id: EventId,
    pub(crate) place: Place,
    pub(crate) received_at: Timestamp,
    /// Whether it tells of a send of ours: it did not arrive from outside.
    pub(crate) is_own: bool,
    /// Whether it is an echo that waits to be recognised.
    pub(crate) is_parked: bool,
}

impl OpenEvent {
    /// One that is known in memory.
    pub(super) fn of(event: &QueuedEvent) -> OpenEvent {
        let (id, place, received_at) = (event.id, event.place, event.item.received_at);
        OpenEvent { id, place, received_at, is_own: event.item.kind == Kind::Outcome, is_parked: false }
    }
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
        "SELECT event.id, conversation, account, thread, ifnull(name, ifnull(person, '')), received_at,
                ifnull(behind, event.id), ifnull(rank, 0), kind = 'outcome', ifnull(event_state.status, 0) = 6
         FROM event LEFT JOIN event_state USING (id)
         WHERE (event.id >= ?1 OR event.id IN (SELECT id FROM aside WHERE kind = ?2))
           AND ifnull(event_state.status, event.status) IN (0, 1, 2, 6) ORDER BY conversation, event.id",
    )?;
    let mut rows = statement.query([marks.low_event.0, late_event])?;
    while let Some(row) = rows.next()? {
        let event = OpenEvent {
            id: EventId(row.get(0)?),
            place: Place { behind: EventId(row.get(6)?), rank: row.get(7)? },
            received_at: Timestamp(row.get(5)?),
            is_own: row.get(8)?,
            is_parked: row.get(9)?,
        };
        found(LeftOpen { id: ConversationId(row.get(1)?), key: key(row, 2)?, what: Open::Event(event) })?;
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
