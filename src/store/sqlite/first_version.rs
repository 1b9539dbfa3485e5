//! A message and its first version, an edit with the number 0: which of the two comes first is the message.

use rusqlite::{OptionalExtension, params};

use super::conversation::Conversation;
use super::keys;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, FirstVersion, Key, Kind};

/// How many of the conversation's last events are asked. Meta sends both within seconds of each other.
const REACH: usize = 50;

/// What an event turns out to be.
pub(super) enum Judged {
    /// What it was read as.
    AsRead,
    /// An edit: its message is known.
    Edit(Box<Envelope>),
    /// The message of an edit that was taken for it. It is kept, for it may say more; its person has been answered.
    Answered,
}

/// Judges an event that is new.
pub(super) fn judged(
    work: &Work<'_>,
    envelope: &Envelope,
    conversation: &Conversation,
    now: Timestamp,
) -> rusqlite::Result<Judged> {
    match (&envelope.event, &envelope.first_version) {
        (_, Some(FirstVersion { message, .. })) => {
            let is_known =
                was_told(work, conversation, message)? || !keys::remember(work, message, envelope.standby, now)?;
            Ok(match is_known {
                true => Judged::Edit(Box::new(envelope.clone().beside_its_message())),
                false => Judged::AsRead,
            })
        }
        (Event::Message(_), None) if keys::is_known_without_a_time(work, &envelope.key, envelope.standby)? => {
            Ok(Judged::Answered)
        }
        (_, None) => Ok(Judged::AsRead),
    }
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
