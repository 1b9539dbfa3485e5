//! What a process that died left behind.

use std::collections::HashSet;

use rusqlite::params;

use super::work::Work;
use super::{inbox, outbox, parked};
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::store::{EventStatus, SendOutcome};

/// An event that was with its handler at so many deaths of the process is given up.
const DEATHS: i64 = 3;

/// Events that were running are handled again, unless they seem to be what kills the process. Sends that were on their way
/// are in doubt: the bytes may have left.
pub(in crate::store) fn recover(work: &mut Work<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let running: Vec<(i64, i64)> = rows(work, "SELECT id, deaths + 1 FROM event WHERE status < 3 AND status = 2")?;
    for (event, deaths) in running {
        work.db.execute("UPDATE event SET deaths = ?2 WHERE id = ?1", params![event, deaths])?;
        if deaths >= DEATHS {
            let error = format!("the process died {deaths} times while this event was with its handler");
            inbox::leave(work, EventId(event), EventStatus::Dead, now, Some(&error))?;
        } else {
            work.db.execute("UPDATE event SET status = 0, due = ?2 WHERE id = ?1", params![event, now.0])?;
        }
    }
    let sending: Vec<(i64, String)> = rows(work, "SELECT id, request FROM send WHERE status < 4 AND status = 2")?;
    for (send, request) in sending {
        let reason = "the process ended while the send was on its way".into();
        // Sender actions are tried once and never in doubt.
        let action = outbox::request(&request).is_ok_and(|request| request.is_action());
        let outcome =
            if action { SendOutcome::Failed { reason } } else { SendOutcome::InDoubt { reason, silent: true } };
        outbox::settle(work, SendId(send), &outcome, now)?;
    }
    let waited_in: Vec<(i64, i64)> = rows(work, "SELECT DISTINCT conversation, 0 FROM event WHERE status = 6")?;
    for (conversation, _) in waited_in {
        parked::look_again(work, conversation, now)?;
    }
    bring_heads_forward(work, now)
}

/// An event or send that waits for nobody would wait for ever. There is no way to that; if there were, a start would be the
/// way back.
fn bring_heads_forward(work: &Work<'_>, now: Timestamp) -> rusqlite::Result<()> {
    for (table, open) in [("event", 3), ("send", 4)] {
        let chain: Vec<(i64, Option<i64>)> =
            rows(work, &format!("SELECT id, next FROM {table} WHERE status < {open}"))?;
        let awaited: HashSet<_> = chain.iter().filter_map(|(_, next)| *next).collect();
        let waiting: Vec<(i64, i64)> =
            rows(work, &format!("SELECT id, 0 FROM {table} WHERE status < {open} AND status = 1"))?;
        for (id, _) in waiting.into_iter().filter(|(id, _)| !awaited.contains(id)) {
            tracing::error!(table, id, "something waited for nobody; it goes on");
            work.db.execute(&format!("UPDATE {table} SET status = 0, due = ?2 WHERE id = ?1"), [id, now.0])?;
        }
    }
    Ok(())
}

fn rows<A, B>(work: &Work<'_>, sql: &str) -> rusqlite::Result<Vec<(A, B)>>
where
    A: rusqlite::types::FromSql,
    B: rusqlite::types::FromSql,
{
    work.db.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
