//! The tables, and up to where they hold only what stands in `aside`.

use rusqlite::Connection;

use crate::id::{EventId, SendId};

/// Up to where the tables hold only what stands in `aside`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) low_event: EventId,
    pub(crate) low_send: SendId,
}

impl Marks {
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Marks> {
        db.query_row("SELECT low_event, low_send FROM store", [], |row| {
            Ok(Marks { low_event: EventId(row.get(0)?), low_send: SendId(row.get(1)?) })
        })
    }
}

/// Makes the tables.
pub(crate) fn make(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(include_str!("schema.sql"))?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    db.execute("INSERT INTO store (name) VALUES (?1)", [&name[..12]]).map(drop)
}
