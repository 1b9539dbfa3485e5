//! How values stand in rows.

use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::id::{EventId, SendId, Thread};

/// A value as bytes.
pub(super) fn packed(value: &impl Serialize) -> rusqlite::Result<Vec<u8>> {
    rmp_serde::to_vec(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The value that was kept as bytes.
pub(super) fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> rusqlite::Result<T> {
    rmp_serde::from_slice(bytes).map_err(|error| damaged(Type::Blob, error))
}

/// A row that does not say what it should.
pub(super) fn damaged(kind: Type, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
}

/// What a row says that it must not.
#[derive(Debug, thiserror::Error)]
#[error("{what} in the store is {found}, which is none")]
pub(super) struct Damaged {
    pub(super) what: &'static str,
    pub(super) found: i64,
}

pub(super) fn no(what: &'static str, found: i64) -> rusqlite::Error {
    damaged(Type::Integer, Damaged { what, found })
}

/// The ids in a JSON list.
pub(super) fn ids(list: &str) -> rusqlite::Result<Vec<SendId>> {
    let ids: Vec<i64> = serde_json::from_str(list).map_err(|error| damaged(Type::Text, error))?;
    Ok(ids.into_iter().map(SendId).collect())
}

/// A JSON list of ids.
pub(super) fn list(ids: &[SendId]) -> String {
    let numbers: Vec<_> = ids.iter().map(|id| id.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

pub(super) fn thread(number: i64) -> rusqlite::Result<Thread> {
    Thread::ALL.into_iter().find(|thread| *thread as i64 == number).ok_or_else(|| no("a thread", number))
}

/// Reads the columns of a row one after the other.
pub(super) struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl<'a, 'b> Columns<'a, 'b> {
    pub(super) fn of(row: &'a Row<'b>) -> Columns<'a, 'b> {
        Columns { row, next: 0 }
    }

    pub(super) fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    pub(super) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        self.get().map(Timestamp)
    }

    pub(super) fn maybe_time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    pub(super) fn maybe_event(&mut self) -> rusqlite::Result<Option<EventId>> {
        Ok(self.get::<Option<i64>>()?.map(EventId))
    }

    pub(super) fn maybe_send(&mut self) -> rusqlite::Result<Option<SendId>> {
        Ok(self.get::<Option<i64>>()?.map(SendId))
    }
}
