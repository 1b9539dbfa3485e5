//! Has this event been here before?

use rusqlite::{OptionalExtension, params};

use super::work::Work;
use crate::clock::Timestamp;
use crate::event::Key;

/// Remembers a key. False when the event was known.
///
/// What came while another app owned the conversation (`standby`) comes as a new event when it comes to us: its payload
/// and the right to answer are new. The reverse is a repetition.
pub(super) fn remember(work: &Work<'_>, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<bool> {
    match key.time {
        Some(time) => timed(work, time, key, standby, received_at),
        None => untimed(work, key, standby, received_at),
    }
}

/// Whether a timed event is known by a key without a time: as that of which only its first version has come.
pub(super) fn is_known_without_a_time(work: &Work<'_>, key: &Key, standby: bool) -> rusqlite::Result<bool> {
    match key.time {
        Some(_) => Ok(only_on_standby(work, key)?.is_some_and(|only_standby| standby || !only_standby)),
        None => Ok(false),
    }
}

fn timed(work: &Work<'_>, time: Timestamp, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<bool> {
    let inserted = work
        .db
        .prepare_cached("INSERT OR IGNORE INTO seen (time, hash, standby, received_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![time.0, key.hash, standby, received_at.0])?;
    if inserted == 1 || standby {
        return Ok(inserted == 1);
    }
    let taken_over = work
        .db
        .prepare_cached("UPDATE seen SET standby = 0 WHERE time = ?1 AND hash = ?2 AND standby = 1")?
        .execute(params![time.0, key.hash])?;
    Ok(taken_over == 1)
}

fn untimed(work: &Work<'_>, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<bool> {
    if only_on_standby(work, key)?.is_some_and(|only_standby| standby || !only_standby) {
        return Ok(false);
    }
    work.db
        .prepare_cached("INSERT OR REPLACE INTO seen_untimed (hash, standby, received_at) VALUES (?1, ?2, ?3)")?
        .execute(params![key.hash, standby, received_at.0])?;
    Ok(true)
}

/// Whether a key without a time was seen only while another app owned the conversation; `None` where it was not seen.
fn only_on_standby(work: &Work<'_>, key: &Key) -> rusqlite::Result<Option<bool>> {
    work.db
        .prepare_cached("SELECT standby FROM seen_untimed WHERE hash = ?1")?
        .query_row([key.hash], |row| row.get(0))
        .optional()
}
