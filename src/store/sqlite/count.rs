//! What is not at its end, counted: each status by its index.

use rusqlite::Connection;

use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::store::{Backlog, EventStatus, OpenEvents, OpenSends, SendStatus};

/// Counts what is open, dead, quarantined or held.
pub(in crate::store) fn backlog(db: &Connection, now: Timestamp) -> rusqlite::Result<Backlog> {
    let mut backlog = Backlog::default();
    // All of them at one moment: an event that ends meanwhile is counted once.
    let snapshot = db.unchecked_transaction()?;
    for which in ["status < 3", "status = 4", "status = 5", "status = 6"] {
        backlog.events.extend(events(&snapshot, which, now)?);
    }
    for which in ["status < 4", "status = 7"] {
        backlog.sends.extend(sends(&snapshot, which, now)?);
    }
    Ok(backlog)
}

fn events(db: &Connection, which: &str, now: Timestamp) -> rusqlite::Result<Vec<OpenEvents>> {
    let sql = format!(
        "SELECT account, status, status = 0 AND due > ?1, count(*), min(received_at) FROM event WHERE {which}
         GROUP BY 1, 2, 3"
    );
    db.prepare_cached(&sql)?
        .query_map([now.0], |row| {
            Ok(OpenEvents {
                account: row.get::<_, Option<String>>(0)?.map(AccountId::new),
                status: EventStatus::from_number(row.get(1)?).unwrap_or(EventStatus::Dead),
                is_later: row.get(2)?,
                count: row.get(3)?,
                oldest: Timestamp(row.get(4)?),
            })
        })?
        .collect()
}

fn sends(db: &Connection, which: &str, now: Timestamp) -> rusqlite::Result<Vec<OpenSends>> {
    let sql =
        format!("SELECT account, status, status = 0 AND due > ?1, count(*) FROM send WHERE {which} GROUP BY 1, 2, 3");
    db.prepare_cached(&sql)?
        .query_map([now.0], |row| {
            Ok(OpenSends {
                account: AccountId::new(row.get::<_, String>(0)?),
                status: SendStatus::from_number(row.get(1)?).unwrap_or(SendStatus::Held),
                is_later: row.get(2)?,
                count: row.get(3)?,
            })
        })?
        .collect()
}
