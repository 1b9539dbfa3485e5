//! Events between the intake and their end.

use rusqlite::{OptionalExtension, params};

use super::answer::OVERDUE;
use super::turn::{self, Turn};
use super::work::Work;
use super::{due, step};
use crate::clock::Timestamp;
use crate::effect::Effects;
use crate::id::{AccountId, EventId};
use crate::store::{Batch, EventDemand, EventStatus, Failure, Finish, Next, SendStatus, TakenEvent, UnableAccounts};

/// Puts an event at the end of its conversation's queue: behind the last one, where that is not done.
pub(super) fn enqueue(work: &Work<'_>, tail: Option<i64>, event: i64) -> rusqlite::Result<EventStatus> {
    let behind = work
        .db
        .prepare_cached("UPDATE event SET next = ?2 WHERE id = ?1 AND status < 3")?
        .execute(params![tail, event])?;
    Ok(if behind == 1 { EventStatus::Waiting } else { EventStatus::Ready })
}

/// Takes what is due, and marks it running.
pub(in crate::store) fn take(
    work: &mut Work<'_>,
    room: &[EventDemand],
    now: Timestamp,
) -> rusqlite::Result<Batch<TakenEvent>> {
    let mut taken = Batch { items: Vec::new(), next_due: None };
    for room in room {
        let events = due::due(work, room, now)?;
        if events.len() < room.slots {
            let next = due::next_due(work, room.account.as_str(), now)?;
            taken.next_due = [taken.next_due, next].into_iter().flatten().min();
        }
        taken.items.extend(events);
    }
    let mut mark =
        work.db.prepare_cached("UPDATE event SET status = 2, attempts = attempts + 1, trace = ?2 WHERE id = ?1")?;
    for event in &taken.items {
        // An event that an older release kept, or that tells of a posted send, has its trace from here on.
        mark.execute(params![event.id.0, event.trace.to_bytes()])?;
    }
    Ok(taken)
}

/// Done: the sends are planned, the state kept, and the conversation's next event comes forward. What is not running any
/// more is left as it is: its turn was over before it returned.
pub(in crate::store) fn finish(work: &mut Work<'_>, finish: &Finish) -> rusqlite::Result<()> {
    let Some(turn) = leave(work, finish.event, EventStatus::Done, finish.now, None)? else { return Ok(()) };
    turn::carry_out(work, &turn, &finish.effects, &finish.owed, finish.now)
}

/// Failed: the event waits for its next try, holding back its conversation, or it comes to its end and lets it go on. What the
/// turn owes is said either way.
pub(in crate::store) fn fail(work: &mut Work<'_>, failure: &Failure) -> rusqlite::Result<()> {
    let end = |work: &mut Work<'_>, status| leave(work, failure.event, status, failure.now, Some(&failure.error));
    let turn = match failure.next {
        Next::Retry(at) => retry(work, failure, at)?,
        Next::Dead => end(work, EventStatus::Dead)?,
        Next::Done => end(work, EventStatus::Done)?,
    };
    match turn {
        Some(turn) => turn::carry_out(work, &turn, &Effects::default(), &failure.owed, failure.now),
        None => Ok(()),
    }
}

fn retry(work: &mut Work<'_>, failure: &Failure, at: Timestamp) -> rusqlite::Result<Option<Turn>> {
    let changed = work
        .db
        .prepare_cached(
            "UPDATE event SET status = 0, due = ?2, error = ?3,
               first_failed_at = CASE WHEN ?5 THEN ifnull(first_failed_at, ?4) ELSE first_failed_at END
             WHERE id = ?1 AND status = 2",
        )?
        .execute(params![failure.event.0, at.0, failure.error, failure.now.0, failure.counts])?;
    if changed == 0 {
        return Ok(None);
    }
    work.woke.events = true;
    turn::of(work, failure.event).map(Some)
}

/// True when no event is running, no send is in flight, no answer is overdue, and nothing is due that its account can take now.
pub(in crate::store) fn is_at_rest(
    work: &mut Work<'_>,
    shut: &UnableAccounts,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let at_work = work
        .db
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM event WHERE status < 3 AND status = 2)
                 OR EXISTS (SELECT 1 FROM send WHERE status < 4 AND status = 2)
                 OR EXISTS (SELECT 1 FROM event WHERE {OVERDUE})",
        ))?
        .query_row([now.0], |row| row.get::<_, bool>(0))?;
    Ok(!at_work
        && !is_event_due(work, shut, now)?
        && due_for(work, "send", SendStatus::Ready as i64, &shut.sends, now)?.is_empty()
        && due_for(work, "send", SendStatus::InDoubt as i64, &[], now)?.is_empty())
}

fn is_event_due(work: &Work<'_>, shut: &UnableAccounts, now: Timestamp) -> rusqlite::Result<bool> {
    for account in due_for(work, "event", EventStatus::Ready as i64, &shut.events, now)? {
        if !shut.failed_events.contains(&account) || !due::fresh(work, account.as_str(), 1, now)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The accounts for which something is due, without those that are shut.
fn due_for(
    work: &Work<'_>,
    table: &str,
    status: i64,
    shut: &[AccountId],
    now: Timestamp,
) -> rusqlite::Result<Vec<AccountId>> {
    let sql = format!("SELECT DISTINCT account FROM {table} WHERE status = {status} AND due <= ?1");
    let mut statement = work.db.prepare_cached(&sql)?;
    let accounts = statement.query_map([now.0], |row| Ok(AccountId::new(row.get::<_, String>(0)?)))?;
    let accounts: Vec<AccountId> = accounts.collect::<Result<_, _>>()?;
    Ok(accounts.into_iter().filter(|account| !shut.contains(account)).collect())
}

/// Running events are ready again: their turns were cut off by a shutdown.
pub(in crate::store) fn release(work: &mut Work<'_>) -> rusqlite::Result<()> {
    work.db.prepare_cached("UPDATE event SET status = 0 WHERE status < 3 AND status = 2")?.execute([]).map(drop)
}

/// Takes a running event out of its conversation's way, and lets the one behind it come forward.
pub(super) fn leave(
    work: &mut Work<'_>,
    event: EventId,
    status: EventStatus,
    now: Timestamp,
    error: Option<&str>,
) -> rusqlite::Result<Option<Turn>> {
    // Two statements cost less than one that returns what it changed.
    let running: Option<(i64, Option<i64>, i64)> = work
        .db
        .prepare_cached("SELECT conversation, next, steps FROM event WHERE id = ?1 AND status = 2")?
        .query_row([event.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((conversation, next, steps)) = running else { return Ok(None) };
    let so_far = if steps > 0 { step::said_so_far(work, event)? } else { None };
    if steps > 0 {
        step::forget(work, event)?;
    }
    work.db.prepare_cached("UPDATE event SET status = ?2, error = ?3 WHERE id = ?1")?.execute(params![
        event.0,
        status as i64,
        error
    ])?;
    if let Some(next) = next {
        work.db
            .prepare_cached("UPDATE event SET status = 0, due = ?2 WHERE id = ?1 AND status = 1")?
            .execute(params![next, now.0])?;
        work.woke.events = true;
    }
    Ok(Some(Turn { event, conversation, so_far }))
}
