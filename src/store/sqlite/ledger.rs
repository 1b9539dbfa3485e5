//! The facts that policy decides from.

use rusqlite::{OptionalExtension, Row};

use super::conversation;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Envelope, Kind};
use crate::id::{AccountId, PersonId, Thread};
use crate::policy::{Facts, Window};

/// When an event opens the window: at its own time, and never later than its arrival. An opener that carries no time opens
/// nothing.
pub(super) fn opened_at(envelope: &Envelope, now: Timestamp) -> Option<i64> {
    envelope.opened_at().map(|at| at.min(now).0)
}

/// Reads the facts of a conversation; of one that is not known, there are none.
pub(in crate::store) fn facts(
    work: &Work<'_>,
    account: &AccountId,
    thread: Thread,
    person: &PersonId,
) -> rusqlite::Result<Facts> {
    let Some(id) = conversation::find(work.db, account.as_str(), thread, person.as_str())? else {
        return Ok(Facts { person: Some(person.clone()), window: None });
    };
    let window = work
        .db
        .prepare_cached("SELECT opened_at, opened_by FROM conversation WHERE id = ?1")?
        .query_row([id], |row| window(row, 0))
        .optional()?
        .flatten();
    Ok(Facts { person: Some(person.clone()), window })
}

/// A window from two columns of a row, the first of them `opened_at`.
pub(super) fn window(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Window>> {
    let Some(opened_at) = row.get::<_, Option<i64>>(column)? else { return Ok(None) };
    let opened_by = row.get::<_, String>(column + 1)?.parse().unwrap_or(Kind::Other);
    Ok(Some(Window { opened_at: Timestamp(opened_at), opened_by }))
}
