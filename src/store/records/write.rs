//! The records of a happening, written.

use rusqlite::params;

use super::row::{list, packed};
use super::statements::Statements;
use super::tables::Marks;
use crate::conversation::live::{
    AccountImage, ConversationId, ConversationKey, EventRow, Grant, Image, Item, Record, RightKey, Send, SendState,
};
use crate::conversation::{EventStatus, SendStatus, TakenStep};
use crate::id::{AccountId, EventId, PersonId, SendId};

/// The shelves of `aside`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    LateEvent = 0,
    Dead = 1,
    Quarantined = 2,
    LateSend = 3,
    Refused = 4,
    Failed = 5,
    Held = 6,
}

impl Aside {
    /// Where a send of this status is found beside its row.
    pub(crate) fn of_send(status: SendStatus) -> Option<Aside> {
        match status {
            SendStatus::Refused => Some(Aside::Refused),
            SendStatus::Failed => Some(Aside::Failed),
            SendStatus::Held => Some(Aside::Held),
            _ => None,
        }
    }
}

pub(super) fn set_aside(db: &mut Statements<'_>, kind: Aside, id: i64) -> rusqlite::Result<()> {
    db.get("INSERT OR IGNORE INTO aside (kind, id) VALUES (?1, ?2)")?.execute(params![kind as i64, id]).map(drop)
}

pub(super) fn take_back(db: &mut Statements<'_>, kind: Aside, id: i64) -> rusqlite::Result<()> {
    db.get("DELETE FROM aside WHERE kind = ?1 AND id = ?2")?.execute(params![kind as i64, id]).map(drop)
}

/// The conversation that a record is about.
#[derive(Clone, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) id: ConversationId,
    pub(crate) key: &'a ConversationKey,
}

/// Writes a record. `image_number` gives the numbers of images.
pub(crate) fn record(
    db: &mut Statements<'_>,
    marks: &Marks,
    whose: &Whose<'_>,
    record: &Record,
    image_number: &mut i64,
) -> rusqlite::Result<()> {
    match record {
        Record::Begun(id, item) => begun(db, whose, *id, item),
        Record::Item(id, item) => replace_item(db, *id, item),
        Record::Event(row) => event(db, marks, row),
        Record::Step(event, number, step) => take_step(db, *event, *number, step),
        Record::Planned(send) => {
            planned(db, whose, send)?;
            send_state(db, marks, send.id, None, &send.state)
        }
        Record::Send { id, was, state } => send_state(db, marks, *id, Some(*was), state),
        Record::Repeated(send) => {
            db.get("UPDATE send_state SET repeats = repeats + 1 WHERE id = ?1")?.execute([send.0]).map(drop)
        }
        Record::Right(key, grant) => right(db, whose, key, grant.as_deref()),
        Record::State(value) => state(db, whose.id, value.as_deref()),
        Record::Image(written) => {
            *image_number += 1;
            image(db, whose, written, *image_number)
        }
    }
}

fn begun(db: &mut Statements<'_>, whose: &Whose<'_>, id: EventId, item: &Item) -> rusqlite::Result<()> {
    let key = whose.key;
    let person = item.person.as_ref().map(PersonId::as_str);
    db.get(
        "INSERT OR REPLACE INTO event (id, conversation, account, thread, person, name, kind, status, standby, at, received_at,
                                       handled, trace, raw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, 1, ?11, ?12)",
    )?
    .execute(params![
        id.0,
        whose.id.0,
        key.account.as_str(),
        key.thread as i64,
        person,
        name_beside(key, person),
        item.kind.as_str(),
        item.standby,
        item.at.map(|at| at.0),
        item.received_at.0,
        item.trace.to_bytes(),
        item.raw,
    ])
    .map(drop)
}

/// The name of a conversation, where it is not that of the event's person.
pub(super) fn name_beside<'a>(key: &'a ConversationKey, person: Option<&str>) -> Option<&'a str> {
    Some(key.name.as_str()).filter(|name| *name != person.unwrap_or_default())
}

fn replace_item(db: &mut Statements<'_>, id: EventId, item: &Item) -> rusqlite::Result<()> {
    db.get("UPDATE event SET kind = ?2, raw = ?3 WHERE id = ?1")?
        .execute(params![id.0, item.kind.as_str(), item.raw])
        .map(drop)
}

fn event(db: &mut Statements<'_>, marks: &Marks, row: &EventRow) -> rusqlite::Result<()> {
    db.get(
        "INSERT OR REPLACE INTO event_state (id, status, behind, rank, previous, due, attempts, deaths, first_failed_at, error,
                                             state_before, turn, typing, answered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        row.id.0,
        row.status as i64,
        row.place.behind.0,
        row.place.rank,
        row.previous.map(|event| event.0),
        row.due.0,
        row.attempts,
        row.deaths,
        row.first_failed_at.map(|at| at.0),
        row.error,
        row.state_before,
        row.turn.map(|send| send.0),
        row.typing,
        row.is_answered,
    ])?;
    let has_ended = matches!(row.status, EventStatus::Done | EventStatus::Dead);
    if row.has_steps_to_forget {
        db.get("DELETE FROM step WHERE event = ?1")?.execute([row.id.0])?;
    }
    if row.is_put_back && !has_ended {
        take_back(db, Aside::Dead, row.id.0)?;
        take_back(db, Aside::Quarantined, row.id.0)?;
    }
    if row.status == EventStatus::Dead {
        set_aside(db, Aside::Dead, row.id.0)?;
    }
    match (row.id < marks.low_event, has_ended) {
        (true, true) => take_back(db, Aside::LateEvent, row.id.0),
        (true, false) => set_aside(db, Aside::LateEvent, row.id.0),
        (false, _) => Ok(()),
    }
}

