//! What stays open for long is set aside, and what has outlived its time is deleted, a little at a time at the tables' left edges.

use rusqlite::{Connection, OptionalExtension, params};

use super::tables::Marks;
use super::write::Aside;
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::store::KeepSince;

/// The most rows of each table that one step deletes: it shares its transaction with the intake.
const STEP: i64 = 200;

/// Up to which ids rows are old. Looked for once for a round of steps, beside the writer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// What is open below these is set aside.
    low: Marks,
    events: i64,
    sends: i64,
    keep: KeepSince,
    dead: i64,
}

/// Looks for the bounds. `open_since`: what is open and older is set aside.
pub(crate) fn bounds(
    db: &Connection,
    keep: KeepSince,
    open_since: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Bounds> {
    let first = |table, time, from, since| first_to_keep(db, table, time, from, since, now);
    let (pruned_event, pruned_send): (i64, i64) =
        db.query_row("SELECT pruned_event, pruned_send FROM store", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let marks = Marks::read(db)?;
    let low = Marks {
        low_event: EventId(first("event", "received_at", marks.low_event.0, open_since)?.max(marks.low_event.0)),
        low_send: SendId(first("send", "planned_at", marks.low_send.0, open_since)?.max(marks.low_send.0)),
    };
    Ok(Bounds {
        low,
        events: first("event", "received_at", pruned_event, keep.events)?.min(low.low_event.0),
        sends: first("send", "planned_at", pruned_send, keep.events)?.min(low.low_send.0),
        dead: first("event", "received_at", 0, keep.keys)?,
        keep,
    })
}

/// The first row from this id on that is not old. A row of a clock that was ahead says nothing of its age: it is old once a row
/// behind it is.
fn first_to_keep(
    db: &Connection,
    table: &str,
    time: &str,
    from: i64,
    since: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    let young = format!("SELECT id FROM {table} WHERE id >= ?1 AND {time} BETWEEN ?2 AND ?3 ORDER BY id LIMIT 1");
    let young = db.prepare_cached(&young)?.query_row([from, since.0, now.0], |row| row.get(0)).optional()?;
    let old = format!("SELECT id FROM {table} WHERE id >= ?1 AND id < ?2 AND {time} < ?3 ORDER BY id DESC LIMIT 1");
    let bound: i64 = young.unwrap_or(i64::MAX);
    let old: Option<i64> = db.prepare_cached(&old)?.query_row([from, bound, since.0], |row| row.get(0)).optional()?;
    Ok(old.map_or(from, |old| old + 1))
}

/// Goes one step further with each table. True when there is more.
pub(crate) fn step(db: &Connection, bounds: &Bounds, marks: &mut Marks) -> rusqlite::Result<bool> {
    // No id is given twice, whatever is deleted.
    db.prepare_cached(
        "UPDATE store SET next_event = max(next_event, ifnull((SELECT max(id) FROM event), 0) + 1),
                          next_send = max(next_send, ifnull((SELECT max(id) FROM send), 0) + 1)",
    )?
    .execute([])?;
    let mut more = set_open_aside(db, bounds, marks)?;
    let (pruned_event, pruned_send): (i64, i64) = db
        .prepare_cached("SELECT pruned_event, pruned_send FROM store")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let until = (pruned_event + STEP).min(bounds.events).min(marks.low_event.0);
    if until > pruned_event {
        let range = params![pruned_event, until];
        db.prepare_cached(
            "DELETE FROM event_state WHERE id >= ?1 AND id < ?2 AND id NOT IN (SELECT id FROM aside WHERE kind IN (0, 1, 2))",
        )?
        .execute(range)?;
        db.prepare_cached(
            "DELETE FROM event WHERE id >= ?1 AND id < ?2 AND id NOT IN (SELECT id FROM aside WHERE kind IN (0, 1, 2))",
        )?
        .execute(range)?;
        db.prepare_cached("UPDATE store SET pruned_event = ?1")?.execute([until])?;
        more |= until < bounds.events.min(marks.low_event.0);
    }
    let until = (pruned_send + STEP).min(bounds.sends).min(marks.low_send.0);
    if until > pruned_send {
        let range = params![pruned_send, until];
        db.prepare_cached(
            "DELETE FROM send_state WHERE id >= ?1 AND id < ?2 AND id NOT IN (SELECT id FROM aside WHERE kind IN (3, 6))",
        )?
        .execute(range)?;
        db.prepare_cached(
            "DELETE FROM send WHERE id >= ?1 AND id < ?2 AND id NOT IN (SELECT id FROM aside WHERE kind IN (3, 6))",
        )?
        .execute(range)?;
        db.prepare_cached("DELETE FROM aside WHERE kind IN (4, 5) AND id >= ?1 AND id < ?2")?.execute(range)?;
        db.prepare_cached("UPDATE store SET pruned_send = ?1")?.execute([until])?;
        more |= until < bounds.sends.min(marks.low_send.0);
    }
    // What was set aside when its neighbours went.
    for kind in [Aside::Dead, Aside::Quarantined] {
        let mut ids = db.prepare_cached("SELECT id FROM aside WHERE kind = ?1 AND id < ?2 ORDER BY id LIMIT ?3")?;
        let ids = ids.query_map(params![kind as i64, bounds.dead, STEP], |row| row.get::<_, i64>(0))?;
        let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
        more |= ids.len() as i64 == STEP;
        for id in ids {
            forget_event(db, kind, id)?;
        }
    }
    // Sends that were held, and ended after their neighbours went.
    let mut ids = db.prepare_cached(
        "SELECT send_state.id FROM send_state WHERE id < ?1 AND status IN (4, 5, 6) AND at < ?2 ORDER BY id LIMIT ?3",
    )?;
    let ids = ids.query_map(params![pruned_send, bounds.keep.events.0, STEP], |row| row.get::<_, i64>(0))?;
    let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
    more |= ids.len() as i64 == STEP;
    for id in ids {
        for table in ["send", "send_state"] {
            db.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([id])?;
        }
        db.prepare_cached("DELETE FROM aside WHERE kind IN (3, 4, 5, 6) AND id = ?1")?.execute([id])?;
    }
    let mut ids = db.prepare_cached(
        "SELECT event_state.id FROM event_state JOIN event USING (id) WHERE event.id < ?1 AND event_state.status = 3 LIMIT ?2",
    )?;
    let ids = ids.query_map(params![pruned_event, STEP], |row| row.get::<_, i64>(0))?;
    let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
    more |= ids.len() as i64 == STEP;
    for id in ids {
        forget_event(db, Aside::LateEvent, id)?;
    }
    let mut delete = |sql: &str, bound: i64| -> rusqlite::Result<()> {
        more |= db.prepare_cached(sql)?.execute(params![bound, STEP])? as i64 == STEP;
        Ok(())
    };
    delete(KEYS, bounds.keep.keys.0)?;
    delete(UNTIMED_KEYS, bounds.keep.keys.0)?;
    delete(POSTED, bounds.keep.events.0)?;
    // No earlier than the keys: a comment that comes again must not be new.
    delete(GIVEN, bounds.keep.keys.0)?;
    Ok(more)
}

fn forget_event(db: &Connection, kind: Aside, id: i64) -> rusqlite::Result<()> {
    for table in ["event", "event_state"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([id])?;
    }
    db.prepare_cached("DELETE FROM aside WHERE kind = ?1 AND id = ?2")?.execute([kind as i64, id]).map(drop)
}

/// Sets aside what has been open for long, and moves the low marks behind it.
fn set_open_aside(db: &Connection, bounds: &Bounds, marks: &mut Marks) -> rusqlite::Result<bool> {
    let event = (marks.low_event.0 + STEP).min(bounds.low.low_event.0);
    let send = (marks.low_send.0 + STEP).min(bounds.low.low_send.0);
    if event <= marks.low_event.0 && send <= marks.low_send.0 {
        return Ok(false);
    }
    db.prepare_cached(
        "INSERT OR IGNORE INTO aside SELECT 0, event.id FROM event LEFT JOIN event_state USING (id)
         WHERE event.id >= ?1 AND event.id < ?2 AND ifnull(event_state.status, event.status) IN (0, 1, 2, 6)",
    )?
    .execute([marks.low_event.0, event])?;
    db.prepare_cached(
        "INSERT OR IGNORE INTO aside SELECT 3, id FROM send_state WHERE id >= ?1 AND id < ?2 AND status < 4",
    )?
    .execute([marks.low_send.0, send])?;
    (marks.low_event, marks.low_send) = (EventId(event.max(marks.low_event.0)), SendId(send.max(marks.low_send.0)));
    db.prepare_cached("UPDATE store SET low_event = ?1, low_send = ?2")?
        .execute([marks.low_event.0, marks.low_send.0])?;
    Ok(marks.low_event < bounds.low.low_event || marks.low_send < bounds.low.low_send)
}

const KEYS: &str = "DELETE FROM seen WHERE (time, hash) IN
    (SELECT time, hash FROM seen WHERE time < ?1 AND received_at < ?1 ORDER BY time, hash LIMIT ?2)";
const UNTIMED_KEYS: &str = "DELETE FROM seen_untimed WHERE hash IN
    (SELECT hash FROM seen_untimed WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)";
const GIVEN: &str = "DELETE FROM given WHERE (account, kind, hash) IN
    (SELECT account, kind, hash FROM given WHERE forget_at < ?1 ORDER BY forget_at LIMIT ?2)";
const POSTED: &str = "DELETE FROM posted WHERE (account, key) IN
    (SELECT account, key FROM posted WHERE at < ?1 ORDER BY at LIMIT ?2)";
