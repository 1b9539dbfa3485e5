//! The echo of a private reply comes in the person's chat, while the reply itself stands among its author's comments. Nothing
//! says that the two are the same person: what is looked for here is looked for on the whole account.

use rusqlite::params;

use super::echo::says;
use super::outbox;
use super::work::Work;
use crate::event::Echo;
use crate::id::{MessageId, SendId};
use crate::store::SendStatus;

/// The most private replies that an echo is compared with: as many as leave at once.
const MOST: usize = 256;

/// Private replies that are not known to have been lost: the condition of their index.
const PERHAPS_ARRIVED: &str = "private = 1 AND (status NOT IN (5, 6) OR doubted_since IS NOT NULL)";

/// A private reply that has left, and of which nobody knows yet which message it became.
pub(super) struct Nameless {
    pub(super) send: SendId,
    /// Whether that may still come to be known without an echo.
    pub(super) is_open: bool,
}

/// Whether a private reply of this account became this message.
pub(super) fn became(work: &Work<'_>, account: &str, mid: &MessageId) -> rusqlite::Result<bool> {
    work.db
        .prepare_cached(&format!("SELECT 1 FROM send WHERE {PERHAPS_ARRIVED} AND account = ?1 AND message_id = ?2"))?
        .exists([account, mid.as_str()])
}

/// The private replies of this account that an echo may repeat, by what they say.
pub(super) fn repeated_by(work: &Work<'_>, account: &str, echo: &Echo) -> rusqlite::Result<Vec<Nameless>> {
    let mut statement = work.db.prepare_cached(&format!(
        "SELECT id, status, doubted_since IS NOT NULL, request FROM send
         WHERE {PERHAPS_ARRIVED} AND account = ?1 AND message_id IS NULL AND attempted_at IS NOT NULL
         ORDER BY attempted_at DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![account, MOST])?;
    let mut repeated = Vec::new();
    while let Some(row) = rows.next()? {
        let (status, was_in_doubt) = (SendStatus::from_number(row.get(1)?), row.get(2)?);
        let is_open = match status {
            Some(SendStatus::Sending | SendStatus::InDoubt) => true,
            // What Meta did not take has no echo; what was in doubt may have one, and is sent again.
            Some(SendStatus::Ready | SendStatus::Waiting) if was_in_doubt => true,
            Some(SendStatus::Held | SendStatus::Refused | SendStatus::Failed) if was_in_doubt => false,
            // Meta refused the second because it had the first, and did not name that.
            Some(SendStatus::Sent) => false,
            _ => continue,
        };
        if says(outbox::request(&row.get::<_, String>(3)?).ok().as_ref(), echo) {
            repeated.push(Nameless { send: SendId(row.get(0)?), is_open });
        }
    }
    Ok(repeated)
}

/// The chats whose echoes wait to be recognised, where `conversation` is one of comments: a send that is settled there may be
/// what they wait for.
pub(super) fn waiting_chats(work: &Work<'_>, conversation: i64) -> rusqlite::Result<Vec<i64>> {
    work.db
        .prepare_cached(
            "SELECT DISTINCT event.conversation FROM conversation JOIN event ON event.account = conversation.account
             WHERE conversation.id = ?1 AND thread = 2 AND event.status = 6",
        )?
        .query_map([conversation], |row| row.get(0))?
        .collect()
}
