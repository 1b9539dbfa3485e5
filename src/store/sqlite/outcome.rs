//! What became of a send that was not sent, told to its conversation as an event.

use rusqlite::params;
use serde_json::json;

use super::work::Work;
use super::{conversation, inbox, intake, outbox};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::SendId;
use crate::store::{EventStatus, SendStatus};

/// A send, as its outcome tells of it.
struct Ended {
    conversation: i64,
    event: Option<i64>,
    status: i64,
    rule: Option<String>,
    reason: Option<String>,
    message_id: Option<String>,
    request: String,
    person: Option<String>,
}

/// Tells a handler that its send was refused, has failed or is held. Sends made on an outcome make none, else two of them could keep
/// each other going for ever; and a handler need not know of a typing indicator that was not shown.
pub(super) fn tell(work: &mut Work<'_>, send: SendId, now: Timestamp) -> rusqlite::Result<()> {
    let Ended { conversation, event, status, rule, reason, message_id, request, person } = work
        .db
        .prepare_cached(
            "SELECT conversation, event, status, rule, reason, message_id, request, nullif(person, '') FROM send WHERE id = ?1",
        )?
        .query_row([send.0], |row| {
            Ok(Ended {
                conversation: row.get(0)?,
                event: row.get(1)?,
                status: row.get(2)?,
                rule: row.get(3)?,
                reason: row.get(4)?,
                message_id: row.get(5)?,
                request: row.get(6)?,
                person: row.get(7)?,
            })
        })?;
    if outbox::request(&request).is_ok_and(|request| request.is_action()) {
        return Ok(());
    }
    if let Some(event) = event
        && work.db.prepare_cached("SELECT 1 FROM event WHERE id = ?1 AND kind = 'outcome'")?.exists([event])?
    {
        return Ok(());
    }
    let status = SendStatus::from_number(status);
    let raw = json!({"send": send, "status": status, "rule": rule, "reason": reason, "message_id": message_id});
    let conversation = conversation::get(work, conversation)?;
    let id = intake::next_id(work);
    let queue = inbox::enqueue(work, conversation.queue_tail, id)?;
    work.woke.events |= queue == EventStatus::Ready;
    work.db
        .prepare_cached(
            "INSERT INTO event (id, conversation, previous, account, person, kind, status, standby, received_at, due, raw,
                                trace)
             SELECT ?1, id, last_event, account, ?7, ?3, ?4, 0, ?5, ?5, ?6, (SELECT trace FROM event WHERE id = ?8)
             FROM conversation WHERE id = ?2",
        )?
        .execute(params![
            id,
            conversation.id,
            Kind::Outcome.as_str(),
            queue as i64,
            now.0,
            raw.to_string().as_bytes(),
            person,
            event,
        ])?;
    work.db
        .prepare_cached("UPDATE conversation SET last_event = ?2, last_event_at = ?3, queue_tail = ?2 WHERE id = ?1")?
        .execute(params![conversation.id, id, now.0])
        .map(drop)
}
