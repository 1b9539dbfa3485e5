//! Echoes of which nobody could tell whose words they repeat. They wait for the sends that are on their way or in doubt.

use rusqlite::{OptionalExtension, params};

use super::answer::{self, HAPPENED_AT};
use super::echo::{self, Recognised};
use super::work::Work;
use super::{conversation, inbox, private_reply};
use crate::clock::Timestamp;
use crate::event::{Echo, Envelope, Event, Origin};
use crate::id::AccountId;
use crate::store::EventStatus;

/// Looks again at what waits for a conversation's sends, after one of these was settled or came into doubt.
pub(super) fn look_again(work: &mut Work<'_>, conversation: i64, now: Timestamp) -> rusqlite::Result<()> {
    look_again_in(work, conversation, now)?;
    for chat in private_reply::waiting_chats(work, conversation)? {
        look_again_in(work, chat, now)?;
    }
    Ok(())
}

fn look_again_in(work: &mut Work<'_>, conversation: i64, now: Timestamp) -> rusqlite::Result<()> {
    // One at a time: settling a send for one of them looks at all of them again.
    let mut last = 0;
    while let Some(Parked { id, account, raw, said_at }) = next_parked(work, conversation, last)? {
        last = id;
        let last_send = conversation::get(work, conversation)?.last_send;
        let recognised = match read(&account, &raw) {
            Some(echo) => echo::by_message(work, &account, last_send, &echo, now)?,
            None => Recognised::Foreign,
        };
        match recognised {
            Recognised::Perhaps => {}
            Recognised::Own => release(work, id, EventStatus::Done, now)?,
            Recognised::Foreign => {
                answer::by_others(work, conversation, None, said_at)?;
                let tail = conversation::get(work, conversation)?.queue_tail;
                let status = inbox::enqueue(work, tail, id)?;
                work.woke.events |= status == EventStatus::Ready;
                release(work, id, status, now)?;
                work.db
                    .prepare_cached("UPDATE conversation SET queue_tail = ?2 WHERE id = ?1")?
                    .execute([conversation, id])?;
            }
        }
    }
    Ok(())
}

fn release(work: &Work<'_>, event: i64, status: EventStatus, now: Timestamp) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE event SET status = ?2, due = ?3 WHERE id = ?1 AND status = 6")?
        .execute(params![event, status as i64, now.0])
        .map(drop)
}

/// An echo that waits to be recognised.
struct Parked {
    id: i64,
    account: AccountId,
    raw: Vec<u8>,
    said_at: Timestamp,
}

fn next_parked(work: &Work<'_>, conversation: i64, after: i64) -> rusqlite::Result<Option<Parked>> {
    work.db
        .prepare_cached(&format!(
            "SELECT id, account, raw, {HAPPENED_AT} FROM event
             WHERE account = (SELECT account FROM conversation WHERE id = ?1) AND conversation = ?1 AND status = 6
               AND id > ?2 ORDER BY id LIMIT 1",
        ))?
        .query_row([conversation, after], |row| {
            let said_at = Timestamp(row.get(3)?);
            let account = AccountId::new(row.get::<_, String>(1)?);
            Ok(Parked { id: row.get(0)?, account, raw: row.get(2)?, said_at })
        })
        .optional()
}

fn read(account: &AccountId, raw: &[u8]) -> Option<Echo> {
    let raw = serde_json::from_slice(raw).ok()?;
    let origin = Origin { account: account.clone(), standby: false, time: None, list: None };
    match Envelope::read(&origin, raw)?.event {
        Event::Echo(echo) => Some(echo),
        _ => None,
    }
}
