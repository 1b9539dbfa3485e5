//! What waits for its time, when the clock is set back: it must not wait for as much longer.
//!
//! Only what is open is moved. When events arrived and sends were settled stays as it was written.

use std::time::Duration;

use rusqlite::params;

use super::work::{Woke, Work};
use crate::clock::Timestamp;
use crate::policy::responsiveness;

/// The clock was set back by so much while the server ran: every wait ends as much earlier, and is as long as it was.
pub(in crate::store) fn moved(work: &mut Work<'_>, by: Duration, now: Timestamp) -> rusqlite::Result<()> {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    let (due, happened) = ("max(?1, {} - ?2)", "min({}, max(?1, {} - ?2))");
    for column in COLUMNS {
        let new = if column.is_due { due } else { happened };
        column.change(work, &new.replace("{}", column.name), "?1", params![now.0, by])?;
    }
    work.woke = Woke { events: true, sends: true, doubts: true, answers: true };
    Ok(())
}

/// A server starts: what is due later than any wait lasts was written by a clock that was ahead, and is due now. What happened
/// later than now happened now.
pub(in crate::store) fn found(work: &mut Work<'_>, longest_wait: Duration, now: Timestamp) -> rusqlite::Result<()> {
    let latest = now + longest_wait.max(responsiveness::LIMIT);
    for column in COLUMNS {
        let later_than = if column.is_due { "?2" } else { "?1" };
        column.change(work, "?1", later_than, params![now.0, latest.0])?;
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

impl Column {
    fn change(
        &self,
        work: &Work<'_>,
        new: &str,
        later_than: &str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<()> {
        let Column { table, name, open, .. } = self;
        let sql =
            format!("UPDATE {table} SET {name} = {new} WHERE {open} AND {name} > {later_than} AND ?2 IS NOT NULL");
        work.db.execute(&sql, values).map(drop)
    }
}
