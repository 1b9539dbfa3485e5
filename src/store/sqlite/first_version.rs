//! A message and its first version, an edit with the number 0: which of the two comes first is the message.

use rusqlite::{OptionalExtension, params};

use super::conversation::Conversation;
use super::keys;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Edit, Envelope, Event, FirstVersion, Key, Kind, Message, Object};

/// How many of the conversation's last events are asked. Meta sends both within seconds of each other.
const REACH: usize = 200;

/// What an event turns out to be.
pub(super) enum Judged {
    /// What it was read as.
    AsRead,
    /// An edit: its message is known.
    Edit(Box<Envelope>),
    /// The message of an edit that was taken for it, and says no more than the edit did. It is kept; its person has been answered.
    Answered,
    /// The same, but it says more: it is handled too. The wait for an answer ended with the edit's.
    Also,
}

/// Judges an event that is new.
pub(super) fn judged(
    work: &Work<'_>,
    envelope: &Envelope,
    conversation: &Conversation,
    now: Timestamp,
) -> rusqlite::Result<Judged> {
    match (&envelope.event, &envelope.first_version) {
        // Pages are not known to send a first version beside the message, and their messages do not look for one.
        (_, Some(_)) if envelope.object == Some(Object::Page) => {
            Ok(Judged::Edit(Box::new(envelope.clone().beside_its_message())))
        }
        (_, Some(FirstVersion { message, .. })) => {
            let is_known =
                was_told(work, conversation, message)? || !keys::remember(work, message, envelope.standby, now)?;
            Ok(match is_known {
                true => Judged::Edit(Box::new(envelope.clone().beside_its_message())),
                false => Judged::AsRead,
            })
        }
        (Event::Message(message), None)
            if envelope.object != Some(Object::Page)
                && keys::is_known_without_a_time(work, &envelope.key, envelope.standby)? =>
        {
            behind_its_edit(work, envelope, message, conversation)
        }
        (_, None) => Ok(Judged::AsRead),
    }
}

/// A message of which an edit was taken before. As long as no handler has the edit, the message takes its place.
fn behind_its_edit(
    work: &Work<'_>,
    envelope: &Envelope,
    message: &Message,
    conversation: &Conversation,
) -> rusqlite::Result<Judged> {
    let Some(edit) = edit_of(work, message, conversation)? else { return Ok(Judged::Also) };
    if edit.waits {
        work.db
            .prepare_cached("UPDATE event SET raw = ?2 WHERE id = ?1")?
            .execute(params![edit.id, envelope.raw.get().as_bytes()])?;
        return Ok(Judged::Answered);
    }
    let says_more = message.text() != edit.text.as_deref()
        || !message.attachments().is_empty()
        || message.quick_reply().is_some()
        || message.reply_to().is_some();
    Ok(if says_more { Judged::Also } else { Judged::Answered })
}

/// An edit that was taken for a message.
struct TakenEdit {
    id: i64,
    /// Whether no handler was given it yet.
    waits: bool,
    text: Option<String>,
}

fn edit_of(work: &Work<'_>, message: &Message, conversation: &Conversation) -> rusqlite::Result<Option<TakenEdit>> {
    let Some(mid) = &message.mid else { return Ok(None) };
    let mut statement = work
        .db
        .prepare_cached("SELECT previous, kind, status IN (0, 1) AND attempts = 0, raw FROM event WHERE id = ?1")?;
    let (mut next, mut left) = (conversation.last_event, REACH);
    while let Some(id) = next.filter(|_| left > 0) {
        let row =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).optional()?;
        let Some((previous, kind, waits, raw)): Option<(Option<i64>, String, bool, Vec<u8>)> = row else { break };
        if kind == Kind::Message.as_str()
            && let Some(edit) = Edit::of_item(&raw).filter(|edit| edit.mid.as_ref() == Some(mid))
        {
            let text = Some(edit.text).filter(|text| !text.is_empty());
            return Ok(Some(TakenEdit { id, waits, text }));
        }
        (next, left) = (previous, left - 1);
    }
    Ok(None)
}

/// Whether the message is one of the conversation's last. The edit tells its id and not its time, and keys are found by time: the
/// conversation's events have the times at which it may be.
fn was_told(work: &Work<'_>, conversation: &Conversation, message: &Key) -> rusqlite::Result<bool> {
    let mut event = work.db.prepare_cached("SELECT previous, kind, at FROM event WHERE id = ?1")?;
    let mut key = work.db.prepare_cached("SELECT 1 FROM seen WHERE time = ?1 AND hash = ?2")?;
    let (mut next, mut left) = (conversation.last_event, REACH);
    while let Some(id) = next.filter(|_| left > 0) {
        let row = event.query_row([id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))).optional()?;
        let Some((previous, kind, at)): Option<(Option<i64>, String, Option<i64>)> = row else { break };
        if kind == Kind::Message.as_str() && key.exists(params![at, message.hash])? {
            return Ok(true);
        }
        (next, left) = (previous, left - 1);
    }
    Ok(false)
}
