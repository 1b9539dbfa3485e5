//! The facts that policy decides from.

use rusqlite::{OptionalExtension, Row};

use super::conversation;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Envelope, Kind};
use crate::id::{AccountId, PersonId};
use crate::message::Recipient;
use crate::policy::{Facts, Window};

/// When an event opens the window: at its own time, and never later than its arrival. An opener that carries no time opens
/// nothing.
pub(super) fn opened_at(envelope: &Envelope, now: Timestamp) -> Option<i64> {
    envelope.opened_at().map(|at| at.min(now).0)
}

/// Reads the facts of the conversation in which something goes to `recipient`; of one that is not known, there are none.
pub(in crate::store) fn facts(
    work: &Work<'_>,
    account: &AccountId,
    person: &PersonId,
    recipient: &Recipient,
) -> rusqlite::Result<Facts> {
    let thread = recipient.thread();
    let Some(id) = conversation::find(work.db, account.as_str(), thread, person.as_str())? else {
        return Ok(Facts { person: Some(person.clone()), ..Facts::default() });
    };
    let window = work
        .db
        .prepare_cached("SELECT opened_at, opened_by FROM conversation WHERE id = ?1")?
        .query_row([id], |row| window(row, 0))
        .optional()?
        .flatten();
    Ok(known(Some(person.clone()), window))
}

/// The facts of a conversation with this window.
pub(super) fn known(person: Option<PersonId>, window: Option<Window>) -> Facts {
    let last_message_at = window.filter(|window| window.opened_by == Kind::Message).map(|window| window.opened_at);
    Facts { person, window, last_message_at, blocked: None, right: None }
}

/// A window from two columns of a row, the first of them `opened_at`.
pub(super) fn window(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Window>> {
    let Some(opened_at) = row.get::<_, Option<i64>>(column)? else { return Ok(None) };
    let opened_by = row.get::<_, String>(column + 1)?.parse().unwrap_or(Kind::Other);
    Ok(Some(Window { opened_at: Timestamp(opened_at), opened_by }))
}
