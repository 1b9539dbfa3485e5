//! Sends between their plan and their end.

use rusqlite::{OptionalExtension, params};

use super::disclosure::{self, SAID};
use super::rights::Link;
use super::step::SaidSoFar;
use super::traced::CAUSE;
use super::work::Work;
use super::{conversation, held, outcome, parked, rights, traced, unanswered};
use crate::clock::Timestamp;
use crate::id::{AccountId, EventId, MessageId, PersonId, SendId, Thread};
use crate::message::{Reason, Request};
use crate::policy::Origin;
use crate::store::{Batch, Cause, SendDemand, SendOutcome, SendStatus, TakenSend};

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned<'a> {
    event: Option<EventId>,
    so_far: Option<SaidSoFar>,
    agent: Option<&'a str>,
}

impl<'a> Planned<'a> {
    /// A handler, in the turn of an event.
    pub(super) fn by(event: EventId, so_far: Option<SaidSoFar>) -> Planned<'static> {
        Planned { event: Some(event), so_far, agent: None }
    }

    /// Somebody through the API.
    pub(super) fn posted(agent: Option<&'a str>) -> Planned<'a> {
        Planned { event: None, so_far: None, agent }
    }
}

/// Plans sends, in order: a chain, behind the conversation's last send where that is not settled. What has lost its right to
/// another send is refused here, and the chain goes past it.
pub(super) fn plan(
    work: &mut Work<'_>,
    Planned { event, so_far, agent }: Planned<'_>,
    conversation: i64,
    sends: &[(SendId, &Request)],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (Some((first, _)), Some((last, _))) = (sends.first(), sends.last()) else { return Ok(()) };
    let (first, last) = (first.0, last.0);
    let (account, name, mut previous, tail): (String, String, Option<i64>, Option<i64>) = work
        .db
        .prepare_cached("SELECT account, person, last_send, send_tail FROM conversation WHERE id = ?1")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let turn = so_far.map_or(first, |so_far| so_far.turn.0);
    let origin = if agent.is_some() { Origin::Agent } else { Origin::Bot };
    let chain = rights::take(work, &AccountId::new(account.as_str()), origin, sends, now)?;
    let held = match (so_far, chain.first) {
        (Some(so_far), Some(first)) => match held::last_of_turn(work, so_far.turn)? {
            Some(last) => held::join(work, last, first)?,
            None => None,
        },
        _ => None,
    };
    let mut status = match chain.first {
        Some(first) if held.is_none() => stand_behind(work, tail, first.0)?,
        _ => SendStatus::Held,
    };
    let mut insert = work.db.prepare_cached(
        "INSERT INTO send (id, event, turn, conversation, previous, next, account, person, agent, request, status, due, at,
                           reason, rule, private)
         VALUES (?1, ?2, ?12, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?13, ?14, ?15)",
    )?;
    for ((id, request), Link { lost, next }) in sends.iter().zip(&chain.links) {
        let person = conversation::person(&name, &request.recipient).unwrap_or_default();
        let private = request.recipient.thread() == Thread::Comments;
        let request =
            serde_json::to_string(request).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        insert.execute(params![
            id.0,
            event.map(|event| event.0),
            conversation,
            previous,
            next.map(|next| next.0),
            account,
            person,
            agent,
            request,
            lost.map_or(status, |_| SendStatus::Refused) as i64,
            now.0,
            turn,
            lost.map(|lost| lost.reason).or(held.as_deref()),
            lost.map(|lost| lost.rule),
            private,
        ])?;
        previous = Some(id.0);
        if held.is_none() && lost.is_none() {
            status = SendStatus::Waiting;
        }
    }
    drop(insert);
    let tail = chain.last.filter(|_| held.is_none()).map(|last| last.0).or(tail);
    let said_at = sends.iter().any(|(_, request)| request.as_message().is_some()).then_some(now.0);
    work.db
        .prepare_cached(&format!("UPDATE conversation SET {SAID}, last_send = ?3, send_tail = ?4 WHERE id = ?1"))?
        .execute(params![conversation, said_at, last, tail])?;
    for ((id, _), link) in sends.iter().zip(&chain.links) {
        if held.is_some() || link.lost.is_some() {
            outcome::tell(work, *id, now)?;
        }
    }
    Ok(())
}

/// Where a send stands that comes behind `tail`: waiting, where that is not settled.
pub(super) fn stand_behind(work: &mut Work<'_>, tail: Option<i64>, send: i64) -> rusqlite::Result<SendStatus> {
    let behind = work
        .db
        .prepare_cached("UPDATE send SET next = ?2 WHERE id = ?1 AND status < 4")?
        .execute(params![tail, send])?;
    let status = if behind == 1 { SendStatus::Waiting } else { SendStatus::Ready };
    work.woke.sends |= status == SendStatus::Ready;
    Ok(status)
}

