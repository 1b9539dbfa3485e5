//! What waits for its time, when the clock is set back: it must not wait for as much longer.
//!
//! Only what is open is moved. When events arrived and sends were settled stays as it was written.

use std::time::Duration;

use super::work::{Woke, Work};
use crate::clock::Timestamp;
use crate::policy::responsiveness;

/// The clock was set back by so much while the server ran: every time is as much earlier, and every wait as long as it was.
pub(in crate::store) fn moved(work: &mut Work<'_>, by: Duration) -> rusqlite::Result<()> {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    for Column { table, name, open, .. } in COLUMNS {
        work.db.execute(&format!("UPDATE {table} SET {name} = {name} - ?1 WHERE {open}"), [by])?;
    }
    work.woke = Woke { events: true, sends: true, doubts: true, answers: true };
    Ok(())
}

/// A server starts: what is due later than any wait lasts was written by a clock that was ahead, and is due now. What happened
/// later than now happened now.
pub(in crate::store) fn found(work: &mut Work<'_>, longest_wait: Duration, now: Timestamp) -> rusqlite::Result<()> {
    let latest = now + longest_wait.max(responsiveness::LIMIT);
    for Column { table, name, open, is_due } in COLUMNS {
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
}

const COLUMNS: [Column; 6] = [
    Column { table: "event", name: "due", open: "status = 0", is_due: true },
    Column { table: "event", name: "answer_by", open: "answer_by IS NOT NULL", is_due: true },
    Column { table: "event", name: "first_failed_at", open: "status < 3", is_due: false },
    Column { table: "send", name: "due", open: "status < 4", is_due: true },
    Column { table: "send", name: "attempted_at", open: "status < 4", is_due: false },
    Column { table: "send", name: "doubted_since", open: "status < 4", is_due: false },
];
