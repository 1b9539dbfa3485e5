//! Sends of which nobody can tell whether they arrived, for those who look for evidence.

use rusqlite::{OptionalExtension, params};

use super::conversation::{self, Conversation};
use super::traced::{self, CAUSE};
use super::work::Work;
use super::{echo, outbox};
use crate::clock::Timestamp;
use crate::id::{PersonId, SendId};
use crate::store::{Batch, Cause, SendDemand, SendOutcome, TakenDoubt};

/// Gives the doubts that are due, as many as there is room for. They stay in doubt, and are given again unless they stand
/// among those in flight.
pub(in crate::store) fn take(
    work: &mut Work<'_>,
    room: &[SendDemand],
    now: Timestamp,
) -> rusqlite::Result<Batch<TakenDoubt>> {
    let mut taken = Batch { items: Vec::new(), next_due: None };
    for room in room {
        for kept in due(work, room, now)? {
            let Ok(request) = outbox::request(&kept.request) else {
                let reason = "the kept request cannot be read".into();
                outbox::settle(work, kept.id, &SendOutcome::Held { reason }, now)?;
                continue;
            };
            let conversation = conversation::get(work, kept.conversation)?;
            let bound = echo::bound(work, conversation.last_send, kept.id)?;
            taken.items.push(TakenDoubt {
                id: kept.id,
                account: room.account.clone(),
                person: kept.person,
                request,
                attempts: kept.attempts,
                attempted_at: kept.attempted_at,
                doubted_since: kept.doubted_since,
                doubts: kept.doubts,
                looks: kept.looks,
                silent: kept.silent,
                reason: kept.reason,
                has_messages: !bound.is_empty() || has_messages(work, &conversation)?,
                bound,
                cause: kept.cause,
            });
        }
        let next = work
            .db
            .prepare_cached("SELECT due FROM send WHERE account = ?1 AND status = 3 AND due > ?2 ORDER BY due LIMIT 1")?
            .query_row(params![room.account.as_str(), now.0], |row| row.get(0).map(Timestamp))
            .optional()?;
        taken.next_due = [taken.next_due, next].into_iter().flatten().min();
    }
    Ok(taken)
}

/// How many of a conversation's last events are searched for a message.
const REACH: usize = 50;

/// Whether one of the conversation's last events is a message, or is about one.
fn has_messages(work: &Work<'_>, conversation: &Conversation) -> rusqlite::Result<bool> {
    let written = "SELECT 1 FROM conversation WHERE id = ?1 AND last_message_at IS NOT NULL";
    if work.db.prepare_cached(written)?.exists([conversation.id])? {
        return Ok(true);
    }
    let mut statement = work.db.prepare_cached(
        "SELECT kind IN ('message', 'echo', 'postback', 'edit', 'reaction'), previous FROM event WHERE id = ?1",
    )?;
    let mut next = conversation.last_event;
    for _ in 0..REACH {
        let row: Option<(bool, Option<i64>)> =
            statement.query_row([next], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((true, _)) => return Ok(true),
            Some((false, previous)) => next = previous,
            None => break,
        }
    }
    Ok(false)
}

struct Kept {
    id: SendId,
    conversation: i64,
    person: PersonId,
    request: String,
    attempts: u32,
    attempted_at: Timestamp,
    doubted_since: Timestamp,
    doubts: u32,
    looks: u32,
    silent: bool,
    reason: String,
    cause: Option<Cause>,
}

fn due(work: &Work<'_>, room: &SendDemand, now: Timestamp) -> rusqlite::Result<Vec<Kept>> {
    let mut statement = work.db.prepare_cached(&format!(
        "SELECT id, conversation, person, request, attempts, ifnull(attempted_at, at),
                ifnull(doubted_since, ifnull(attempted_at, at)), silent, ifnull(reason, ''), doubts, looks, {CAUSE}
         FROM send
         WHERE account = ?1 AND status = 3 AND due <= ?2 ORDER BY due, id LIMIT ?3",
    ))?;
    let most = room.slots + room.in_flight.len();
    let kept = statement.query_map(params![room.account.as_str(), now.0, most], |row| {
        Ok(Kept {
            id: SendId(row.get(0)?),
            conversation: row.get(1)?,
            person: PersonId::new(row.get::<_, String>(2)?),
            request: row.get(3)?,
            attempts: row.get(4)?,
            attempted_at: Timestamp(row.get(5)?),
            doubted_since: Timestamp(row.get(6)?),
            silent: row.get(7)?,
            reason: row.get(8)?,
            doubts: row.get(9)?,
            looks: row.get(10)?,
            cause: traced::cause(row, 11)?,
        })
    })?;
    let kept = kept.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(kept.into_iter().filter(|kept| !room.in_flight.contains(&kept.id)).take(room.slots).collect())
}

/// Nothing is known yet: it is looked at again at `at`. `counts`: whether somebody has looked in vain.
pub(in crate::store) fn look_again(
    work: &mut Work<'_>,
    send: SendId,
    at: Timestamp,
    counts: bool,
) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE send SET due = ?2, looks = looks + ?3 WHERE id = ?1 AND status = 3")?
        .execute(params![send.0, at.0, counts])
        .map(drop)
}
