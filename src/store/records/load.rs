//! A conversation, loaded from its rows.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{Columns, damaged, ids, no, thread, unpacked};
use crate::conversation::live::{
    AccountImage, AccountValue, Arrived, Care, ConversationId, ConversationKey, EventRow, Grant, Image, Item,
    KeptEvent, Place, RightKey, Rows, Send, SendState, Source,
};
use crate::conversation::{EventStatus, SendStatus, TakenStep};
use crate::event::{Kind, Object};
use crate::id::{AccountId, EventId, MessageId, PersonId, SendId};
use crate::message::{Action, MetaError, Recipient, Request};
use crate::trace::Trace;

/// Loads what is kept of a conversation. `image`: the number of its last image, where that is not in `conversation` yet; `events`: its
/// events without an end, in the order of their ids.
pub(crate) fn load(
    db: &Connection,
    conversation: ConversationId,
    image: Option<i64>,
    events: &[EventId],
) -> rusqlite::Result<Rows> {
    let one = |sql: &str, id: i64| db.prepare_cached(sql)?.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional();
    let waiting = image.map(|number| one("SELECT image FROM image WHERE number = ?1", number)).transpose()?.flatten();
    let image = match waiting {
        Some(image) => Some(image),
        // None was written since `conversation` was brought forward, or it was brought forward just now.
        None => one("SELECT image FROM conversation WHERE id = ?1", conversation.0)?,
    };
    let image: Option<Image> = image.as_deref().map(unpacked).transpose()?;
    let mut sends = BTreeMap::new();
    for id in image.iter().flat_map(Image::named_sends) {
        if let Some((send, _)) = send(db, id)? {
            sends.insert(id, send);
        }
    }
    let state = match image.as_ref().is_some_and(Image::has_state) {
        true => db
            .prepare_cached("SELECT value FROM state WHERE conversation = ?1")?
            .query_row([conversation.0], |row| row.get(0))
            .optional()?,
        false => None,
    };
    let mut open = Vec::new();
    for id in events {
        open.extend(open_event(db, *id)?);
    }
    Ok(Rows { image, state, events: open, sends, rights: rights(db, conversation)? })
}

/// Reads an event and the steps of its turn; none where it has come to its end.
pub(super) fn open_event(db: &Connection, id: EventId) -> rusqlite::Result<Option<Arrived>> {
    let Some(Found { kept, row, .. }) = event(db, id)?.filter(Found::is_open) else { return Ok(None) };
    Ok(Some(Arrived { kept, row, steps: steps(db, id)? }))
}

fn rights(db: &Connection, conversation: ConversationId) -> rusqlite::Result<BTreeMap<RightKey, Grant>> {
    let mut statement = db.prepare_cached("SELECT kind, hash, value FROM given WHERE conversation = ?1")?;
    let rows = statement.query_map([conversation.0], |row| {
        let kind: i64 = row.get(0)?;
        let source = Source::of_number(kind).ok_or_else(|| no("a kind of right", kind))?;
        let grant: Grant = unpacked(&row.get::<_, Vec<u8>>(2)?)?;
        Ok((RightKey { source, hash: row.get(1)? }, grant))
    })?;
    rows.collect()
}

/// The conversation that gave a right.
pub(crate) fn giver(
    db: &Connection,
    account: &AccountId,
    right: &RightKey,
) -> rusqlite::Result<Option<ConversationKey>> {
    let key = params![account.as_str(), right.source as i64, right.hash];
    db.prepare_cached("SELECT thread, name FROM given WHERE account = ?1 AND kind = ?2 AND hash = ?3")?
        .query_row(key, |row| {
            let (of, name) = (thread(row.get(0)?)?, row.get(1)?);
            Ok(ConversationKey { account: account.clone(), thread: of, name })
        })
        .optional()
}

