//! Forgetting, a little at a time, at the tables' left edge.

use rusqlite::params;

use super::work::Work;
use crate::store::KeepSince;

/// The most rows of each table that one step deletes: it shares its transaction with the intake.
const STEP: usize = 200;

/// Deletes a little of each table. True when there is more.
pub(in crate::store) fn step(work: &mut Work<'_>, before: &KeepSince) -> rusqlite::Result<bool> {
    work.db
        .prepare_cached(
            "UPDATE store SET last_event = max(last_event, ifnull((SELECT max(id) FROM event), 0)),
                              last_send = max(last_send, ifnull((SELECT max(id) FROM send), 0))",
        )?
        .execute([])?;
    // Ids grow with time, so the first row that is young enough bounds the search: no step reads the table's young part.
    let events = work
        .db
        .prepare_cached(
            "DELETE FROM event WHERE id IN (
               SELECT id FROM event WHERE (status = 3 OR status IN (4, 5) AND received_at < ?2)
               AND id < (SELECT ifnull(min(id), 9223372036854775807) FROM
                         (SELECT id FROM event WHERE received_at >= ?1 ORDER BY id LIMIT 1))
               ORDER BY id LIMIT ?3)",
        )?
        .execute(params![before.events.0, before.keys.0, STEP])?;
    let sends = work
        .db
        .prepare_cached(
            "DELETE FROM send WHERE id IN (
               SELECT id FROM send WHERE status >= 4
               AND id < (SELECT ifnull(min(id), 9223372036854775807) FROM
                         (SELECT id FROM send WHERE at >= ?1 ORDER BY id LIMIT 1))
               ORDER BY id LIMIT ?2)",
        )?
        .execute(params![before.events.0, STEP])?;
    let keys = work
        .db
        .prepare_cached(
            "DELETE FROM seen WHERE (time, hash) IN
             (SELECT time, hash FROM seen WHERE time < ?1 AND received_at < ?1 ORDER BY time, hash LIMIT ?2)",
        )?
        .execute(params![before.keys.0, STEP])?;
    let untimed = work
        .db
        .prepare_cached(
            "DELETE FROM seen_untimed WHERE hash IN
             (SELECT hash FROM seen_untimed WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
        )?
        .execute(params![before.keys.0, STEP])?;
    Ok([events, sends, keys, untimed].contains(&STEP))
}
