//! What a right is worth.

use rusqlite::{OptionalExtension, Row, params};

use super::super::work::Work;
use super::key::{Key, Source};
use crate::clock::Timestamp;
use crate::id::{AccountId, SendId};
use crate::message::Recipient;
use crate::policy::{LastSent, Right};
use crate::store::SendStatus;

/// What somebody gave.
#[derive(Clone, Debug)]
pub(in super::super) struct Given {
    /// The conversation of whoever gave it.
    pub(in super::super) conversation: i64,
    /// What it is worth: nothing, when the comment is removed or the broadcast over.
    pub(in super::super) right: Option<Right>,
}

/// What the recipient of a send gave, where it is named by a comment, a post or a token.
pub(in super::super) fn of_recipient(
    work: &Work<'_>,
    account: &AccountId,
    recipient: &Recipient,
) -> rusqlite::Result<Option<Given>> {
    match Key::of_recipient(recipient) {
        Some(key) => find(work, account, &key),
        None => Ok(None),
    }
}

pub(in super::super) fn find(work: &Work<'_>, account: &AccountId, key: &Key) -> rusqlite::Result<Option<Given>> {
    work.db
        .prepare_cached(
            "SELECT given.kind, given.conversation, given.at, gone, expires_at, taken_by, taken_at, used_at, given.broadcast,
                    ifnull(nullif(given.broadcast, '') <> account.broadcast, 0), send.status, send.at
             FROM given LEFT JOIN account ON account.id = given.account LEFT JOIN send ON send.id = given.taken_by
             WHERE given.account = ?1 AND given.kind = ?2 AND given.hash = ?3",
        )?
        .query_row(params![account.as_str(), key.source as i64, key.hash], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Given> {
    let (at, gone): (_, bool) = (Timestamp(row.get(2)?), row.get(3)?);
    let taken_by = row.get::<_, Option<i64>>(5)?.map(SendId);
    let is_over: bool = row.get(9)?;
    let right = match Source::of_number(row.get(0)?) {
        Some(Source::Comment | Source::Post) => {
            let live = row.get::<_, Option<String>>(8)?.is_some();
            (!gone && !is_over).then_some(Right::PrivateReply { at, live, taken_by })
        }
        Some(Source::OneTime) => Some(Right::OneTime { created_at: at, taken_by }),
        Some(Source::Marketing) => Some(Right::Marketing {
            last_sent: last_sent(row)?,
            last_sent_by: taken_by,
            expires_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
            stopped: gone,
        }),
        None => None,
    };
    Ok(Given { conversation: row.get(1)?, right })
}

/// When a marketing message was last sent: by its send's own row, for that may have waited long after it was planned. As long
/// as it is not settled it may still leave at any time, and there is no room for another beside it.
fn last_sent(row: &Row<'_>) -> rusqlite::Result<LastSent> {
    let (taken_by, status) = (row.get::<_, Option<i64>>(5)?, row.get::<_, Option<i64>>(10)?);
    let at: Option<i64> = match (taken_by, status.and_then(SendStatus::from_number)) {
        (None, _) => row.get(7)?,
        // One that failed after it was in doubt has perhaps arrived.
        (Some(_), Some(SendStatus::Sent | SendStatus::Refused | SendStatus::Failed)) => row.get(11)?,
        // Its row is forgotten, as that of what was settled long ago is.
        (Some(_), None) => row.get(6)?,
        (Some(_), Some(_)) => return Ok(LastSent::Unsettled),
    };
    Ok(at.map_or(LastSent::Never, |at| LastSent::At(Timestamp(at))))
}
