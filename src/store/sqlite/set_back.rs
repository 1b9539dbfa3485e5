//! What waits for its time, when the clock is set back: it must not wait for as much longer.
//!
//! Only what is open is moved. When events arrived and sends were settled stays as it was written.

use std::time::Duration;

use super::work::{Woke, Work};
use crate::clock::Timestamp;
use crate::policy::responsiveness;

/// How long it may take until it is noticed that the clock was set back. What was written meanwhile has the right time.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// The clock was set back by so much while the server ran: every time that it had given before is as much earlier, and every
/// wait as long as it was.
pub(in crate::store) fn moved(work: &mut Work<'_>, by: Duration, now: Timestamp) -> rusqlite::Result<()> {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    let since = now - NOTICED_WITHIN;
    for Column { table, name, open, written, .. } in COLUMNS {
        let sql = format!(
            "UPDATE {table} SET {name} = {name} - ?1 WHERE {open} AND NOT ifnull({written} BETWEEN ?2 AND ?3, FALSE)"
        );
        work.db.execute(&sql, [by, since.0, now.0])?;
    }
    work.woke = Woke { events: true, sends: true, doubts: true, answers: true };
    Ok(())
}

/// A server starts: what is due later than any wait lasts was written by a clock that was ahead, and is due now. What happened
/// later than now happened now.
pub(in crate::store) fn found(work: &mut Work<'_>, longest_wait: Duration, now: Timestamp) -> rusqlite::Result<()> {
    let latest = now + longest_wait.max(responsiveness::LIMIT);
    for Column { table, name, open, is_due, .. } in COLUMNS {
        let latest = if is_due { latest } else { now };
        let sql = format!("UPDATE {table} SET {name} = ?1 WHERE {open} AND {name} > ?2");
        work.db.execute(&sql, [now.0, latest.0])?;
    }
    Ok(())
}

/// A time that is kept of what is open.
struct Column {
    table: &'static str,
    name: &'static str,
    open: &'static str,
    /// Whether it is when something is to be done, rather than when something happened.
    is_due: bool,
    /// About when it was written.
    written: &'static str,
}

const fn due(table: &'static str, name: &'static str, open: &'static str, written: &'static str) -> Column {
    Column { table, name, open, is_due: true, written }
}

const fn happened(table: &'static str, name: &'static str, open: &'static str) -> Column {
    Column { table, name, open, is_due: false, written: name }
}

const COLUMNS: [Column; 7] = [
    due("event", "due", "status = 0", "received_at"),
    due("event", "answer_by", "answer_by IS NOT NULL", "received_at"),
    happened("event", "first_failed_at", "status < 3"),
    due("send", "due", "status < 4", "at"),
    happened("send", "attempted_at", "status < 4"),
    happened("send", "doubted_since", "status < 4"),
    // A block by an answer ends after an hour; what Meta's webhooks tell has Meta's time.
    happened("account", "blocked_at", "blocked_by = 1"),
];
