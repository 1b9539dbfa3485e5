//! Connections to the file, and what a file is found to hold.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::{self, Error as Failure};
use rusqlite::{Connection, MAIN_DB};

use crate::store::OpenError;

const STATEMENTS: usize = 128;

/// How long a statement waits for another program that has the file: short enough to answer Meta within its five seconds.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(1);

/// A connection that reads.
pub(in crate::store) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "cache_size", -2_048)?;
    Ok(db)
}

pub(in crate::store) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    configure(&db)?;
    Ok(db)
}

/// Makes SQLite keep a write-ahead log for the file: what it is told once holds for every connection. It may decline without an
/// error, and a commit would then wait for every reader.
pub(in crate::store) fn keep_log(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode.map_err(|source| OpenError::of(path, source))? {
        mode if mode == "wal" => Ok(()),
        mode => Err(OpenError::NoLog { path: path.to_owned(), mode }),
    }
}

/// The settings that were measured to be right: a small page cache (a large one is searched at each commit), a flush at each
/// commit, and no checkpoint inside one.
pub(in crate::store) fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -8_192)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Else every statement that a partial index might serve is prepared anew at each call, in case the values matter.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.busy_timeout(PATIENCE)
}

/// Lets a connection end without a last write: the files at the store's path are not the ones that it has open.
pub(in crate::store) fn leave(db: &Connection) {
    let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// What a file holds.
#[derive(Clone, Copy)]
pub(in crate::store) enum Found {
    Nothing,
    Schema(i64),
    SomethingElse,
}

/// Looks without a write. SQLite opens a file that it may not write all the same; a server that cannot keep anything is none.
pub(in crate::store) fn look_at(db: &Connection) -> rusqlite::Result<Found> {
    // First of all: a read would leave files beside it, just as unwritable, for the next start to stumble over.
    if db.is_readonly(MAIN_DB)? {
        return Err(rusqlite::Error::SqliteFailure(Failure::new(ffi::SQLITE_READONLY), None));
    }
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let (tables, ours): (i64, i64) = db.query_row(
        "SELECT count(*), count(*) FILTER (WHERE name IN ('store', 'conversation', 'event', 'send')) FROM sqlite_schema",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(match version {
        0 if tables == 0 => Found::Nothing,
        1.. if ours == 4 => Found::Schema(version),
        _ => Found::SomethingElse,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_a_log_is_no_store() {
        let (db, path) = (Connection::open_in_memory().expect("a database"), Path::new("x.db"));
        let refused = keep_log(&db, path).expect_err("a database in memory has no log").to_string();
        assert!(refused.contains("x.db") && refused.contains("\"memory\""), "{refused}");
    }
}