/// What is kept of an event.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) key: ConversationKey,
    pub(crate) kept: KeptEvent,
    /// How it stood when it arrived.
    pub(crate) arrived: EventStatus,
    pub(crate) row: Option<EventRow>,
}

impl Found {
    /// Whether it has not come to its end.
    fn is_open(&self) -> bool {
        !matches!(self.status(), EventStatus::Done | EventStatus::Dead)
    }

    /// Where it stands.
    pub(crate) fn status(&self) -> EventStatus {
        self.row.as_ref().map_or(self.arrived, |row| row.status)
    }
}

/// Reads an event that could be read when it arrived.
pub(crate) fn event(db: &Connection, id: EventId) -> rusqlite::Result<Option<Found>> {
    db.prepare_cached(
        "SELECT account, thread, person, name, kind, event.status, standby, at, received_at, handled, answer_by, known, object, piece,
                trace, raw,
                event_state.status, behind, rank, event_state.previous, due, attempts, deaths, first_failed_at, error, state_before,
                turn, typing, answered
         FROM event LEFT JOIN event_state USING (id) WHERE event.id = ?1 AND account IS NOT NULL",
    )?
    .query_row([id.0], |row| {
        let mut columns = Columns::of(row);
        let (account, of) = (AccountId::new(columns.get::<String>()?), thread(columns.get()?)?);
        let (person, name): (Option<String>, Option<String>) = (columns.get()?, columns.get()?);
        let kind = Kind::from_str(&columns.get::<String>()?).map_err(|error| damaged(Type::Text, error))?;
        let arrived = event_status(columns.get()?)?;
        let (standby, at, received_at) = (columns.get()?, columns.maybe_time()?, columns.time()?);
        let care = Care { is_handled: columns.get()?, answer_by: columns.maybe_time()? };
        let (known, object): (i64, Option<String>) = (columns.get()?, columns.get()?);
        let (list, trace, raw) = (columns.get()?, trace(columns.get()?), columns.get()?);
        let name = name.or_else(|| person.clone()).unwrap_or_default();
        let person = person.map(PersonId::new);
        let item = Arc::new(Item { kind, person, standby, list, at, received_at, trace, raw });
        let object = object.as_deref().and_then(Object::named);
        let (is_message_known, is_edit_known) = (known & 1 != 0, known & 2 != 0);
        let kept = KeptEvent { id, item, object, care, is_message_known, is_edit_known };
        let row = match columns.get::<Option<i64>>()? {
            Some(status) => Some(event_row(id, event_status(status)?, &mut columns)?),
            None => None,
        };
        Ok(Found { key: ConversationKey { account, thread: of, name }, kept, arrived, row })
    })
    .optional()
}

fn event_row(id: EventId, status: EventStatus, columns: &mut Columns<'_, '_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        id,
        status,
        place: Place { behind: EventId(columns.get()?), rank: columns.get()? },
        previous: columns.maybe_event()?,
        due: columns.time()?,
        attempts: columns.get()?,
        deaths: columns.get()?,
        first_failed_at: columns.maybe_time()?,
        error: columns.get()?,
        state_before: columns.get()?,
        turn: columns.maybe_send()?,
        typing: columns.get()?,
        is_answered: columns.get()?,
        is_put_back: false,
        has_steps_to_forget: false,
    })
}

fn event_status(number: i64) -> rusqlite::Result<EventStatus> {
    EventStatus::from_number(number).ok_or_else(|| no("an event's status", number))
}

/// The trace that was kept; a new one where none was.
fn trace(bytes: Option<Vec<u8>>) -> Trace {
    bytes.as_deref().and_then(Trace::from_bytes).unwrap_or_else(Trace::random)
}

fn steps(db: &Connection, event: EventId) -> rusqlite::Result<Vec<TakenStep>> {
    let mut statement = db.prepare_cached("SELECT hash, sends FROM step WHERE event = ?1 ORDER BY number")?;
    let steps = statement
        .query_map([event.0], |row| Ok(TakenStep { hash: row.get(0)?, sends: ids(&row.get::<_, String>(1)?)? }))?;
    steps.collect()
}

