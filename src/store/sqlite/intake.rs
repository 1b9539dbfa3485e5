//! A delivery into the inbox.

use rusqlite::params;

use super::conversation::{self, Conversation};
use super::echo::{self, Recognised};
use super::work::Work;
use super::{answer, disclosure, inbox, keys, ledger};
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Unreadable};
use crate::id::{AppId, PersonId};
use crate::store::{Appended, Delivery, EventStatus, Intake};

/// Keeps every new event of a delivery.
pub(in crate::store) fn append(work: &mut Work<'_>, delivery: &Delivery) -> rusqlite::Result<Appended> {
    let mut appended = Appended::default();
    for item in &delivery.items {
        match item {
            Intake::Handled(envelope) => event(work, envelope, true, delivery.received_at, &mut appended).map(drop)?,
            Intake::Awaited(envelope, until) => {
                if let Some(id) = event(work, envelope, true, delivery.received_at, &mut appended)? {
                    answer::await_until(work, id, *until)?;
                }
            }
            Intake::Kept(envelope) => event(work, envelope, false, delivery.received_at, &mut appended).map(drop)?,
            Intake::Unreadable(piece) => quarantine(work, piece, delivery.received_at, &mut appended)?,
        }
    }
    Ok(appended)
}

/// Keeps an event. Returns its id, where it is new.
fn event(
    work: &mut Work<'_>,
    envelope: &Envelope,
    handled: bool,
    now: Timestamp,
    appended: &mut Appended,
) -> rusqlite::Result<Option<i64>> {
    if !keys::remember(work, &envelope.key, envelope.standby, now)? {
        appended.repeated += 1;
        return Ok(None);
    }
    let person = envelope.person.as_ref().map_or("", PersonId::as_str);
    let conversation = conversation::open(work, envelope.account.as_str(), envelope.thread, person)?;
    let recognised = match &envelope.event {
        Event::Echo(echo) => echo::recognise(work, &envelope.account, &conversation, echo, now)?,
        _ => Recognised::Foreign,
    };
    let id = next_id(work);
    let status = match recognised {
        Recognised::Own => EventStatus::Done,
        _ if !handled => EventStatus::Done,
        Recognised::Perhaps => EventStatus::Parked,
        Recognised::Foreign => inbox::enqueue(work, conversation.queue_tail, id)?,
    };
    work.woke.events |= status == EventStatus::Ready;
    if recognised == Recognised::Own {
        appended.own_echoes += 1;
    } else {
        appended.new += 1;
    }
    insert(work, envelope, id, &conversation, status, now)?;
    record(work, envelope, id, &conversation, status, now)?;
    ledger::feed(work, envelope, conversation.id, now)?;
    disclosure::heard(work, envelope, conversation.id, recognised == Recognised::Foreign, now)?;
    Ok(Some(id))
}

fn insert(
    work: &Work<'_>,
    envelope: &Envelope,
    id: i64,
    conversation: &Conversation,
    status: EventStatus,
    now: Timestamp,
) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(
            "INSERT INTO event (id, conversation, previous, account, person, kind, status, standby, at, received_at, due, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)",
        )?
        .execute(params![
            id,
            conversation.id,
            conversation.last_event,
            envelope.account.as_str(),
            envelope.person.as_ref().map(PersonId::as_str),
            envelope.kind().as_str(),
            status as i64,
            envelope.standby,
            envelope.at.map(|at| at.0),
            now.0,
            envelope.raw.get().as_bytes(),
        ])
        .map(drop)
}

/// Writes what an event says of its conversation into its row: to its history, its queue and the ledger. Late and repeated
/// events never turn the window back.
fn record(
    work: &Work<'_>,
    envelope: &Envelope,
    id: i64,
    conversation: &Conversation,
    status: EventStatus,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let owner = ledger::owner_after(&conversation.owner, envelope, work.own, now);
    let owner = owner.as_ref().unwrap_or(&conversation.owner);
    let queued = matches!(status, EventStatus::Ready | EventStatus::Waiting).then_some(id);
    work.db
        .prepare_cached(
            "UPDATE conversation SET last_event = ?2, last_event_at = ?3, queue_tail = ifnull(?4, queue_tail),
               opened_by = CASE WHEN ?5 > ifnull(opened_at, -1) THEN ?6 ELSE opened_by END,
               opened_at = CASE WHEN ?5 > ifnull(opened_at, -1) THEN ?5 ELSE opened_at END,
               last_message_at = CASE WHEN ?7 > ifnull(last_message_at, -1) THEN ?7 ELSE last_message_at END,
               owner = ?8, owner_at = ?9
             WHERE id = ?1",
        )?
        .execute(params![
            conversation.id,
            id,
            now.0,
            queued,
            ledger::opened_at(envelope, now),
            envelope.kind().as_str(),
            ledger::written_at(envelope, now),
            owner.app.as_ref().map(AppId::as_str),
            owner.at.map(|at| at.0),
        ])
        .map(drop)
}

/// What is signed and cannot be read is kept with its reason, outside any conversation.
fn quarantine(
    work: &mut Work<'_>,
    piece: &Unreadable,
    now: Timestamp,
    appended: &mut Appended,
) -> rusqlite::Result<()> {
    if !keys::remember(work, &piece.key, false, now)? {
        appended.repeated += 1;
        return Ok(());
    }
    appended.quarantined += 1;
    let id = next_id(work);
    work.db
        .prepare_cached(
            "INSERT INTO event (id, conversation, account, kind, status, standby, at, received_at, due, error, piece, raw)
             VALUES (?1, 0, ?2, 'other', ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id,
            piece.origin.as_ref().map(|origin| origin.account.as_str()),
            EventStatus::Quarantined as i64,
            piece.origin.as_ref().is_some_and(|origin| origin.standby),
            piece.origin.as_ref().and_then(|origin| origin.time).map(|time| time.0),
            now.0,
            piece.reason,
            piece.piece.as_str(),
            piece.raw,
        ])
        .map(drop)
}

pub(super) fn next_id(work: &mut Work<'_>) -> i64 {
    *work.last_event += 1;
    *work.last_event
}
