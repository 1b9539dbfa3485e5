//! What a turn says: its handler's words, and what it owes the person beside them.

use super::work::Work;
use super::{answer, disclosure, outbox};
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::message::Request;
use crate::policy;
use crate::store::{Disclosing, Owed};

/// Plans the last that a turn says. Where that leaves somebody without an answer, the fallback answers.
pub(super) fn say(
    work: &mut Work<'_>,
    event: EventId,
    conversation: i64,
    sends: &[(SendId, Request)],
    owed: &Owed,
    now: Timestamp,
) -> rusqlite::Result<()> {
    plan(work, event, conversation, sends, owed.disclosing.as_ref(), now)?;
    match &owed.fallback {
        Some(fallback) if answer::is_awaited(work, event)? => {
            plan(work, event, conversation, std::slice::from_ref(fallback), owed.disclosing.as_ref(), now)
        }
        _ => Ok(()),
    }
}

/// Plans something that a turn says: the disclosing message first, where it is due before these words. Sender actions say
/// nothing.
pub(super) fn plan(
    work: &mut Work<'_>,
    event: EventId,
    conversation: i64,
    sends: &[(SendId, Request)],
    disclosing: Option<&Disclosing>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some((first, _)) = sends.iter().find(|(_, request)| request.as_message().is_some()) else {
        return outbox::plan(work, Some(event), conversation, None, sends, now);
    };
    match disclosing {
        Some(disclosing) if is_due(work, conversation, disclosing, now)? => {
            let before = std::iter::once((disclosing.send, disclosing.request.clone()));
            let all: Vec<_> = before.chain(sends.iter().cloned()).collect();
            outbox::plan(work, Some(event), conversation, None, &all, now)?;
            disclosure::disclosed(work, conversation, disclosing.send, now)?;
        }
        _ => {
            outbox::plan(work, Some(event), conversation, None, sends, now)?;
            disclosure::said(work, conversation, now)?;
        }
    }
    answer::answered(work, event, *first)
}

/// Once in a turn, whatever has become of it: when it was refused before the turn's next step, the next turn says it again.
fn is_due(work: &Work<'_>, conversation: i64, disclosing: &Disclosing, now: Timestamp) -> rusqlite::Result<bool> {
    if work.db.prepare_cached("SELECT 1 FROM send WHERE id = ?1")?.exists([disclosing.send.0])? {
        return Ok(false);
    }
    let since = disclosure::since(work, conversation)?;
    Ok(policy::disclosure::due(&since, disclosing.after, now).is_some())
}
