//! A delivery into the inbox.

use rusqlite::params;

use super::conversation::{self, Conversation};
use super::disclosure::{self, SAID};
use super::echo::{self, Recognised};
use super::first_version::{self, Judged};
use super::work::Work;
use super::{inbox, keys, ledger};
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Unreadable};
use crate::id::{AppId, PersonId};
use crate::store::{Appended, EventStatus, Intake, WebhookBatch};
use crate::trace::Trace;

/// Keeps every new event of a delivery.
pub(in crate::store) fn append(work: &mut Work<'_>, delivery: &WebhookBatch) -> rusqlite::Result<Appended> {
    let (arrival, mut appended) = (Arrival { at: delivery.received_at, trace: delivery.trace }, Appended::default());
    for item in &delivery.items {
        match item {
            Intake::Handled(envelope) => event(work, envelope, Care::HANDLED, arrival, &mut appended)?,
            Intake::Awaited(envelope, until) => event(work, envelope, Care::by(*until), arrival, &mut appended)?,
            Intake::Kept(envelope) => event(work, envelope, Care::NONE, arrival, &mut appended)?,
            Intake::Unreadable(piece) => quarantine(work, piece, arrival, &mut appended)?,
        }
    }
    Ok(appended)
}

/// When a delivery arrived, and the trace that it belongs to.
#[derive(Clone, Copy)]
struct Arrival {
    at: Timestamp,
    trace: Trace,
}

/// What is to be done about an event.
#[derive(Clone, Copy)]
struct Care {
    is_handled: bool,
    answer_by: Option<Timestamp>,
}

impl Care {
    const NONE: Care = Care { is_handled: false, answer_by: None };
    const HANDLED: Care = Care { is_handled: true, answer_by: None };

    fn by(until: Timestamp) -> Care {
        Care { answer_by: Some(until), ..Care::HANDLED }
    }
}

/// An event's place in the store.
struct Place<'a> {
    id: i64,
    conversation: &'a Conversation,
    status: EventStatus,
    answer_by: Option<Timestamp>,
    /// Whether it is the echo of a send of ours, whose words count from when they are planned.
    is_own: bool,
}

/// Keeps an event, where it is new.
fn event(
    work: &mut Work<'_>,
    envelope: &Envelope,
    care: Care,
    arrival: Arrival,
    appended: &mut Appended,
) -> rusqlite::Result<()> {
    let now = arrival.at;
    if !keys::remember(work, &envelope.key, envelope.standby, now)? {
        appended.repeated += 1;
        return Ok(());
    }
    let conversation = conversation::open(work, envelope.account.as_str(), envelope.thread, envelope.conversation())?;
    let judged = first_version::judged(work, envelope, &conversation, now)?;
    let (envelope, care) = match &judged {
        Judged::AsRead => (envelope, care),
        Judged::Edit(edit) => (&**edit, Care { answer_by: None, ..care }),
        Judged::Answered => (envelope, Care::NONE),
        Judged::Also => (envelope, Care { answer_by: None, ..care }),
    };
    let recognised = match &envelope.event {
        Event::Echo(echo) => echo::recognise(work, envelope, &conversation, echo, now)?,
        _ => Recognised::Foreign,
    };
    let id = next_id(work);
    let status = match recognised {
        Recognised::Own => EventStatus::Done,
        // Also of an account that has left: it is evidence of a send that was under way.
        Recognised::Perhaps => EventStatus::Parked,
        _ if !care.is_handled => EventStatus::Done,
        Recognised::Foreign => inbox::enqueue(work, conversation.queue_tail, id)?,
    };
    work.woke.events |= status == EventStatus::Ready;
    if recognised == Recognised::Own {
        appended.own_echoes += 1;
    } else {
        appended.new += 1;
    }
    let place = Place {
        id,
        conversation: &conversation,
        status,
        answer_by: care.answer_by,
        is_own: recognised == Recognised::Own,
    };
    insert(work, envelope, &place, arrival)?;
    record(work, envelope, &place, now)?;
    ledger::feed(work, envelope, conversation.id, now)?;
    disclosure::heard(work, envelope, conversation.id, recognised == Recognised::Foreign, now)
}

fn insert(work: &Work<'_>, envelope: &Envelope, place: &Place<'_>, arrival: Arrival) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(
            "INSERT INTO event (id, conversation, previous, account, person, kind, status, standby, at, received_at, due,
                                answer_by, piece, trace, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            place.id,
            place.conversation.id,
            place.conversation.last_event,
            envelope.account.as_str(),
            envelope.person.as_ref().map(PersonId::as_str),
            envelope.kind().as_str(),
            place.status as i64,
            envelope.standby,
            envelope.at.map(|at| at.0),
            arrival.at.0,
            place.answer_by.map(|until| until.0),
            envelope.list,
            arrival.trace.to_bytes(),
            envelope.raw.get().as_bytes(),
        ])
        .map(drop)
}

/// Writes what an event says of its conversation into its row: to its history, its queue and the ledger, and that something
/// was said. Late and repeated events never turn the window back.
fn record(work: &Work<'_>, envelope: &Envelope, place: &Place<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let Place { id, conversation, status, .. } = place;
    let owner = ledger::owner_after(&conversation.owner, envelope, work.own, now);
    let owner = owner.as_ref().unwrap_or(&conversation.owner);
    let queued = matches!(status, EventStatus::Ready | EventStatus::Waiting).then_some(id);
    work.db
        .prepare_cached(&format!(
            "UPDATE conversation SET {SAID}, last_event = ?3, last_event_at = ?4, queue_tail = ifnull(?5, queue_tail),
               opened_by = CASE WHEN ?6 > ifnull(opened_at, -1) THEN ?7 ELSE opened_by END,
               opened_at = CASE WHEN ?6 > ifnull(opened_at, -1) THEN ?6 ELSE opened_at END,
               last_message_at = CASE WHEN ?8 > ifnull(last_message_at, -1) THEN ?8 ELSE last_message_at END,
               owner = ?9, owner_at = ?10
             WHERE id = ?1",
        ))?
        .execute(params![
            conversation.id,
            disclosure::said_at(envelope, now).filter(|_| !place.is_own).map(|at| at.0),
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
    Arrival { at: now, trace }: Arrival,
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
            "INSERT INTO event (id, conversation, account, kind, status, standby, at, received_at, due, error, piece, trace,
                                raw)
             VALUES (?1, 0, ?2, 'other', ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10)",
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
            trace.to_bytes(),
            piece.raw,
        ])
        .map(drop)
}

pub(super) fn next_id(work: &mut Work<'_>) -> i64 {
    *work.last_event += 1;
    *work.last_event
}
