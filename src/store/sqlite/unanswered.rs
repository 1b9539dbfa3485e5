//! An answer that was counted on, and was refused or has failed (policy P7.1).
//!
//! A planned message takes the person's wait away (`answer`). When it does not arrive, the next message of its turn takes its
//! place. Where there is none the wait comes back, once: the handler of an event that is done does not run again, so that its
//! fallback is due at once. A fallback that is refused ends the wait.

use rusqlite::{OptionalExtension, params};

use super::answer::HAPPENED_AT;
use super::work::Work;
use super::{conversation, outbox};
use crate::clock::Timestamp;
use crate::id::SendId;

/// How many of a conversation's last events, or sends, are looked at.
const REACH: usize = 50;

/// A message was refused or has failed. True when a person who waited for it gets no answer any more.
pub(super) fn not_sent(work: &mut Work<'_>, conversation: i64, send: SendId, now: Timestamp) -> rusqlite::Result<bool> {
    let events = answered_by(work, conversation, send)?;
    if events.is_empty() {
        return Ok(false);
    }
    let next = next_of_its_turn(work, conversation, send)?;
    let mut in_vain = false;
    for event in events {
        match next {
            Some(next) => count_on(work, event, next)?,
            None => in_vain |= !restore(work, event, now)?,
        }
    }
    work.woke.answers |= next.is_none();
    Ok(in_vain)
}

/// A message that seemed not to have arrived has arrived after all: the wait for it is over.
pub(super) fn sent_after_all(work: &Work<'_>, conversation: i64, send: SendId) -> rusqlite::Result<()> {
    for event in answered_by(work, conversation, send)? {
        work.db.prepare_cached("UPDATE event SET answer_by = NULL WHERE id = ?1")?.execute([event])?;
    }
    Ok(())
}

/// The events of which this send was to be the answer.
fn answered_by(work: &Work<'_>, conversation: i64, send: SendId) -> rusqlite::Result<Vec<i64>> {
    let mut statement = work.db.prepare_cached("SELECT answered_by IS ?2, previous FROM event WHERE id = ?1")?;
    let (mut next, mut events) = (conversation::get(work, conversation)?.last_event, Vec::new());
    for _ in 0..REACH {
        let Some(event) = next else { break };
        let row: Option<(bool, Option<i64>)> =
            statement.query_row([event, send.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((is_answered_by, previous)) = row else { break };
        if is_answered_by {
            events.push(event);
        }
        next = previous;
    }
    Ok(events)
}

/// The next message that was planned in the same turn, and may still arrive or has.
fn next_of_its_turn(work: &Work<'_>, conversation: i64, send: SendId) -> rusqlite::Result<Option<SendId>> {
    let mut statement = work.db.prepare_cached(
        "SELECT turn = (SELECT turn FROM send WHERE id = ?2) AND status NOT IN (5, 6), request, previous FROM send WHERE id = ?1",
    )?;
    let (mut next, mut found) = (conversation::get(work, conversation)?.last_send, None);
    for _ in 0..REACH {
        let Some(id) = next.filter(|id| *id != send.0) else { break };
        let row: Option<(bool, String, Option<i64>)> =
            statement.query_row([id, send.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((may_answer, request, previous)) = row else { break };
        if may_answer && outbox::request(&request).is_ok_and(|request| request.as_message().is_some()) {
            found = Some(SendId(id));
        }
        next = previous;
    }
    Ok(found)
}

/// Another send is to be the answer.
fn count_on(work: &Work<'_>, event: i64, send: SendId) -> rusqlite::Result<()> {
    work.db.prepare_cached("UPDATE event SET answered_by = ?2 WHERE id = ?1")?.execute([event, send.0])?;
    work.db
        .prepare_cached(&format!(
            "UPDATE send SET answers = (SELECT {HAPPENED_AT} FROM event WHERE id = ?2) WHERE id = ?1 AND agent IS NULL",
        ))?
        .execute([send.0, event])
        .map(drop)
}

/// The person waits again; false when they did so before.
fn restore(work: &Work<'_>, event: i64, now: Timestamp) -> rusqlite::Result<bool> {
    let restored = work
        .db
        .prepare_cached(
            "UPDATE event SET answer_by = iif(status = 3, min(answer_was_by, ?2), answer_was_by), answer_restored = 1
             WHERE id = ?1 AND answer_restored = 0 AND answer_was_by IS NOT NULL",
        )?
        .execute(params![event, now.0])?;
    Ok(restored == 1)
}
