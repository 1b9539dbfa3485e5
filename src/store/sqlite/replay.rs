//! An event that is handled again because the operator wants it.

use rusqlite::{OptionalExtension, params};

use super::work::Work;
use super::{conversation, inbox, intake, traced};
use crate::clock::Timestamp;
use crate::event::{self, Origin, Piece};
use crate::id::{AccountId, EventId};
use crate::store::{EventStatus, Intake, Replayed, WebhookBatch};
use crate::trace::Trace;

/// Puts an event back. What was quarantined is read anew: a later release may be able to.
pub(in crate::store) fn replay(
    work: &mut Work<'_>,
    event: EventId,
    served: &[AccountId],
    now: Timestamp,
) -> rusqlite::Result<Replayed> {
    let found: Option<(i64, i64, Option<String>, bool)> = work
        .db
        .prepare_cached(
            "SELECT status, conversation, account, conversation = 0 OR kind = 'echo' AND attempts = 0 FROM event WHERE id = ?1",
        )?
        .query_row([event.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((status, conversation, account, never_handled)) = found else { return Ok(Replayed::Unknown) };
    let account = account.map(AccountId::new);
    match EventStatus::from_number(status) {
        Some(EventStatus::Quarantined) => read_anew(work, event, account, served, now),
        // An echo of our own is nobody's to handle, and what was quarantined has been read anew already.
        Some(EventStatus::Done | EventStatus::Dead) if never_handled => Ok(Replayed::Open),
        Some(EventStatus::Done | EventStatus::Dead)
            if account.as_ref().is_some_and(|account| served.contains(account)) =>
        {
            put_back(work, event, conversation, now)?;
            Ok(Replayed::Queued)
        }
        _ => Ok(Replayed::Open),
    }
}

fn put_back(work: &mut Work<'_>, event: EventId, conversation: i64, now: Timestamp) -> rusqlite::Result<()> {
    let tail = conversation::get(work, conversation)?.queue_tail;
    let status = inbox::enqueue(work, tail, event.0)?;
    work.woke.events |= status == EventStatus::Ready;
    work.db
        .prepare_cached(
            "UPDATE event SET status = ?2, due = ?3, next = NULL, deaths = 0, first_failed_at = NULL WHERE id = ?1",
        )?
        .execute(params![event.0, status as i64, now.0])?;
    work.db
        .prepare_cached("UPDATE conversation SET queue_tail = ?2 WHERE id = ?1")?
        .execute(params![conversation, event.0])
        .map(drop)
}

fn read_anew(
    work: &mut Work<'_>,
    event: EventId,
    account: Option<AccountId>,
    served: &[AccountId],
    now: Timestamp,
) -> rusqlite::Result<Replayed> {
    type Kept = (Vec<u8>, Option<String>, bool, Option<i64>, Option<Trace>);
    let (raw, piece, standby, time, trace): Kept = work
        .db
        .prepare_cached("SELECT raw, piece, standby, at, trace FROM event WHERE id = ?1")?
        .query_row([event.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, traced::trace(row, 4)?)))?;
    let origin = account.map(|account| Origin { account, standby, time: time.map(Timestamp), list: None });
    let piece = piece.as_deref().and_then(Piece::named).unwrap_or(Piece::Body);
    let read = event::read_piece(piece, origin.as_ref(), &raw);
    if read.iter().all(Result::is_err) {
        return Ok(Replayed::Unreadable);
    }
    // What of it still cannot be read is quarantined for itself. What Meta has brought again meanwhile is known.
    let items = read.into_iter().map(|item| match item {
        Ok(envelope) if served.contains(&envelope.account) => Intake::Handled(envelope),
        Ok(envelope) => Intake::Kept(envelope),
        Err(piece) => Intake::Unreadable(piece),
    });
    let trace = trace.unwrap_or_else(Trace::random);
    intake::append(work, &WebhookBatch { received_at: now, trace, items: items.collect() })?;
    work.db
        .prepare_cached("UPDATE event SET status = ?2, error = 'read anew' WHERE id = ?1")?
        .execute(params![event.0, EventStatus::Done as i64])?;
    Ok(Replayed::Queued)
}
