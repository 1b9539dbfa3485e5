//! A conversation's row: found by a hash of whose it is, made when it is new.

use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::ledger::{self, Owner};
use super::work::Work;
use crate::clock::Timestamp;
use crate::id::{AppId, Thread};
use crate::message::Recipient;

/// A conversation as the intake needs it.
pub(super) struct Conversation {
    pub(super) id: i64,
    pub(super) last_event: Option<i64>,
    pub(super) last_send: Option<i64>,
    pub(super) queue_tail: Option<i64>,
    pub(super) send_tail: Option<i64>,
    pub(super) owner: Owner,
}

/// Finds the conversation of `person` with `account`, or makes it.
pub(super) fn open(work: &Work<'_>, account: &str, thread: Thread, person: &str) -> rusqlite::Result<Conversation> {
    let mut id = hash(account, thread, person);
    loop {
        match at(work, id)? {
            Some((conversation, whose)) if whose.is(account, thread, person) => return Ok(conversation),
            // Two conversations under one hash: the later one lives next door. Rows are never deleted, so a search that
            // reaches a free place has passed every neighbour.
            Some(_) => id = id.wrapping_add(1),
            None => break,
        }
    }
    work.db
        .prepare_cached("INSERT INTO conversation (id, account, thread, person) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, account, thread as i64, person])?;
    ledger::know(work.db, account)?;
    let owner = Owner::default();
    Ok(Conversation { id, last_event: None, last_send: None, queue_tail: None, send_tail: None, owner })
}

/// Finds the id of a conversation, where there is one.
pub(super) fn find(
    db: &rusqlite::Connection,
    account: &str,
    thread: Thread,
    person: &str,
) -> rusqlite::Result<Option<i64>> {
    let mut id = hash(account, thread, person);
    let mut statement = db.prepare_cached("SELECT account, thread, person FROM conversation WHERE id = ?1")?;
    loop {
        let whose = statement.query_row([id], |row| Whose::read(row, 0)).optional()?;
        match whose {
            Some(whose) if whose.is(account, thread, person) => return Ok(Some(id)),
            Some(_) => id = id.wrapping_add(1),
            None => return Ok(None),
        }
    }
}

/// The person of the conversation of this name, in which something goes to `recipient`. A comment whose author Meta does not name
/// is a conversation of its own, whose name is the comment's.
pub(super) fn person<'a>(name: &'a str, recipient: &Recipient) -> Option<&'a str> {
    match recipient {
        Recipient::CommentId(comment) if comment == name => None,
        _ => Some(name).filter(|name| !name.is_empty()),
    }
}

/// Whose a conversation is.
struct Whose {
    account: String,
    thread: i64,
    person: String,
}

impl Whose {
    fn read(row: &Row<'_>, column: usize) -> rusqlite::Result<Whose> {
        Ok(Whose { account: row.get(column)?, thread: row.get(column + 1)?, person: row.get(column + 2)? })
    }

    fn is(&self, account: &str, thread: Thread, person: &str) -> bool {
        self.account == account && self.thread == thread as i64 && self.person == person
    }
}

fn at(work: &Work<'_>, id: i64) -> rusqlite::Result<Option<(Conversation, Whose)>> {
    work.db
        .prepare_cached(
            "SELECT last_event, last_send, queue_tail, send_tail, account, thread, person, owner, owner_at
             FROM conversation WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let (last_event, last_send) = (row.get(0)?, row.get(1)?);
            let (queue_tail, send_tail) = (row.get(2)?, row.get(3)?);
            let (app, at) = (row.get::<_, Option<String>>(7)?, row.get::<_, Option<i64>>(8)?);
            let owner = Owner { app: app.map(AppId::new), at: at.map(Timestamp) };
            Ok((Conversation { id, last_event, last_send, queue_tail, send_tail, owner }, Whose::read(row, 4)?))
        })
        .optional()
}

/// A conversation that is known to be there.
pub(super) fn get(work: &Work<'_>, id: i64) -> rusqlite::Result<Conversation> {
    match at(work, id)? {
        Some((conversation, _)) => Ok(conversation),
        None => Err(rusqlite::Error::QueryReturnedNoRows),
    }
}

/// Where a conversation is looked for first. A store is full of these: another hash is another schema.
pub(super) fn hash(account: &str, thread: Thread, person: &str) -> i64 {
    let mut hasher = Sha256::new();
    hasher.update(account.as_bytes());
    hasher.update([0, thread as u8]);
    hasher.update(person.as_bytes());
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(first)
}
