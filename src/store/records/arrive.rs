//! Events from outside, kept where they are new.

use rusqlite::{Connection, OptionalExtension, params};

use super::statements::Statements;
use super::write::{Aside, name_beside, set_aside, take_back};
use crate::clock::Timestamp;
use crate::conversation::EventStatus;
use crate::conversation::live::{Care, ConversationId, ConversationKey, KeptEvent};
use crate::event::{Envelope, Key, Object, Origin, Piece, Unreadable};
use crate::id::{AccountId, EventId, PersonId};
use crate::trace::Trace;

/// An event from outside, on its way into the store.
#[derive(Clone, Debug)]
pub(crate) struct Arriving<'a> {
    pub(crate) kept: &'a KeptEvent,
    pub(crate) conversation: ConversationId,
    pub(crate) key: &'a ConversationKey,
    /// The conversation's event before it, where it is done already.
    pub(crate) done_behind: Option<Option<EventId>>,
}

impl Arriving<'_> {
    /// Writes the event.
    pub(crate) fn keep(&self, db: &mut Statements<'_>) -> rusqlite::Result<()> {
        let KeptEvent { id, item, object, care: Care { is_handled, answer_by }, is_message_known, is_edit_known } =
            self.kept;
        let person = item.person.as_ref().map(PersonId::as_str);
        db.get(
            "INSERT INTO event (id, conversation, account, thread, person, name, kind, status, standby, at, received_at, handled,
                                answer_by, known, object, previous, piece, trace, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        )?
        .execute(params![
            id.0,
            self.conversation.0,
            self.key.account.as_str(),
            self.key.thread as i64,
            person,
            name_beside(self.key, person),
            item.kind.as_str(),
            if self.done_behind.is_some() { 3 } else { 0 },
            item.standby,
            item.at.map(|at| at.0),
            item.received_at.0,
            is_handled,
            answer_by.map(|until| until.0),
            i64::from(*is_message_known) + 2 * i64::from(*is_edit_known),
            object.map(Object::as_str),
            self.done_behind.flatten().map(|event| event.0),
            item.list,
            item.trace.to_bytes(),
            item.raw,
        ])
        .map(drop)
    }
}

/// Keeps what is signed and cannot be read, with its reason, outside any conversation. False when it was here before.
pub(crate) fn quarantine(
    db: &mut Statements<'_>,
    id: impl FnOnce() -> EventId,
    piece: &Unreadable,
    received_at: Timestamp,
    trace: Trace,
) -> rusqlite::Result<bool> {
    if !remember_key(db, &piece.key, false, received_at)? {
        return Ok(false);
    }
    let (id, origin) = (id(), piece.origin.as_ref());
    db.get(
        "INSERT INTO event (id, conversation, account, thread, kind, status, standby, at, received_at, handled, piece, trace, raw)
         VALUES (?1, 0, ?2, 0, 'other', 5, ?3, ?4, ?5, 0, ?6, ?7, ?8)",
    )?
    .execute(params![
        id.0,
        origin.map(|origin| origin.account.as_str()),
        origin.is_some_and(|origin| origin.standby),
        origin.and_then(|origin| origin.time).map(|time| time.0),
        received_at.0,
        piece.piece.as_str(),
        trace.to_bytes(),
        piece.raw,
    ])?;
    state_of_unread(db, id, EventStatus::Quarantined, piece.reason, received_at)?;
    set_aside(db, Aside::Quarantined, id.0)?;
    Ok(true)
}

fn state_of_unread(
    db: &mut Statements<'_>,
    id: EventId,
    status: EventStatus,
    error: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    db.get(
        "INSERT OR REPLACE INTO event_state (id, status, behind, rank, due, attempts, deaths, error, typing, answered)
         VALUES (?1, ?2, ?1, 0, ?3, 0, 0, ?4, 0, 1)",
    )?
    .execute(params![id.0, status as i64, at.0, error])
    .map(drop)
}

/// What could not be read has been read anew.
pub(crate) fn read_anew(db: &mut Statements<'_>, id: EventId, now: Timestamp) -> rusqlite::Result<()> {
    state_of_unread(db, id, EventStatus::Done, "read anew", now)?;
    take_back(db, Aside::Quarantined, id.0)
}