fn take_step(db: &mut Statements<'_>, event: EventId, number: usize, step: &TakenStep) -> rusqlite::Result<()> {
    db.get("INSERT OR REPLACE INTO step (event, number, hash, sends) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![event.0, number, step.hash, list(&step.sends)])
        .map(drop)
}

fn planned(db: &mut Statements<'_>, whose: &Whose<'_>, send: &Send) -> rusqlite::Result<()> {
    let request = serde_json::to_string(&*send.request);
    let request = request.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    db.get(
        "INSERT OR REPLACE INTO send (id, conversation, account, thread, name, event, on_outcome, turn, previous, planned_at, agent,
                                      trace, request)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        send.id.0,
        whose.id.0,
        whose.key.account.as_str(),
        whose.key.thread as i64,
        whose.key.name,
        send.event.map(|event| event.0),
        send.on_outcome,
        send.turn.0,
        send.previous.map(|send| send.0),
        send.planned_at.0,
        send.agent,
        send.trace.to_bytes(),
        request,
    ])
    .map(drop)
}

fn send_state(
    db: &mut Statements<'_>,
    marks: &Marks,
    id: SendId,
    was: Option<SendStatus>,
    state: &SendState,
) -> rusqlite::Result<()> {
    let error = state.error.as_ref().map(serde_json::to_string).transpose();
    let error = error.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let epochs: String = state.epochs.iter().flat_map(|epoch| [" ", epoch, " "]).collect();
    db.get(
        "INSERT OR REPLACE INTO send_state (id, status, due, at, attempts, attempted_at, doubted_since, doubts, looks, silent,
                                            repeats, answers, rule, reason, error, message_id, epochs)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        id.0,
        state.status as i64,
        state.due.0,
        state.at.0,
        state.attempts,
        state.attempted_at.map(|at| at.0),
        state.doubted_since.map(|at| at.0),
        state.doubts,
        state.looks,
        state.is_silent,
        state.repeats,
        state.answers.map(|at| at.0),
        state.rule,
        state.reason,
        error,
        state.message_id.as_ref().map(crate::id::MessageId::as_str),
        epochs,
    ])?;
    if let Some(kind) = was.filter(|was| *was != state.status).and_then(Aside::of_send) {
        take_back(db, kind, id.0)?;
    }
    if let Some(kind) = Aside::of_send(state.status).filter(|_| was != Some(state.status)) {
        set_aside(db, kind, id.0)?;
    }
    let is_open = !state.has_ended() && state.status != SendStatus::Held;
    match (id < marks.low_send, is_open) {
        (true, true) => set_aside(db, Aside::LateSend, id.0),
        (true, false) => take_back(db, Aside::LateSend, id.0),
        (false, _) => Ok(()),
    }
}

fn right(db: &mut Statements<'_>, whose: &Whose<'_>, key: &RightKey, grant: Option<&Grant>) -> rusqlite::Result<()> {
    let ConversationKey { account, thread, name } = whose.key;
    let Some(grant) = grant else {
        return db
            .get("DELETE FROM given WHERE account = ?1 AND kind = ?2 AND hash = ?3")?
            .execute(params![account.as_str(), key.source as i64, key.hash])
            .map(drop);
    };
    db.get(
        "INSERT OR REPLACE INTO given (account, kind, hash, conversation, thread, name, value, forget_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        account.as_str(),
        key.source as i64,
        key.hash,
        whose.id.0,
        *thread as i64,
        name,
        packed(grant)?,
        grant.forget_at.0,
    ])
    .map(drop)
}

fn state(db: &mut Statements<'_>, conversation: ConversationId, value: Option<&str>) -> rusqlite::Result<()> {
    match value {
        Some(value) => db
            .get("INSERT OR REPLACE INTO state (conversation, value) VALUES (?1, ?2)")?
            .execute(params![conversation.0, value]),
        None => db.get("DELETE FROM state WHERE conversation = ?1")?.execute([conversation.0]),
    }
    .map(drop)
}

fn image(db: &mut Statements<'_>, whose: &Whose<'_>, image: &Image, number: i64) -> rusqlite::Result<()> {
    let ConversationKey { account, thread, name } = whose.key;
    db.get(
        "INSERT INTO image (number, conversation, account, thread, name, last_event_at, image)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        number,
        whose.id.0,
        account.as_str(),
        *thread as i64,
        name,
        image.last_event_at().map(|at| at.0),
        packed(image)?,
    ])
    .map(drop)
}

/// Writes an account's value.
pub(crate) fn account(db: &mut Statements<'_>, id: &AccountId, image: &AccountImage) -> rusqlite::Result<()> {
    db.get("INSERT OR REPLACE INTO account (id, image) VALUES (?1, ?2)")?
        .execute(params![id.as_str(), packed(image)?])
        .map(drop)
}