/// Gives what is due, but for what the sender has already. What cannot be read as a request any more has failed: it must
/// not stop the others.
pub(in crate::store) fn take(
    work: &mut Work<'_>,
    room: &[SendDemand],
    now: Timestamp,
) -> rusqlite::Result<Batch<TakenSend>> {
    let mut taken = Batch { items: Vec::new(), next_due: None };
    for SendDemand { account, slots, in_flight } in room {
        for kept in due(work, account, *slots, in_flight, now)? {
            match request(&kept.request) {
                Ok(request) => {
                    let Kept { id, person, attempts, was_in_doubt, origin, request: _, answers, cause } = kept;
                    taken.items.push(TakenSend {
                        id,
                        account: account.clone(),
                        person,
                        attempts,
                        was_in_doubt,
                        origin,
                        request,
                        answers,
                        cause,
                    });
                }
                Err(_) => {
                    settle(work, kept.id, &SendOutcome::Failed { reason: UNREADABLE.into() }, now)?;
                }
            }
        }
        let next = work
            .db
            .prepare_cached("SELECT due FROM send WHERE account = ?1 AND status = 0 AND due > ?2 ORDER BY due LIMIT 1")?
            .query_row(params![account.as_str(), now.0], |row| row.get(0).map(Timestamp))
            .optional()?;
        taken.next_due = [taken.next_due, next].into_iter().flatten().min();
    }
    Ok(taken)
}

const UNREADABLE: &str = "the kept request cannot be read";

struct Kept {
    id: SendId,
    person: PersonId,
    attempts: u32,
    was_in_doubt: bool,
    origin: Origin,
    request: String,
    answers: Option<Timestamp>,
    cause: Option<Cause>,
}

fn due(
    work: &Work<'_>,
    account: &AccountId,
    slots: usize,
    in_flight: &[SendId],
    now: Timestamp,
) -> rusqlite::Result<Vec<Kept>> {
    let mut statement = work.db.prepare_cached(&format!(
        "SELECT id, person, attempts, doubted_since IS NOT NULL, agent IS NOT NULL, request, answers, {CAUSE} FROM send
         WHERE account = ?1 AND status = 0 AND due <= ?2 ORDER BY due, id LIMIT ?3",
    ))?;
    let mut rows = statement.query(params![account.as_str(), now.0, slots + in_flight.len()])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let id = SendId(row.get(0)?);
        if kept.len() < slots && !in_flight.contains(&id) {
            let person = PersonId::new(row.get::<_, String>(1)?);
            let (attempts, was_in_doubt) = (row.get(2)?, row.get(3)?);
            let origin = if row.get(4)? { Origin::Agent } else { Origin::Bot };
            let answers = row.get::<_, Option<i64>>(6)?.map(Timestamp);
            let (request, cause) = (row.get(5)?, traced::cause(row, 7)?);
            kept.push(Kept { id, person, attempts, was_in_doubt, origin, request, answers, cause });
        }
    }
    Ok(kept)
}

/// A request as it was kept.
pub(super) fn request(text: &str) -> serde_json::Result<Request> {
    serde_json::from_str(text)
}

/// On its way, from here on.
pub(in crate::store) fn sending(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = work
        .db
        .prepare_cached(
            "UPDATE send SET status = 2, attempts = attempts + 1, attempted_at = ?2, at = ?2, error = NULL,
               epochs = iif(instr(epochs, ?3), epochs, rtrim(epochs) || ?3)
             WHERE id = ?1 AND status = 0",
        )?
        .execute(params![send.0, now.0, format!(" {} ", work.own.epoch())])?;
    Ok(changed == 1)
}

/// What an outcome writes.
struct Change<'a> {
    status: SendStatus,
    due: Timestamp,
    rule: Option<&'a str>,
    reason: Option<&'a str>,
    message_id: Option<&'a str>,
    /// Meta's words about it: JSON. Without new ones, those of the last attempt stay until the next; what was sent or refused by
    /// policy has none.
    error: Option<String>,
    /// For a doubt: whether no answer came at all.
    silent: Option<bool>,
}

