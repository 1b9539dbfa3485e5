//! Sends that somebody is to decide about, and what was planned together with them.
//!
//! A held send takes the rest of its turn with it, out of the conversation's queue: later turns go on. Once it is released,
//! dropped, or an echo settles it after all, the rest stands at the queue's end.

use rusqlite::{OptionalExtension, params};

use super::work::Work;
use super::{conversation, outbox};
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::store::{Decided, Outcome, SendStatus};

/// Takes the rest of a held send's turn out of the queue, and lets the next turn come forward.
pub(super) fn hold_the_rest(
    work: &mut Work<'_>,
    held: SendId,
    mut next: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let turn = turn_of(work, held.0)?;
    let (mut last, reason) = (held.0, behind(held));
    while let Some(send) = next.filter(|send| turn_of(work, *send).is_ok_and(|of| of.is_same(&turn))) {
        work.db
            .prepare_cached("UPDATE send SET status = 7, at = ?2, reason = ?3 WHERE id = ?1")?
            .execute(params![send, now.0, reason])?;
        last = send;
        next = next_of(work, send)?;
    }
    work.db.prepare_cached("UPDATE send SET next = NULL WHERE id = ?1")?.execute([last])?;
    outbox::come_forward(work, next, now)
}

/// Which sends are of one turn: those of one event, through all its steps; else those that were planned together.
struct Turn {
    event: Option<i64>,
    first: i64,
}

impl Turn {
    fn is_same(&self, other: &Turn) -> bool {
        self.first == other.first || self.event.is_some() && self.event == other.event
    }
}

fn turn_of(work: &Work<'_>, send: i64) -> rusqlite::Result<Turn> {
    work.db
        .prepare_cached("SELECT event, turn FROM send WHERE id = ?1")?
        .query_row([send], |row| Ok(Turn { event: row.get(0)?, first: row.get(1)? }))
}

fn next_of(work: &Work<'_>, send: i64) -> rusqlite::Result<Option<i64>> {
    work.db.prepare_cached("SELECT next FROM send WHERE id = ?1")?.query_row([send], |row| row.get(0))
}

fn behind(held: SendId) -> String {
    format!("behind {held}, which is held")
}

/// Puts what a turn goes on to say behind what is held of it already. Returns why it waits, where it does.
pub(super) fn join(work: &Work<'_>, event: EventId, first: SendId) -> rusqlite::Result<Option<String>> {
    let held: Option<i64> = work
        .db
        .prepare_cached("SELECT id FROM send WHERE status = 7 AND event = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([event.0], |row| row.get(0))
        .optional()?;
    let Some(held) = held else { return Ok(None) };
    work.db.prepare_cached("UPDATE send SET next = ?2 WHERE id = ?1")?.execute([held, first.0])?;
    Ok(Some(behind(SendId(held))))
}

/// Puts held sends, from `first` on along their chain, at the end of their conversation's queue.
pub(super) fn resume(
    work: &mut Work<'_>,
    conversation: i64,
    first: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(first) = first else { return Ok(()) };
    let tail = conversation::get(work, conversation)?.send_tail;
    let (mut next, mut last) = (Some(first), first);
    while let Some(send) = next {
        work.db
            .prepare_cached(
                "UPDATE send SET status = 1, due = ?2, at = ?2, reason = NULL WHERE id = ?1 AND status = 7",
            )?
            .execute([send, now.0])?;
        last = send;
        next = next_of(work, send)?;
    }
    // Where nothing was planned since, the tail is one of them.
    let behind = tail.filter(|tail| !is_of(work, first, *tail).unwrap_or(false));
    if outbox::stand_behind(work, behind, first)? == SendStatus::Ready {
        work.db.prepare_cached("UPDATE send SET status = 0 WHERE id = ?1")?.execute([first])?;
    }
    work.db
        .prepare_cached("UPDATE conversation SET send_tail = ?2 WHERE id = ?1")?
        .execute([conversation, last])
        .map(drop)
}

/// Whether a send stands in the chain that begins with `first`.
fn is_of(work: &Work<'_>, first: i64, send: i64) -> rusqlite::Result<bool> {
    let mut next = Some(first);
    while let Some(one) = next {
        if one == send {
            return Ok(true);
        }
        next = next_of(work, one)?;
    }
    Ok(false)
}

/// Sends it again, and the rest of its turn after it.
pub(in crate::store) fn release(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
    let Some((conversation, is_held)) = find(work, send)? else { return Ok(Decided::Unknown) };
    if !is_held {
        return Ok(Decided::NotHeld);
    }
    leave_turn(work, send)?;
    resume(work, conversation, Some(send.0), now)?;
    Ok(Decided::Done)
}

/// Gives it up. The rest of its turn goes on.
pub(in crate::store) fn discard(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
    let Some((_, is_held)) = find(work, send)? else { return Ok(Decided::Unknown) };
    if !is_held {
        return Ok(Decided::NotHeld);
    }
    leave_turn(work, send)?;
    outbox::settle(work, send, &Outcome::Failed { reason: "dropped by the operator".into() }, now)?;
    Ok(Decided::Done)
}

fn find(work: &Work<'_>, send: SendId) -> rusqlite::Result<Option<(i64, bool)>> {
    work.db
        .prepare_cached("SELECT conversation, status = 7 FROM send WHERE id = ?1")?
        .query_row([send.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whoever stood before it in its turn stays held without it.
fn leave_turn(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE send SET next = NULL WHERE id IN (SELECT id FROM send WHERE status = 7 AND next = ?1)")?
        .execute([send.0])
        .map(drop)
}
