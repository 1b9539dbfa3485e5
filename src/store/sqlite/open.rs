//! Opening the file: hold, pragmas, schema, recovery.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::mpsc;

use super::Sqlite;
use super::lock::Lock;
use super::recover::recover;
use super::work::{Woke, Work};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::settings;
use crate::store::OpenError;
use crate::store::wakes::Wakes;

const SCHEMA: i64 = 1;
const STATEMENTS: usize = 64;

/// How long a statement waits for somebody else who has the file: short enough to answer Meta within its five seconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// An open store and what was read from it.
pub(in crate::store) struct Opened {
    pub(in crate::store) sqlite: Sqlite,
    pub(in crate::store) name: String,
    pub(in crate::store) last_send: i64,
}

pub(in crate::store) async fn open(
    settings: &settings::Store,
    now: Timestamp,
    wakes: Arc<Wakes>,
) -> Result<Opened, OpenError> {
    let lock = Lock::take(&settings.path).await?;
    let settings = settings.clone();
    let opening = tokio::task::spawn_blocking(move || open_locked(&settings, now, wakes, lock));
    opening.await.expect("opening the store does not panic")
}

fn open_locked(settings: &settings::Store, now: Timestamp, wakes: Arc<Wakes>, lock: Lock) -> Result<Opened, OpenError> {
    let path = settings.path.as_path();
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    if !path.exists() {
        tracing::warn!(path = %path.display(), "there is no store yet: a new one is made");
    }
    let mut db = connect(path).map_err(unreadable)?;
    prepare(&mut db, path)?;
    let transaction = db.transaction().map_err(unreadable)?;
    recover(&mut Work { db: &transaction, woke: Woke::default() }, now).map_err(unreadable)?;
    let name = transaction.query_row("SELECT name FROM store", [], |row| row.get(0)).map_err(unreadable)?;
    let last_send = transaction
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'send'", [], |row| row.get(0))
        .optional()
        .map_err(unreadable)?
        .unwrap_or(0);
    transaction.commit().map_err(unreadable)?;

    let reader = connect(path).map_err(unreadable)?;
    reader.pragma_update(None, "query_only", true).map_err(unreadable)?;
    let (jobs, queue) = mpsc::channel(settings.queue);
    let writer = Writer::start(db, path, settings.batch, wakes, queue).map_err(unreadable)?;
    let sqlite = Sqlite {
        path: path.to_owned(),
        jobs: Mutex::new(Some(jobs)),
        reader: Arc::new(Mutex::new(reader)),
        writer: Mutex::new(Some(writer)),
        _lock: lock,
    };
    Ok(Opened { sqlite, name, last_send })
}

/// A connection with the settings that were measured to be right: a small page cache (a large one is searched at each
/// commit), a flush at each commit, and no checkpoint inside one.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.busy_timeout(PATIENCE)?;
    Ok(db)
}

fn prepare(db: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unreadable)?;
    if found > SCHEMA {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: SCHEMA });
    }
    if found == 0 {
        let transaction = db.transaction().map_err(unreadable)?;
        transaction.execute_batch(include_str!("schema.sql")).map_err(unreadable)?;
        let name = uuid::Uuid::new_v4().simple().to_string();
        transaction.execute("INSERT INTO store (name) VALUES (?1)", [&name[..12]]).map_err(unreadable)?;
        transaction.pragma_update(None, "user_version", SCHEMA).map_err(unreadable)?;
        transaction.commit().map_err(unreadable)?;
    }
    Ok(())
}
