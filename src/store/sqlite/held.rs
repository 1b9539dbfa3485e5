//! Sends that somebody is to decide about, and what was planned together with them.
//!
//! A held send takes the rest of its turn with it, out of the conversation's queue: later turns go on. Once it is released,
//! dropped, or an echo settles it after all, the rest stands at the queue's end.

use rusqlite::{OptionalExtension, params};

use super::work::Work;
use super::{conversation, outbox, outcome, unanswered};
use crate::clock::Timestamp;
use crate::id::SendId;
use crate::store::{Decided, SendOutcome, SendStatus};

/// Takes the rest of a held send's turn out of the queue, wherever it stands there, and lets the next turn come forward.
pub(super) fn hold_the_rest(
    work: &mut Work<'_>,
    conversation: i64,
    held: SendId,
    mut next: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let turn = place_of(work, held.0)?.turn;
    let (mut rest, mut others) = (vec![held.0], Vec::new());
    while let Some(send) = next {
        let place = place_of(work, send)?;
        if place.turn == turn {
            rest.push(send)
        } else {
            others.push(send)
        }
        next = place.next;
    }
    let reason = behind(held);
    for send in &rest[1..] {
        work.db
            .prepare_cached("UPDATE send SET status = 7, at = ?2, reason = ?3 WHERE id = ?1")?
            .execute(params![send, now.0, reason])?;
        outcome::tell(work, SendId(*send), now)?;
    }
    link(work, &rest)?;
    link(work, &others)?;
    work.db
        .prepare_cached("UPDATE conversation SET send_tail = ?2 WHERE id = ?1")?
        .execute(params![conversation, others.last()])?;
    outbox::come_forward(work, others.first().copied(), now)
}

/// Where a send stands.
struct Place {
    turn: i64,
    next: Option<i64>,
}

fn place_of(work: &Work<'_>, send: i64) -> rusqlite::Result<Place> {
    work.db
        .prepare_cached("SELECT turn, next FROM send WHERE id = ?1")?
        .query_row([send], |row| Ok(Place { turn: row.get(0)?, next: row.get(1)? }))
}

/// Each of these sends waits for the one before it.
fn link(work: &Work<'_>, sends: &[i64]) -> rusqlite::Result<()> {
    let mut statement = work.db.prepare_cached("UPDATE send SET next = ?2 WHERE id = ?1 AND next IS NOT ?2")?;
    for (index, send) in sends.iter().enumerate() {
        statement.execute(params![send, sends.get(index + 1)])?;
    }
    Ok(())
}

/// The last of the sends of a turn that are held.
pub(super) fn last_of_turn(work: &Work<'_>, turn: SendId) -> rusqlite::Result<Option<SendId>> {
    work.db
        .prepare_cached("SELECT max(id) FROM send WHERE status = 7 AND turn = ?1 AND next IS NULL")?
        .query_row([turn.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(SendId)))
}

fn behind(held: SendId) -> String {
    format!("behind {held}, which is held")
}

/// Puts what a turn goes on to say, from `first` on, behind the last that it said before, where that is held. Returns why it
/// waits, where it does.
pub(super) fn join(work: &Work<'_>, last: SendId, first: SendId) -> rusqlite::Result<Option<String>> {
    let joined =
        work.db.prepare_cached("UPDATE send SET next = ?2 WHERE id = ?1 AND status = 7")?.execute([last.0, first.0])?;
    Ok((joined == 1).then(|| behind(last)))
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
        next = place_of(work, send)?.next;
    }
    if outbox::stand_behind(work, tail, first)? == SendStatus::Ready {
        work.db.prepare_cached("UPDATE send SET status = 0 WHERE id = ?1")?.execute([first])?;
    }
    work.db
        .prepare_cached("UPDATE conversation SET send_tail = ?2 WHERE id = ?1")?
        .execute([conversation, last])
        .map(drop)
}

/// A held send is settled. The rest of its turn goes on, unless something before it is held.
pub(super) fn step_out(
    work: &mut Work<'_>,
    conversation: i64,
    send: SendId,
    next: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(before) = before(work, send)? else { return resume(work, conversation, next, now) };
    let set_next = "UPDATE send SET next = ?2 WHERE id = ?1";
    work.db.prepare_cached(set_next)?.execute(params![before, next])?;
    work.db.prepare_cached(set_next)?.execute(params![send.0, None::<i64>]).map(drop)
}

/// Sends it again, and the rest of its turn after it. What of its turn is held before it stays so.
pub(in crate::store) fn release(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
    let conversation = match find(work, send)? {
        Ok(conversation) => conversation,
        Err(decided) => return Ok(decided),
    };
    if let Some(before) = before(work, send)? {
        link(work, &[before])?;
    }
    resume(work, conversation, Some(send.0), now)?;
    Ok(Decided::Done)
}

/// Gives it up. The rest of its turn goes on, unless something before it is held.
pub(in crate::store) fn discard(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
    if let Err(decided) = find(work, send)? {
        return Ok(decided);
    }
    unanswered::dropped(work, send)?;
    outbox::settle(work, send, &SendOutcome::Failed { reason: "dropped by the operator".into() }, now)?;
    // Whoever says the same from now on says it on their own account.
    work.db.prepare_cached("UPDATE send SET doubted_since = NULL WHERE id = ?1")?.execute([send.0])?;
    Ok(Decided::Done)
}

/// The conversation of a send that is held.
fn find(work: &Work<'_>, send: SendId) -> rusqlite::Result<Result<i64, Decided>> {
    let found: Option<(i64, bool)> = work
        .db
        .prepare_cached("SELECT conversation, status = 7 FROM send WHERE id = ?1")?
        .query_row([send.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Err(Decided::Unknown),
        Some((_, false)) => Err(Decided::NotHeld),
        Some((conversation, true)) => Ok(conversation),
    })
}

/// The held send behind which another is held.
fn before(work: &Work<'_>, send: SendId) -> rusqlite::Result<Option<i64>> {
    work.db
        .prepare_cached("SELECT id FROM send WHERE status = 7 AND next = ?1")?
        .query_row([send.0], |row| row.get(0))
        .optional()
}