/// The end of an attempt. A send that an echo has settled stays settled; at most it learns its message id. True when a person who
/// waited for it gets no answer any more.
pub(in crate::store) fn settle(
    work: &mut Work<'_>,
    send: SendId,
    outcome: &SendOutcome,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let change = change(outcome, now);
    let open: Option<(i64, Option<i64>, i64)> = work
        .db
        .prepare_cached("SELECT conversation, next, status FROM send WHERE id = ?1 AND status IN (0, 1, 2, 3, 7)")?
        .query_row([send.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((conversation, next, was)) = open else {
        learn(work, send, change.message_id)?;
        return Ok(false);
    };
    work.db
        .prepare_cached(
            "UPDATE send SET status = ?2, due = ?3, at = ?4, rule = ?5, reason = ?6, message_id = ifnull(?7, message_id),
               error = CASE WHEN ?2 IN (4, 5) THEN NULL ELSE ifnull(?9, error) END,
               silent = ifnull(?8, silent), doubts = doubts + (?8 IS NOT NULL),
               looks = CASE WHEN ?8 IS NULL THEN looks ELSE 0 END,
               doubted_since = CASE WHEN ?8 IS NOT NULL THEN ifnull(doubted_since, attempted_at) ELSE doubted_since END
             WHERE id = ?1",
        )?
        .execute(params![
            send.0,
            change.status as i64,
            change.due.0,
            now.0,
            change.rule,
            change.reason,
            change.message_id,
            change.silent,
            change.error,
        ])?;
    match change.status {
        SendStatus::Ready => work.woke.sends = true,
        SendStatus::InDoubt => work.woke.doubts = true,
        SendStatus::Held => held::hold_the_rest(work, conversation, send, next, now)?,
        _ => match SendStatus::from_number(was) {
            Some(SendStatus::Held) => held::step_out(work, conversation, send, next, now)?,
            Some(SendStatus::Waiting) => step_out(work, conversation, send, next)?,
            _ => come_forward(work, next, now)?,
        },
    }
    let mut in_vain = false;
    if matches!(change.status, SendStatus::Refused | SendStatus::Failed) {
        rights::give_back(work, send)?;
        disclosure::undone(work, conversation, send)?;
        in_vain = unanswered::not_sent(work, conversation, send, now)?;
    }
    if matches!(change.status, SendStatus::Refused | SendStatus::Failed | SendStatus::Held) {
        outcome::tell(work, send, now)?;
    }
    parked::look_again(work, conversation, now)?;
    Ok(in_vain)
}

fn change<'a>(outcome: &'a SendOutcome, now: Timestamp) -> Change<'a> {
    let settled =
        |status| Change { status, due: now, rule: None, reason: None, message_id: None, error: None, silent: None };
    let because = |status, reason: &'a Reason| {
        let error = reason.meta().and_then(|error| serde_json::to_string(error).ok());
        Change { reason: Some(reason.as_str()), error, ..settled(status) }
    };
    match outcome {
        SendOutcome::Sent { message_id } => {
            Change { message_id: message_id.as_ref().map(MessageId::as_str), ..settled(SendStatus::Sent) }
        }
        SendOutcome::Refused { rule, reason } => {
            Change { rule: Some(rule), reason: Some(reason), ..settled(SendStatus::Refused) }
        }
        SendOutcome::Failed { reason } => because(SendStatus::Failed, reason),
        SendOutcome::InDoubt { reason, silent } => {
            Change { silent: Some(*silent), ..because(SendStatus::InDoubt, reason) }
        }
        SendOutcome::Held { reason } => because(SendStatus::Held, reason),
        SendOutcome::Later { at, reason } => Change { due: *at, ..because(SendStatus::Ready, reason) },
    }
}

fn learn(work: &Work<'_>, send: SendId, message_id: Option<&str>) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE send SET message_id = ?2 WHERE id = ?1 AND message_id IS NULL AND ?2 IS NOT NULL")?
        .execute(params![send.0, message_id])
        .map(drop)
}

/// A send that turned out to have arrived while it waited behind others leaves the queue.
fn step_out(work: &Work<'_>, conversation: i64, send: SendId, next: Option<i64>) -> rusqlite::Result<()> {
    let before: Option<i64> = work
        .db
        .prepare_cached("SELECT id FROM send WHERE status < 4 AND next = ?1 AND conversation = ?2")?
        .query_row([send.0, conversation], |row| row.get(0))
        .optional()?;
    work.db.prepare_cached("UPDATE send SET next = ?2 WHERE id = ?1")?.execute(params![before, next])?;
    work.db
        .prepare_cached("UPDATE conversation SET send_tail = ?3 WHERE id = ?1 AND send_tail = ?2")?
        .execute(params![conversation, send.0, before])
        .map(drop)
}

/// The send behind one that is settled.
pub(super) fn come_forward(work: &mut Work<'_>, next: Option<i64>, now: Timestamp) -> rusqlite::Result<()> {
    let Some(next) = next else { return Ok(()) };
    work.woke.sends = true;
    work.db
        .prepare_cached("UPDATE send SET status = 0, due = max(due, ?2) WHERE id = ?1 AND status = 1")?
        .execute(params![next, now.0])
        .map(drop)
}
