//! Forgetting, a little at a time, at the tables' left edge.

use rusqlite::{Connection, OptionalExtension, params};

use super::work::Work;
use crate::clock::Timestamp;
use crate::store::KeepSince;

/// The most rows of each table that one step deletes: it shares its transaction with the intake.
const STEP: usize = 200;

/// The ids below which rows are old. Ids grow with time, so one look, beside the writer, is enough for a round of steps.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Bounds {
    events: i64,
    dead: i64,
    sends: i64,
    keep: KeepSince,
}

pub(in crate::store) fn bounds(db: &Connection, keep: KeepSince) -> rusqlite::Result<Bounds> {
    Ok(Bounds {
        events: first_since(db, "event", "received_at", keep.events)?,
        dead: first_since(db, "event", "received_at", keep.keys)?,
        sends: first_since(db, "send", "at", keep.events)?,
        keep,
    })
}

/// The id of the first row that is young enough to stay.
fn first_since(db: &Connection, table: &str, time: &str, since: Timestamp) -> rusqlite::Result<i64> {
    let sql = format!("SELECT id FROM {table} WHERE {time} >= ?1 ORDER BY id LIMIT 1");
    let first = db.prepare_cached(&sql)?.query_row([since.0], |row| row.get(0)).optional()?;
    match first {
        Some(first) => Ok(first),
        // All there is today is old; what comes meanwhile is not.
        None => db.query_row(&format!("SELECT ifnull(max(id), 0) + 1 FROM {table}"), [], |row| row.get(0)),
    }
}

/// Deletes a little of each table. True when there is more.
pub(in crate::store) fn step(work: &mut Work<'_>, bounds: &Bounds) -> rusqlite::Result<bool> {
    work.db
        .prepare_cached(
            "UPDATE store SET last_event = max(last_event, ifnull((SELECT max(id) FROM event), 0)),
                              last_send = max(last_send, ifnull((SELECT max(id) FROM send), 0))",
        )?
        .execute([])?;
    let mut more = false;
    let mut delete = |sql: &str, bound: i64| -> rusqlite::Result<()> {
        more |= work.db.prepare_cached(sql)?.execute(params![bound, STEP])? == STEP;
        Ok(())
    };
    delete(EVENTS, bounds.events)?;
    delete(DEAD, bounds.dead)?;
    delete(QUARANTINED, bounds.dead)?;
    delete(SENDS, bounds.sends)?;
    delete(KEYS, bounds.keep.keys.0)?;
    delete(UNTIMED_KEYS, bounds.keep.keys.0)?;
    delete(POSTED, bounds.keep.events.0)?;
    // No earlier than the keys: a comment that comes again must not be new.
    delete(GIVEN, bounds.keep.keys.0)?;
    Ok(more)
}

const EVENTS: &str =
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ?1 AND status = 3 ORDER BY id LIMIT ?2)";
const DEAD: &str =
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ?1 AND status = 4 ORDER BY id LIMIT ?2)";
const QUARANTINED: &str =
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ?1 AND status = 5 ORDER BY id LIMIT ?2)";
const SENDS: &str =
    "DELETE FROM send WHERE id IN (SELECT id FROM send WHERE id < ?1 AND status IN (4, 5, 6) ORDER BY id LIMIT ?2)";
const KEYS: &str = "DELETE FROM seen WHERE (time, hash) IN
    (SELECT time, hash FROM seen WHERE time < ?1 AND received_at < ?1 ORDER BY time, hash LIMIT ?2)";
const UNTIMED_KEYS: &str = "DELETE FROM seen_untimed WHERE hash IN
    (SELECT hash FROM seen_untimed WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)";
const GIVEN: &str = "DELETE FROM given WHERE (account, kind, hash) IN
    (SELECT account, kind, hash FROM given WHERE forget_at < ?1 ORDER BY forget_at LIMIT ?2)";
const POSTED: &str = "DELETE FROM posted WHERE (account, key) IN
    (SELECT account, key FROM posted WHERE at < ?1 ORDER BY at LIMIT ?2)";
