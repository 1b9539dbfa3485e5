//! An answer that was counted on, and was refused or has failed (policy P7.1).
//!
//! A planned message takes the person's wait away (`answer`). When it does not arrive, another message may be the answer in its
//! place: a later one of its turn, one to the same event, or one that an agent wrote since. Where there is none the wait comes
//! back, once, unless the account has spoken otherwise since: the handler of an event that is done does not run again, so that
//! its fallback is due at once. A fallback that is not sent does not bring the wait back.

use rusqlite::{OptionalExtension, params};

use super::answer::HAPPENED_AT;
use super::work::Work;
use super::{conversation, outbox};
use crate::clock::Timestamp;
use crate::event::Echo;
use crate::id::SendId;

/// How many of a conversation's last events, or sends, are looked at.
const REACH: usize = 50;

/// A message was refused or has failed. True when a person who waited for it gets no answer any more.
pub(super) fn not_sent(work: &mut Work<'_>, conversation: i64, send: SendId, now: Timestamp) -> rusqlite::Result<bool> {
    let mut in_vain = false;
    for event in answered_by(work, send)? {
        match another_answer(work, conversation, send, event)? {
            Some(other) => count_on(work, event, other)?,
            None if was_answered_otherwise(work, conversation, event)? => forget(work, event)?,
            None => {
                in_vain |= !restore(work, event, now)?;
                work.woke.answers = true;
            }
        }
    }
    Ok(in_vain)
}

/// A message that seemed not to have arrived has arrived after all: the wait for it is over.
pub(super) fn sent_after_all(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    let sql = "UPDATE event SET answer_by = NULL, answered_by = NULL WHERE id = ?1";
    for event in answered_by(work, send)? {
        work.db.prepare_cached(sql)?.execute([event])?;
    }
    Ok(())
}

/// The operator has given a message up: nothing is to be said in its place.
pub(super) fn dropped(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    for event in answered_by(work, send)? {
        forget(work, event)?;
    }
    Ok(())
}

/// The events of which this send was to be the answer: the one that its handler was given; of an agent's, whatever waited.
fn answered_by(work: &Work<'_>, send: SendId) -> rusqlite::Result<Vec<i64>> {
    let (event, by_agent, conversation): (Option<i64>, bool, i64) = work
        .db
        .prepare_cached("SELECT event, agent IS NOT NULL, conversation FROM send WHERE id = ?1")?
        .query_row([send.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut statement = work.db.prepare_cached("SELECT answered_by IS ?2, previous FROM event WHERE id = ?1")?;
    let mut read = |event: i64| {
        statement
            .query_row([event, send.0], |row| Ok((row.get::<_, bool>(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional()
    };
    if !by_agent {
        let Some(event) = event else { return Ok(Vec::new()) };
        return Ok(read(event)?.filter(|(is_its, _)| *is_its).map(|_| event).into_iter().collect());
    }
    let (mut next, mut events) = (conversation::get(work, conversation)?.last_event, Vec::new());
    for _ in 0..REACH {
        let Some(event) = next else { break };
        let Some((is_its, previous)) = read(event)? else { break };
        events.extend(is_its.then_some(event));
        next = previous;
    }
    Ok(events)
}

/// Another message that may still be the answer to `event`, or has been: the first of those that were planned. That a bot speaks
/// is no answer.
fn another_answer(work: &Work<'_>, conversation: i64, send: SendId, event: i64) -> rusqlite::Result<Option<SendId>> {
    let mut statement = work.db.prepare_cached(
        "SELECT status NOT IN (5, 6)
                  AND id IS NOT (SELECT disclosed_by FROM conversation WHERE conversation.id = send.conversation)
                  AND (event IS ?3 OR id > ?2 AND (agent IS NOT NULL OR turn = (SELECT turn FROM send WHERE id = ?2))),
                request, previous
         FROM send WHERE id = ?1",
    )?;
    let (mut next, mut found) = (conversation::get(work, conversation)?.last_send, None);
    for _ in 0..REACH {
        let Some(id) = next else { break };
        let row: Option<(bool, String, Option<i64>)> =
            statement.query_row([id, send.0, event], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((may_answer, request, previous)) = row else { break };
        if may_answer && outbox::request(&request).is_ok_and(|request| request.as_message().is_some()) {
            found = Some(SendId(id));
        }
        next = previous;
    }
    Ok(found)
}

/// Whether a person at the inbox, or another app, has spoken for the account since this event.
fn was_answered_otherwise(work: &Work<'_>, conversation: i64, event: i64) -> rusqlite::Result<bool> {
    // Echoes of our own are never given to a handler.
    let mut statement = work.db.prepare_cached(
        "SELECT previous, iif(kind = 'echo' AND (status IN (0, 1, 2) OR attempts > 0), raw, NULL) FROM event WHERE id = ?1",
    )?;
    let mut next = conversation::get(work, conversation)?.last_event;
    for _ in 0..REACH {
        let Some(id) = next.filter(|id| *id > event) else { break };
        let row = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((previous, echo)): Option<(Option<i64>, Option<Vec<u8>>)> = row else { break };
        if echo.and_then(|raw| Echo::of_item(&raw)).is_some_and(|echo| !echo.is_deleted) {
            return Ok(true);
        }
        next = previous;
    }
    Ok(false)
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

/// The event has its answer, or needs none.
fn forget(work: &Work<'_>, event: i64) -> rusqlite::Result<()> {
    work.db.prepare_cached("UPDATE event SET answered_by = NULL WHERE id = ?1")?.execute([event]).map(drop)
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
