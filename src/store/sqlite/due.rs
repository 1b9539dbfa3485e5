//! The events that a handler is given next.

use rusqlite::{OptionalExtension, Row, params};

use super::work::Work;
use super::{ledger, step, traced};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{AccountId, EventId, PersonId, Thread};
use crate::policy::Enforcement;
use crate::store::{EventDemand, TakenEvent, Takes};
use crate::trace::Trace;

const COLUMNS: &str =
    "event.id, event.account, event.person, standby, attempts + 1, first_failed_at, received_at, raw, state,
    opened_at, opened_by, last_message_at, event.kind, at, steps, state_before, thread, answer_by, error IS NOT NULL, piece,
    trace
    FROM event JOIN conversation ON conversation.id = event.conversation";

/// How many events, from either end of what is due, are looked at for one that has never failed. The index knows what is due,
/// not what has failed, and behind a relay that is down a hundred thousand may wait.
const LOOKED_AT: usize = 1_000;

/// The due events that a room is for, without marking them.
pub(super) fn due(work: &Work<'_>, room: &EventDemand, now: Timestamp) -> rusqlite::Result<Vec<TakenEvent>> {
    let account = room.account.as_str();
    if room.takes == Takes::InOrder {
        let in_order = "event.account = ?1 AND status = 0 AND due <= ?2 ORDER BY due, event.id LIMIT ?3";
        return read(work, account, in_order, params![account, now.0, room.slots]);
    }
    let mut events = Vec::new();
    for id in fresh(work, account, room.slots, now)? {
        events.extend(read(work, account, "event.id = ?1", params![id])?);
    }
    if room.takes == Takes::FreshFirst && events.len() < room.slots {
        let failed =
            "event.account = ?1 AND status = 0 AND due <= ?2 AND error IS NOT NULL ORDER BY due, event.id LIMIT 1";
        events.extend(read(work, account, failed, params![account, now.0])?);
    }
    Ok(events)
}

/// Due events that have never failed: of those that are due longest, then of those that became due last.
pub(super) fn fresh(work: &Work<'_>, account: &str, most: usize, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut fresh = Vec::new();
    for order in ["due, id", "due DESC, id DESC"] {
        let sql = format!(
            "SELECT id FROM (SELECT id, error FROM event WHERE account = ?1 AND status = 0 AND due <= ?2
               ORDER BY {order} LIMIT ?3) WHERE error IS NULL LIMIT ?4"
        );
        let mut statement = work.db.prepare_cached(&sql)?;
        let found = statement.query_map(params![account, now.0, LOOKED_AT, most], |row| row.get(0))?;
        for id in found {
            let id = id?;
            if fresh.len() < most && !fresh.contains(&id) {
                fresh.push(id);
            }
        }
        if fresh.len() == most {
            break;
        }
    }
    Ok(fresh)
}

/// When the account's next event becomes due.
pub(super) fn next_due(work: &Work<'_>, account: &str, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    work.db
        .prepare_cached("SELECT due FROM event WHERE account = ?1 AND status = 0 AND due > ?2 ORDER BY due LIMIT 1")?
        .query_row(params![account, now.0], |row| row.get(0).map(Timestamp))
        .optional()
}

fn read(
    work: &Work<'_>,
    account: &str,
    which: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Vec<TakenEvent>> {
    let sql = format!("SELECT {COLUMNS} WHERE {which}");
    let blocked = ledger::blocked(work, &AccountId::new(account))?;
    let mut statement = work.db.prepare_cached(&sql)?;
    let rows = statement.query_map(params, |row| Ok((event(row, blocked)?, row.get::<_, i64>(14)? > 0)))?;
    let mut events = Vec::new();
    for row in rows {
        let (mut event, has_steps) = row?;
        if has_steps {
            event.steps = step::taken(work, event.id)?;
        }
        if event.kind == Kind::Comment.as_str() {
            event.facts.right = ledger::of_event(work, &event)?;
        }
        events.push(event);
    }
    Ok(events)
}

fn event(row: &Row<'_>, blocked: Option<Enforcement>) -> rusqlite::Result<TakenEvent> {
    let has_steps = row.get::<_, i64>(14)? > 0;
    let person = row.get::<_, Option<String>>(2)?.map(PersonId::new);
    Ok(TakenEvent {
        id: EventId(row.get(0)?),
        account: AccountId::new(row.get::<_, String>(1)?),
        person: person.clone(),
        kind: row.get(12)?,
        at: row.get::<_, Option<i64>>(13)?.map(Timestamp),
        standby: row.get(3)?,
        list: row.get(19)?,
        attempt: row.get(4)?,
        has_failed: row.get(18)?,
        first_failed_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        received_at: Timestamp(row.get(6)?),
        raw: row.get(7)?,
        // A turn that is run again starts from what its first try knew.
        state: row.get(if has_steps { 15 } else { 8 })?,
        steps: Vec::new(),
        facts: ledger::of_row(row, 9, person, blocked, None)?,
        thread: Thread::from_number(row.get(16)?),
        answer_by: row.get::<_, Option<i64>>(17)?.map(Timestamp),
        // Where there is none yet, this one is kept when the event is taken.
        trace: traced::trace(row, 20)?.unwrap_or_else(Trace::random),
    })
}