/// Reads a send, and whose conversation it is in.
pub(crate) fn send(db: &Connection, id: SendId) -> rusqlite::Result<Option<(Send, ConversationKey)>> {
    db.prepare_cached(
        "SELECT account, thread, name, event, on_outcome, turn, previous, planned_at, agent, trace, request,
                status, due, at, attempts, attempted_at, doubted_since, doubts, looks, silent, rule, reason, error, message_id,
                repeats, answers, epochs
         FROM send JOIN send_state USING (id) WHERE send.id = ?1",
    )?
    .query_row([id.0], |row| {
        let mut columns = Columns::of(row);
        let (account, thread) = (AccountId::new(columns.get::<String>()?), thread(columns.get()?)?);
        let name = columns.get()?;
        let (event, on_outcome) = (columns.maybe_event()?, columns.get()?);
        let (turn, previous) = (SendId(columns.get()?), columns.maybe_send()?);
        let (planned_at, agent, trace) = (columns.time()?, columns.get()?, trace(columns.get()?));
        let request: Option<Request> = serde_json::from_str(&columns.get::<String>()?).ok();
        let mut state = send_state(&mut columns)?;
        let kept = Some(state.status);
        if request.is_none() && !state.has_ended() {
            state.cannot_be_read();
        }
        let nothing = || Request::action(Recipient::Id(PersonId::new("")), Action::TypingOff);
        let request = Arc::new(request.unwrap_or_else(nothing));
        let send = Send { id, event, on_outcome, turn, previous, planned_at, trace, agent, request, state, kept };
        Ok((send, ConversationKey { account, thread, name }))
    })
    .optional()
}

fn send_state(columns: &mut Columns<'_, '_>) -> rusqlite::Result<SendState> {
    let status: i64 = columns.get()?;
    let status = SendStatus::from_number(status).ok_or_else(|| no("a send's status", status))?;
    let (due, at, attempts) = (columns.time()?, columns.time()?, columns.get()?);
    let (attempted_at, doubted_since) = (columns.maybe_time()?, columns.maybe_time()?);
    let (doubts, looks, is_silent) = (columns.get()?, columns.get()?, columns.get()?);
    let (rule, reason, error): (_, _, Option<String>) = (columns.get()?, columns.get()?, columns.get()?);
    let error: Option<MetaError> =
        error.as_deref().map(serde_json::from_str).transpose().map_err(|error| damaged(Type::Text, error))?;
    let message_id = columns.get::<Option<String>>()?.map(MessageId::new);
    let (repeats, answers) = (columns.get()?, columns.maybe_time()?);
    let epochs = columns.get::<String>()?.split_whitespace().map(str::to_owned).collect();
    Ok(SendState {
        status,
        due,
        at,
        attempts,
        attempted_at,
        doubted_since,
        doubts,
        looks,
        is_silent,
        rule,
        reason,
        error,
        message_id,
        repeats,
        answers,
        epochs,
    })
}

/// The accounts' values.
pub(crate) fn accounts(db: &Connection) -> rusqlite::Result<Vec<(AccountId, AccountValue)>> {
    let mut statement = db.prepare_cached("SELECT id, image FROM account")?;
    let rows = statement.query_map([], |row| {
        let image: AccountImage = unpacked(&row.get::<_, Vec<u8>>(1)?)?;
        Ok((AccountId::new(row.get::<_, String>(0)?), image))
    })?;
    let mut accounts = Vec::new();
    for row in rows {
        let (id, image) = row?;
        let mut requests = BTreeMap::new();
        for reply in image.sends() {
            if let Some((send, _)) = send(db, reply)? {
                requests.insert(reply, send.request);
            }
        }
        accounts.push((id, AccountValue::load(image, |send| requests.get(&send).cloned())));
    }
    Ok(accounts)
}
