//! The facts that policy decides from, fed by the intake and by what is planned.
//!
//! - The window, and when the person last wrote, stand in the conversation's row, which every event writes anyway.
//! - `owner`: the app that has the conversation, in the same row.
//! - `given`: what people gave beside the window, a row for each comment, post and token.
//! - `account`: what Meta tells of an account as a whole.
//!
//! Late and repeated events turn nothing back: of two that contradict each other the later one counts, by the time inside
//! them. What happened in the future counts as happening now.

mod account;
mod given;
mod key;
mod owner;
mod right;

use rusqlite::Row;

pub(in crate::store) use account::restrict;
pub(super) use account::{blocked, know, known_accounts};
pub(super) use given::TOKEN;
pub(super) use key::Key;
pub(super) use owner::{Owner, owner_after};
pub(super) use right::{find, of_recipient};

use super::conversation;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Kind};
use crate::id::{AccountId, PersonId};
use crate::message::Recipient;
use crate::policy::{Enforcement, Facts, Right, Window};
use crate::store::TakenEvent;

/// What a conversation's row says of its window: the columns that [`of_row`] reads.
pub(super) const COLUMNS: &str = "opened_at, opened_by, last_message_at";

/// When an event opens the window: at its own time, and never later than its arrival. An opener that carries no time opens
/// nothing.
pub(super) fn opened_at(envelope: &Envelope, now: Timestamp) -> Option<i64> {
    envelope.opened_at().map(|at| at.min(now).0)
}

/// When the person wrote, by the same measure. Taps, reactions and links open the window, and are no messages.
pub(super) fn written_at(envelope: &Envelope, now: Timestamp) -> Option<i64> {
    opened_at(envelope, now).filter(|_| envelope.kind() == Kind::Message)
}

/// Writes what an event says beside its conversation's row. Most say nothing there.
pub(super) fn feed(work: &Work<'_>, envelope: &Envelope, conversation: i64, now: Timestamp) -> rusqlite::Result<()> {
    match &envelope.event {
        Event::Comment(comment) => {
            account::on_air(work, envelope, comment, now)?;
            given::written(work, envelope, comment, conversation, now)
        }
        Event::Optin(optin) => given::agreed(work, envelope, optin, conversation, now),
        Event::PolicyEnforcement(enforcement) => account::enforced(work, envelope, enforcement, now),
        _ => Ok(()),
    }
}

/// Reads the facts of the conversation in which something goes to `recipient`: that of whoever gave the right which it names,
/// else the person's. Of one that is not known, there are none.
pub(in crate::store) fn facts(
    work: &Work<'_>,
    account: &AccountId,
    person: &PersonId,
    recipient: &Recipient,
) -> rusqlite::Result<Facts> {
    let (blocked, given) = (blocked(work, account)?, of_recipient(work, account, recipient)?);
    let conversation = match &given {
        Some(given) => Some(given.conversation),
        None => conversation::find(work.db, account.as_str(), recipient.thread(), person.as_str())?,
    };
    let Some(conversation) = conversation else {
        return Ok(Facts { person: Some(person.clone()), blocked, ..Facts::default() });
    };
    let right = given.and_then(|given| given.right);
    work.db
        .prepare_cached(&format!("SELECT {COLUMNS}, person FROM conversation WHERE id = ?1"))?
        .query_row([conversation], |row| of_row(row, 0, Some(PersonId::new(row.get::<_, String>(3)?)), blocked, right))
}

/// The facts, with what a conversation's row says from column `first` on.
pub(super) fn of_row(
    row: &Row<'_>,
    first: usize,
    person: Option<PersonId>,
    blocked: Option<Enforcement>,
    right: Option<Right>,
) -> rusqlite::Result<Facts> {
    let last_message_at = row.get::<_, Option<i64>>(first + 2)?.map(Timestamp);
    Ok(Facts { person, window: window(row, first)?, last_message_at, blocked, right })
}

/// The right that the reply to a comment or post has, at the time when its handler is given it.
pub(super) fn of_event(work: &Work<'_>, event: &TakenEvent) -> rusqlite::Result<Option<Right>> {
    let envelope = serde_json::from_slice(&event.raw).ok().and_then(|raw| event.envelope(raw));
    let Some(Event::Comment(comment)) = envelope.map(|envelope| envelope.event) else { return Ok(None) };
    let Some(key) = Key::of_comment(&comment) else { return Ok(None) };
    Ok(find(work, &event.account, &key)?.and_then(|given| given.right))
}

/// A window from two columns of a row, the first of them `opened_at`.
pub(super) fn window(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Window>> {
    let Some(opened_at) = row.get::<_, Option<i64>>(column)? else { return Ok(None) };
    let opened_by = row.get::<_, String>(column + 1)?.parse().unwrap_or(Kind::Other);
    Ok(Some(Window { opened_at: Timestamp(opened_at), opened_by }))
}
