//! What was posted under a key.

use rusqlite::{Connection, OptionalExtension, params};

use super::row::{ids, list};
use super::statements::Statements;
use crate::clock::Timestamp;
use crate::id::{AccountId, SendId};

/// Keeps what was posted under a key.
pub(crate) fn posted(
    db: &mut Statements<'_>,
    account: &AccountId,
    key: &str,
    body: &[u8; 32],
    sends: &[SendId],
    at: Timestamp,
) -> rusqlite::Result<()> {
    db.get("INSERT OR REPLACE INTO posted (account, key, body, sends, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![account.as_str(), key, body, list(sends), at.0])
        .map(drop)
}

/// What was posted under a key before: a hash of it, and its sends.
pub(crate) fn posted_before(
    db: &Connection,
    account: &AccountId,
    key: &str,
) -> rusqlite::Result<Option<([u8; 32], Vec<SendId>)>> {
    db.prepare_cached("SELECT body, sends FROM posted WHERE account = ?1 AND key = ?2")?
        .query_row(params![account.as_str(), key], |found| Ok((found.get(0)?, ids(&found.get::<_, String>(1)?)?)))
        .optional()
}

/// Writes `bytes` of no consequence, to learn whether as much as a delivery can be written: where the disk is full, a smaller
/// write may still find room. Each probe overwrites the same row of `posted`, under an empty account.
pub(crate) fn probe(db: &Connection, bytes: usize) -> rusqlite::Result<()> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    // Random: SQLite does not write a page that stays the same.
    let sql = "INSERT INTO posted (account, key, body, sends, at) VALUES ('', 'probe', randomblob(?1), '[]', ?2)
               ON CONFLICT DO UPDATE SET body = excluded.body";
    db.prepare_cached(sql)?.execute([bytes, i64::MAX]).map(drop)
}
