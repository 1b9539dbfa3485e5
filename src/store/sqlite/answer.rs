//! Who waits for an answer, until when, and what they are shown meanwhile (policy P7).
//!
//! An event that must be answered carries the moment by which its handler has to have done so. The first message that is
//! planned for it takes the moment away, and knows since when the person has waited. The event keeps which send that was: where
//! it is not sent the moment comes back (`unanswered`).

use rusqlite::{Connection, OptionalExtension, params};

use super::disclosure;
use super::outbox::{self, Planned};
use super::turn::{self, Turn};
use super::work::Work;
use crate::clock::Timestamp;
use crate::effect::Effects;
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::store::{AutomaticReplies, Batch, Overdue, Typing, recipient};

/// A person, or another app, has spoken for the account at `at`, or is about to by a send of ours: the bot's answer is not waited
/// for any more.
pub(super) fn by_others(
    work: &Work<'_>,
    conversation: i64,
    send: Option<SendId>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    disclosure::others_spoke(work, conversation, at)?;
    all_answered(work, conversation, send, at)
}

/// When an event happened: at its own time, and never later than its arrival.
pub(super) const HAPPENED_AT: &str = "min(ifnull(at, received_at), received_at)";

/// An event that is overdue, and that no handler has in hand: one that is done only where its answer was not sent.
pub(super) const OVERDUE: &str = "answer_by <= ?1 AND status <> 2 AND (status <> 3 OR answer_restored = 1)";

/// Takes the wait away, and keeps by what.
const ANSWERED: &str = "UPDATE event SET answered_by = ?2, answer_was_by = answer_by, answer_by = NULL";

/// Whatever waited in this conversation at `at` has its answer: said already, or by `send`.
fn all_answered(work: &Work<'_>, conversation: i64, send: Option<SendId>, at: Timestamp) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(&format!(
            "{ANSWERED} WHERE conversation = ?1 AND answer_by IS NOT NULL AND {HAPPENED_AT} <= ?3",
        ))?
        .execute(params![conversation, send.map(|send| send.0), at.0])
        .map(drop)
}

/// The fallback answers this event, and whatever else waits in its conversation. There is nothing to say in its place where it
/// is not sent.
pub(super) fn by_fallback(work: &Work<'_>, turn: &Turn, send: SendId, now: Timestamp) -> rusqlite::Result<()> {
    all_answered(work, turn.conversation, None, now)?;
    work.db
        .prepare_cached("UPDATE event SET answer_restored = 1 WHERE id = ?1 AND answered_by = ?2")?
        .execute([turn.event.0, send.0])
        .map(drop)
}

/// Whether somebody still waits for this event's answer.
pub(super) fn is_awaited(work: &Work<'_>, event: EventId) -> rusqlite::Result<bool> {
    work.db.prepare_cached("SELECT 1 FROM event WHERE id = ?1 AND answer_by IS NOT NULL")?.exists([event.0])
}

/// A message is planned for this event. The first one to an event that had to be answered is its answer.
pub(super) fn answered(work: &Work<'_>, event: EventId, send: SendId) -> rusqlite::Result<()> {
    let first = work
        .db
        .prepare_cached(&format!("{ANSWERED} WHERE id = ?1 AND answer_by IS NOT NULL"))?
        .execute([event.0, send.0])?;
    if first == 0 {
        return Ok(());
    }
    work.db
        .prepare_cached(&format!(
            "UPDATE send SET answers = (SELECT {HAPPENED_AT} FROM event WHERE id = ?2) WHERE id = ?1",
        ))?
        .execute([send.0, event.0])
        .map(drop)
}

/// The events whose answer is overdue, `most` at a time, and when the next one will be. What a handler has in hand is left
/// to its deadline.
pub(in crate::store) fn overdue(
    db: &Connection,
    accounts: &[AccountId],
    most: usize,
    now: Timestamp,
) -> rusqlite::Result<Batch<Overdue>> {
    let mut taken = Batch { items: Vec::new(), next_due: None };
    for account in accounts {
        let mut statement = db.prepare_cached(&format!(
            "SELECT event.id, thread, conversation.person FROM event JOIN conversation ON conversation.id = conversation
             WHERE event.account = ?2 AND {OVERDUE} ORDER BY answer_by, event.id LIMIT ?3",
        ))?;
        let rows = statement.query_map(params![now.0, account.as_str(), most], |row| {
            let person = PersonId::new(row.get::<_, String>(2)?);
            Ok((EventId(row.get(0)?), recipient(Thread::from_number(row.get(1)?), person)))
        })?;
        for row in rows {
            if let (event, Some(recipient)) = row? {
                taken.items.push(Overdue { event, account: account.clone(), recipient });
            }
        }
        let next: Option<i64> = db
            .prepare_cached(
                "SELECT answer_by FROM event WHERE account = ?1 AND answer_by > ?2 ORDER BY answer_by LIMIT 1",
            )?
            .query_row(params![account.as_str(), now.0], |row| row.get(0))
            .optional()?;
        taken.next_due = [taken.next_due, next.map(Timestamp)].into_iter().flatten().min();
    }
    Ok(taken)
}

/// Answers an overdue event with the fallback. The event itself stays where it is, and is handled once it can be.
pub(in crate::store) fn fall_back(
    work: &mut Work<'_>,
    event: EventId,
    owed: &AutomaticReplies,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let is_overdue = work
        .db
        .prepare_cached(&format!("SELECT 1 FROM event WHERE id = ?2 AND {OVERDUE}"))?
        .exists([now.0, event.0])?;
    if !is_overdue {
        return Ok(());
    }
    let turn = turn::of(work, event)?;
    turn::carry_out(work, &turn, &Effects::default(), owed, now)
}

/// Shows that somebody is at work, once for each event, and only while its turn runs and nothing of it was said.
pub(in crate::store) fn show_typing(work: &mut Work<'_>, typing: &Typing) -> rusqlite::Result<()> {
    let running: Option<i64> = work
        .db
        .prepare_cached(
            "SELECT conversation FROM event
             WHERE id = ?1 AND status = 2 AND attempts = ?2 AND answer_by IS NOT NULL AND typing = 0",
        )?
        .query_row(params![typing.event.0, typing.attempt], |row| row.get(0))
        .optional()?;
    let Some(conversation) = running else { return Ok(()) };
    work.db.prepare_cached("UPDATE event SET typing = 1 WHERE id = ?1")?.execute([typing.event.0])?;
    let sends = [(typing.send, &typing.request)];
    outbox::plan(work, Planned::by(typing.event, None), conversation, &sends, typing.now)
}
