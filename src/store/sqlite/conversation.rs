//! A conversation's row: found by a hash of whose it is, made when it is new.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::work::Work;

/// A conversation as the intake needs it.
pub(super) struct Conversation {
    pub(super) id: i64,
    pub(super) last_event: Option<i64>,
    pub(super) last_send: Option<i64>,
    pub(super) queue_tail: Option<i64>,
}

/// Finds the conversation of `person` with `account`, or makes it.
pub(super) fn open(work: &Work<'_>, account: &str, person: &str) -> rusqlite::Result<Conversation> {
    let mut id = hash(account, person);
    loop {
        match at(work, id)? {
            Some((conversation, owner)) if owner == (account.to_owned(), person.to_owned()) => return Ok(conversation),
            // Two conversations under one hash: the later one lives next door. Rows are never deleted, so a search that
            // reaches a free place has passed every neighbour.
            Some(_) => id = id.wrapping_add(1),
            None => break,
        }
    }
    work.db
        .prepare_cached("INSERT INTO conversation (id, account, person) VALUES (?1, ?2, ?3)")?
        .execute(params![id, account, person])?;
    Ok(Conversation { id, last_event: None, last_send: None, queue_tail: None })
}

/// Finds the id of a conversation, where there is one.
pub(super) fn find(db: &rusqlite::Connection, account: &str, person: &str) -> rusqlite::Result<Option<i64>> {
    let mut id = hash(account, person);
    let mut statement = db.prepare_cached("SELECT account, person FROM conversation WHERE id = ?1")?;
    loop {
        let owner: Option<(String, String)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match owner {
            Some((found, with)) if found == account && with == person => return Ok(Some(id)),
            Some(_) => id = id.wrapping_add(1),
            None => return Ok(None),
        }
    }
}

type Owner = (String, String);

fn at(work: &Work<'_>, id: i64) -> rusqlite::Result<Option<(Conversation, Owner)>> {
    work.db
        .prepare_cached("SELECT last_event, last_send, queue_tail, account, person FROM conversation WHERE id = ?1")?
        .query_row([id], |row| {
            let (last_event, last_send, queue_tail) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((Conversation { id, last_event, last_send, queue_tail }, (row.get(3)?, row.get(4)?)))
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

fn hash(account: &str, person: &str) -> i64 {
    let mut hasher = Sha256::new();
    hasher.update(account.as_bytes());
    hasher.update([0]);
    hasher.update(person.as_bytes());
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(first)
}