/// What could not be read when it arrived.
pub(crate) struct UnreadPiece {
    pub(crate) piece: Piece,
    pub(crate) origin: Option<Origin>,
    pub(crate) raw: Vec<u8>,
    pub(crate) trace: Trace,
}

/// Finds what is in quarantine under this id.
pub(crate) fn quarantined(db: &Connection, id: EventId) -> rusqlite::Result<Option<UnreadPiece>> {
    db.prepare_cached(
        "SELECT raw, piece, standby, at, trace, account FROM event JOIN event_state USING (id)
         WHERE event.id = ?1 AND event_state.status = 5",
    )?
    .query_row([id.0], |row| {
        let piece = row.get::<_, Option<String>>(1)?.as_deref().and_then(Piece::named).unwrap_or(Piece::Body);
        let (standby, time) = (row.get(2)?, row.get::<_, Option<i64>>(3)?.map(Timestamp));
        let trace = row.get::<_, Option<Vec<u8>>>(4)?;
        let trace = trace.as_deref().and_then(Trace::from_bytes).unwrap_or_else(Trace::random);
        let account = row.get::<_, Option<String>>(5)?.map(AccountId::new);
        let origin = account.map(|account| Origin { account, standby, time, list: None });
        Ok(UnreadPiece { piece, origin, raw: row.get(0)?, trace })
    })
    .optional()
}

/// What the keys tell of an event that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeysKnown {
    /// Of a first version: whether its message is known by its key, which has no time.
    pub(crate) message: bool,
    /// Of a message: whether its key without a time was known, which only its first version leaves.
    pub(crate) edit: bool,
}

/// Remembers the keys of an event; `None` when it was here before.
///
/// What came while another app owned the conversation (`standby`) comes as a new event when it comes to us: its payload
/// and the right to answer are new. The reverse is a repetition.
pub(crate) fn remember(
    db: &mut Statements<'_>,
    envelope: &Envelope,
    received_at: Timestamp,
) -> rusqlite::Result<Option<KeysKnown>> {
    let standby = envelope.standby;
    if !remember_key(db, &envelope.key, standby, received_at)? {
        return Ok(None);
    }
    // Pages are not known to send a first version beside the message.
    let is_page = envelope.object == Some(Object::Page);
    let message = match &envelope.first_version {
        Some(first) if !is_page => !remember_key(db, &first.message, standby, received_at)?,
        _ => false,
    };
    let edit = !is_page
        && envelope.key.time.is_some()
        && only_on_standby(db, &envelope.key)?.is_some_and(|only_standby| standby || !only_standby);
    Ok(Some(KeysKnown { message, edit }))
}

fn remember_key(db: &mut Statements<'_>, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<bool> {
    match key.time {
        Some(time) => timed(db, time, key, standby, received_at),
        None => untimed(db, key, standby, received_at),
    }
}

fn timed(
    db: &mut Statements<'_>,
    time: Timestamp,
    key: &Key,
    standby: bool,
    received_at: Timestamp,
) -> rusqlite::Result<bool> {
    let inserted = db
        .get("INSERT OR IGNORE INTO seen (time, hash, standby, received_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![time.0, key.hash, standby, received_at.0])?;
    if inserted == 1 || standby {
        return Ok(inserted == 1);
    }
    let taken_over = db
        .get("UPDATE seen SET standby = 0 WHERE time = ?1 AND hash = ?2 AND standby = 1")?
        .execute(params![time.0, key.hash])?;
    Ok(taken_over == 1)
}

fn untimed(db: &mut Statements<'_>, key: &Key, standby: bool, received_at: Timestamp) -> rusqlite::Result<bool> {
    if only_on_standby(db, key)?.is_some_and(|only_standby| standby || !only_standby) {
        return Ok(false);
    }
    db.get("INSERT OR REPLACE INTO seen_untimed (hash, standby, received_at) VALUES (?1, ?2, ?3)")?
        .execute(params![key.hash, standby, received_at.0])?;
    Ok(true)
}

/// Whether a key without a time was seen only while another app owned the conversation; `None` where it was not seen.
fn only_on_standby(db: &mut Statements<'_>, key: &Key) -> rusqlite::Result<Option<bool>> {
    db.get("SELECT standby FROM seen_untimed WHERE hash = ?1")?.query_row([key.hash], |row| row.get(0)).optional()
}
