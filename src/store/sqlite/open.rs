//! Opening the file: hold, pragmas, schema, migration, recovery.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::{self, Error as Failure};
use rusqlite::{Connection, MAIN_DB};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Sqlite;
use super::ledger;
use super::lock::Lock;
use super::migrate::migrate;
use super::recover::recover;
use super::set_back;
use super::watch::Watch;
use super::work::{Woke, Work};
use super::writer::{Workshop, Writer};
use crate::clock::Timestamp;
use crate::conversation::{Identity, StoreIdentity};
use crate::settings;
use crate::store::OpenError;
use crate::store::wakes::Wakes;
use crate::telemetry::Seldom;

/// Goes up with every change of `schema.sql`, by a step of [`migrate`].
pub(super) const SCHEMA: i64 = 5;
const STATEMENTS: usize = 128;

/// How long a statement waits for somebody else who has the file: short enough to answer Meta within its five seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// An open store and what was read from it.
pub(in crate::store) struct Opened {
    pub(in crate::store) sqlite: Sqlite,
    pub(in crate::store) own: Arc<StoreIdentity>,
    pub(in crate::store) last_send: i64,
}

pub(in crate::store) async fn open(
    settings: &settings::Store,
    ours: Identity,
    now: Timestamp,
    wakes: Arc<Wakes>,
) -> Result<Opened, OpenError> {
    let lock = Lock::take(&settings.path).await?;
    let settings = settings.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let path = settings.path.as_path();
        let db = connect_and_prepare(path, &lock)?;
        let failed = |source| OpenError::of(path, source);
        let (db, own, ids) = prepare(db, ours, now).map_err(failed)?;
        let watch = Watch::begin(lock, path, &db).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        start(db, own, ids, &settings, wakes, Arc::new(watch)).map_err(failed)
    });
    opening.await.expect("opening the store does not panic")
}

/// The newest ids that were given.
struct Ids {
    event: i64,
    send: i64,
}

/// Recovers what the last process left behind.
fn prepare(
    mut db: Connection,
    ours: Identity,
    now: Timestamp,
) -> rusqlite::Result<(Connection, Arc<StoreIdentity>, Ids)> {
    let transaction = db.transaction()?;
    // Where nothing is left to recover, nothing else would tell now that the log beside the file cannot be written.
    transaction.execute("UPDATE store SET name = name", [])?;
    let (name, mut event, send): (String, i64, i64) = transaction.query_row(
        "SELECT name, max(last_event, ifnull((SELECT max(id) FROM event), 0)),
                max(last_send, ifnull((SELECT max(id) FROM send), 0)) FROM store",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    for account in &ours.accounts {
        ledger::know(&transaction, account.as_str())?;
    }
    let own = Arc::new(StoreIdentity::new(&name, ours));
    let mut work = Work { db: &transaction, own: &own, last_event: &mut event, woke: Woke::default() };
    set_back::found(&mut work, own.longest_wait(), now)?;
    recover(&mut work, now)?;
    transaction.commit()?;
    Ok((db, own, Ids { event, send }))
}

/// Starts the writer.
fn start(
    db: Connection,
    own: Arc<StoreIdentity>,
    ids: Ids,
    settings: &settings::Store,
    wakes: Arc<Wakes>,
    watch: Arc<Watch>,
) -> rusqlite::Result<Opened> {
    let path = settings.path.as_path();
    let (reader, counter) = (connect_to_read(path)?, connect_to_read(path)?);
    let (jobs, queue) = mpsc::channel(settings.queue);
    let ended = CancellationToken::new();
    let shop = Workshop {
        db,
        own: Arc::clone(&own),
        last_event: ids.event,
        batch: settings.batch,
        wakes,
        failures: Seldom::default(),
        watch: Arc::clone(&watch),
        ended: ended.clone().drop_guard(),
    };
    let sqlite = Sqlite {
        path: path.to_owned(),
        jobs: Mutex::new(Some(jobs)),
        reader: Arc::new(Mutex::new(reader)),
        counter: Arc::new(Mutex::new(counter)),
        counting: tokio::sync::Mutex::default(),
        writer: Mutex::new(Some(Writer::start(shop, path, queue)?)),
        ended,
        watch,
    };
    Ok(Opened { sqlite, own, last_send: ids.send })
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    configure(&db)?;
    Ok(db)
}

/// Makes SQLite keep a write-ahead log for the file: what it is told once holds for every connection. It may decline without an
/// error, and a commit would then wait for every reader.
fn keep_log(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode.map_err(|source| OpenError::of(path, source))? {
        mode if mode == "wal" => Ok(()),
        mode => Err(OpenError::NoLog { path: path.to_owned(), mode }),
    }
}

/// The settings that were measured to be right: a small page cache (a large one is searched at each commit), a flush at each
/// commit, and no checkpoint inside one.
fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Else every statement that a partial index might serve is prepared anew at each call, in case the values matter.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.busy_timeout(PATIENCE)
}

/// Opens the file, brings it forward, or makes a store of an empty one; never writes into one that is something else.
fn connect_and_prepare(path: &Path, lock: &Lock) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    lock.look_for_other_names(path)?;
    let mut db = Connection::open(path).map_err(failed)?;
    let found = look_at(&db).map_err(failed)?;
    match found {
        Found::Nothing | Found::Schema(..=SCHEMA) => {}
        Found::Schema(found) => return Err(OpenError::Newer { path: path.to_owned(), found, known: SCHEMA }),
        Found::SomethingElse => return Err(OpenError::NotAStore(path.to_owned())),
    }
    lock.close_to_others(path);
    keep_log(&db, path)?;
    configure(&db).map_err(failed)?;
    match found {
        Found::Nothing => make(&mut db).map_err(failed)?,
        Found::Schema(found) if found < SCHEMA => {
            let stays = |source| OpenError::NotMigrated { path: path.to_owned(), found, needed: SCHEMA, source };
            migrate(&mut db, path, found).map_err(stays)?;
        }
        _ => {}
    }
    Ok(db)
}

/// What a file holds.
#[derive(Clone, Copy)]
enum Found {
    Nothing,
    Schema(i64),
    SomethingElse,
}

/// Looks without a write. SQLite opens a file that it may not write all the same; a server that cannot keep anything is none.
fn look_at(db: &Connection) -> rusqlite::Result<Found> {
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

/// A database in memory, and its name.
#[cfg(test)]
pub(in crate::store) fn memory() -> rusqlite::Result<(Connection, String)> {
    let mut db = Connection::open_in_memory()?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    make(&mut db)?;
    let name = db.query_row("SELECT name FROM store", [], |row| row.get(0))?;
    Ok((db, name))
}

fn make(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    transaction.execute("INSERT INTO store (name) VALUES (?1)", [&name[..12]])?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
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
