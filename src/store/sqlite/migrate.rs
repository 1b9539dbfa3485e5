//! A store that an older release made becomes one of this release when it is opened.
//!
//! One step leads from each version to the next, all in one transaction with the number of the schema: whatever ends it half way
//! leaves the store as it was. A step knows the tables as they were, by statements of its own, and is not changed when the
//! tables change again; what it reads of an event it reads as the rest of the store does. It walks the rows one at a time: a store may be larger than the memory.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::event::{self, Envelope, Key, Kind, Origin, Piece};
use crate::id::{AccountId, PersonId, Thread};
use crate::message::Request;

type Migration = fn(&Connection) -> rusqlite::Result<()>;

/// What makes a store of each version, from 1, one of the next.
const STEPS: &[Migration] = &[to_2, to_3, to_4, to_5];

/// Brings a store of schema `found` to schema 5, inside the transaction that goes on from there.
pub(in crate::store) fn migrate_to_5(db: &Connection, path: &Path, found: i64) -> rusqlite::Result<()> {
    for (version, step) in (1..).zip(STEPS).filter(|(version, _)| *version >= found) {
        tracing::warn!(store = %path.display(), "the store is brought from schema {version} to {}", version + 1);
        step(db)?;
    }
    Ok(())
}

fn to_2(db: &Connection) -> rusqlite::Result<()> {
    // One build wrote the tables of 2 while it still called them 1.
    let is_there = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('conversation') WHERE name = 'thread')";
    if db.query_row(is_there, [], |row| row.get(0))? {
        return Ok(());
    }
    place_conversations(db)?;
    db.execute_batch(include_str!("migrations/2.sql"))?;
    remember_by_new_keys(db)
}

fn to_3(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(include_str!("migrations/3.sql"))
}

fn to_4(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(include_str!("migrations/4.sql"))
}

fn to_5(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(include_str!("migrations/5.sql"))
}

/// Finds out the thread of each conversation of schema 1, and from it the new id.
fn place_conversations(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE place (former INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, thread INTEGER NOT NULL)",
    )?;
    let mut place = db.prepare("INSERT OR IGNORE INTO place (former, id, thread) VALUES (?1, ?2, ?3)")?;
    let mut statement = db.prepare("SELECT id, account, person, last_event, last_send FROM conversation")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (former, account, person): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let thread = if person.is_empty() {
            Thread::Chat
        } else if is_sent_to_user_ref(db, row.get(4)?)? {
            Thread::UserRef
        } else {
            thread_of_events(db, &account, &person, row.get(3)?)?
        };
        let mut id = hash(&account, thread, &person);
        // The later of two under one hash lives next door, as when it is made.
        while place.execute(params![former, id, thread as i64])? == 0 {
            id = id.wrapping_add(1);
        }
    }
    Ok(())
}

/// Where a conversation was looked for first, from schema 2 to 5.
fn hash(account: &str, thread: Thread, person: &str) -> i64 {
    let mut hasher = Sha256::new();
    hasher.update(account.as_bytes());
    hasher.update([0, thread as u8]);
    hasher.update(person.as_bytes());
    let digest = hasher.finalize();
    i64::from_le_bytes(std::array::from_fn(|byte| digest[byte]))
}

fn is_sent_to_user_ref(db: &Connection, last_send: Option<i64>) -> rusqlite::Result<bool> {
    let request: Option<String> = db
        .prepare_cached("SELECT request FROM send WHERE id = ?1")?
        .query_row([last_send], |row| row.get(0))
        .optional()?;
    let request = request.and_then(|request| serde_json::from_str::<Request>(&request).ok());
    Ok(request.is_some_and(|request| request.recipient.thread() == Thread::UserRef))
}

/// What the newest event that tells who somebody is calls them. Where none is kept any more, no window is open either.
fn thread_of_events(db: &Connection, account: &str, person: &str, last_event: Option<i64>) -> rusqlite::Result<Thread> {
    let mut statement = db.prepare_cached("SELECT kind, raw, previous FROM event WHERE id = ?1")?;
    let origin = Origin { account: AccountId::new(account), standby: false, time: None, list: None };
    let mut next = last_event;
    while let Some(id) = next {
        let row: Option<(String, Vec<u8>, Option<i64>)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((kind, raw, previous)) = row else { break };
        let read = serde_json::from_slice(&raw).ok().and_then(|raw| Envelope::read(&origin, raw));
        let named = read.filter(|read| read.person.as_ref().map(PersonId::as_str) == Some(person));
        if let Some(envelope) = named.filter(|_| kind != Kind::Outcome.as_str()) {
            return Ok(envelope.thread);
        }
        next = previous;
    }
    Ok(Thread::Chat)
}

/// Schema 2 came with other keys for some of what schema 1 called `other`, for echoes that were taken back and for what cannot
/// be read. What is still kept of these is remembered under its new key as well, so that it is known when it comes again.
fn remember_by_new_keys(db: &Connection) -> rusqlite::Result<()> {
    let mut statement = db.prepare(
        "SELECT account, standby, received_at, piece, raw FROM event WHERE kind IN ('other', 'echo') ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let standby: bool = row.get(1)?;
        let account: Option<String> = row.get(0)?;
        let origin =
            account.map(|account| Origin { account: AccountId::new(account), standby, time: None, list: None });
        let quarantined = row.get::<_, Option<String>>(3)?.as_deref().and_then(Piece::named);
        let raw: Vec<u8> = row.get(4)?;
        for read in event::read_piece(quarantined.unwrap_or(Piece::Item), origin.as_ref(), &raw) {
            match read {
                // What could not be read and now can is new when it comes again.
                Ok(_) if quarantined.is_some() => {}
                Ok(envelope) => remember(db, &envelope.key, standby, Timestamp(row.get(2)?))?,
                Err(unreadable) => remember(db, &unreadable.key, false, Timestamp(row.get(2)?))?,
            }
        }
    }
    Ok(())
}

fn remember(db: &Connection, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<()> {
    match key.time {
        Some(time) => db
            .prepare_cached("INSERT OR IGNORE INTO seen (time, hash, standby, received_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![time.0, key.hash, standby, received_at.0]),
        None => db
            .prepare_cached("INSERT OR IGNORE INTO seen_untimed (hash, standby, received_at) VALUES (?1, ?2, ?3)")?
            .execute(params![key.hash, standby, received_at.0]),
    }
    .map(drop)
}
