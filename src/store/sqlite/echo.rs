//! Whose words does an echo repeat?
//!
//! On a Page the echo of our own send carries the metadata we gave it. On Instagram it carries nothing but its `mid` and
//! its text, and it may come before Meta's answer tells us the `mid`: such an echo is parked while a send of its
//! conversation is on its way or in doubt, and never taken for somebody else's before that is settled. So is the echo of a
//! private reply, whose send stands in another conversation.

use rusqlite::{OptionalExtension, params};

use super::conversation::Conversation;
use super::work::Work;
use super::{disclosure, outbox, private_reply, rights, unanswered};
use crate::clock::Timestamp;
use crate::event::{Echo, Envelope, Mark};
use crate::id::{AccountId, MessageId, PersonId, SendId};
use crate::message::Request;
use crate::store::{KnownMessages, MessageHash, SendOutcome, SendStatus};

/// How far back in a conversation a send is looked for by its `mid`. An echo hours late after so many more sends would be
/// observed as somebody else's; nothing is said twice for it.
const REACH: usize = 32;

/// What stands for the starts under which a send left before schema 4 kept them. Their marks name none.
const BEFORE_EPOCHS: &str = "-";

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognised {
    /// Our own: the send they repeat is settled.
    Own,
    /// Our own or not: a send in flight will tell.
    Perhaps,
    /// Another app's, or a person's at the inbox.
    Foreign,
}

/// Recognises an echo, and settles the send that it repeats.
pub(super) fn recognise(
    work: &mut Work<'_>,
    envelope: &Envelope,
    conversation: &Conversation,
    echo: &Echo,
    now: Timestamp,
) -> rusqlite::Result<Recognised> {
    // That a message was taken back is news to everybody, whoever had sent it.
    if echo.is_deleted {
        return Ok(Recognised::Foreign);
    }
    if let Some(mark) = work.own.mark_of(echo) {
        // One that does not match repeats a send of this store that the store does not know any more: it was restored from a
        // copy that is older than the send.
        if has_left(work, envelope, mark)? {
            settle_sent(work, mark.send, echo.mid.clone(), now)?;
            count_repeat(work, &envelope.account, mark.send, echo.mid.as_ref())?;
        }
        return Ok(Recognised::Own);
    }
    // Another store's send, whatever ours says.
    if echo.mark.is_some() {
        return Ok(Recognised::Foreign);
    }
    by_message(work, &envelope.account, conversation.last_send, echo, now)
}

/// Whether the send that a mark names has left under the mark's epoch, from the echo's account and, where the send names its
/// person by id, to the echo's person. Words are not compared: Meta rewrites those of templates.
fn has_left(work: &Work<'_>, envelope: &Envelope, mark: &Mark) -> rusqlite::Result<bool> {
    let person = envelope.person.as_ref().map(PersonId::as_str);
    let epoch = format!(" {} ", mark.epoch.as_deref().unwrap_or(BEFORE_EPOCHS));
    work.db
        .prepare_cached(
            "SELECT 1 FROM send WHERE id = ?1 AND account = ?2 AND instr(epochs, ?3)
               AND ifnull(request ->> '$.recipient.id', ?4) IS ?4",
        )?
        .exists(params![mark.send.0, envelope.account.as_str(), epoch, person])
}

/// Recognises an echo without our metadata: by its `mid`, else by what is in flight or in doubt.
pub(super) fn by_message(
    work: &mut Work<'_>,
    account: &AccountId,
    last_send: Option<i64>,
    echo: &Echo,
    now: Timestamp,
) -> rusqlite::Result<Recognised> {
    if let Some(mid) = &echo.mid
        && (was_sent(work, last_send, mid)? || private_reply::became(work, account.as_str(), mid)?)
    {
        return Ok(Recognised::Own);
    }
    if echo.app_id.as_ref().is_some_and(|app| work.own.is_another_app(app)) {
        return Ok(Recognised::Foreign);
    }
    let sends = recent(work, last_send)?;
    let saying =
        |wanted: fn(&Recent) -> bool| sends.iter().find(|send| wanted(send) && says(send.request.as_ref(), echo));
    let replies = private_reply::repeated_by(work, account.as_str(), echo)?;
    // One that is on its way will tell by its answer; one in doubt is younger than what was in doubt before.
    if saying(|send| send.status == SendStatus::Sending).is_some() || replies.iter().any(|reply| reply.is_open) {
        return Ok(Recognised::Perhaps);
    }
    let unsettled = saying(|send| send.status == SendStatus::InDoubt)
        .or_else(|| saying(|send| send.was_in_doubt && send.status != SendStatus::Sent));
    if let Some(send) = unsettled {
        settle_sent(work, send.id, echo.mid.clone(), now)?;
        return Ok(Recognised::Own);
    }
    // Sent again on the evidence there was; this is the first of the two.
    if let Some(send) = saying(|send| send.was_in_doubt && send.attempts > 1) {
        count_repeat(work, account, send.id, echo.mid.as_ref())?;
        return Ok(Recognised::Own);
    }
    match &replies[..] {
        [] => {}
        [only] => {
            settle_sent(work, only.send, echo.mid.clone(), now)?;
            return Ok(Recognised::Own);
        }
        // Nobody can tell which of them.
        _ => return Ok(Recognised::Own),
    }
    // What is held may wait for days for somebody to decide; nobody else's words wait with it.
    let open = sends.iter().any(|send| matches!(send.status, SendStatus::Sending | SendStatus::InDoubt));
    Ok(if open { Recognised::Perhaps } else { Recognised::Foreign })
}

fn settle_sent(
    work: &mut Work<'_>,
    send: SendId,
    message_id: Option<MessageId>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mid = message_id.as_ref().map(MessageId::as_str).map(str::to_owned);
    outbox::settle(work, send, &SendOutcome::Sent { message_id }, now)?;
    // Meta can reject a send that it has delivered. An echo overrides the rejection; sends queued behind it have already gone out,
    // so their order is not restored.
    let arrived = work
        .db
        .prepare_cached(
            "UPDATE send SET status = 4, rule = NULL, reason = NULL, error = NULL, message_id = ifnull(?2, message_id), at = ?3
             WHERE id = ?1 AND status IN (5, 6)",
        )?
        .execute(params![send.0, mid, now.0])?;
    if arrived == 0 {
        return Ok(());
    }
    rights::take_again(work, send)?;
    disclosure::redone(work, send)?;
    unanswered::sent_after_all(work, send)
}

/// A send whose echo names another message than the one that it became has arrived twice.
fn count_repeat(work: &Work<'_>, account: &AccountId, send: SendId, mid: Option<&MessageId>) -> rusqlite::Result<()> {
    let Some(mid) = mid else { return Ok(()) };
    let repeated = work
        .db
        .prepare_cached(
            "UPDATE send SET repeats = repeats + 1 WHERE id = ?1 AND status = 4 AND message_id IS NOT NULL AND message_id <> ?2",
        )?
        .execute(params![send.0, mid.as_str()])?;
    if repeated > 0 {
        tracing::error!(account_id = %account, %send, "a message arrived twice: Meta had no evidence of it when it was sent again");
    }
    Ok(())
}

/// The messages that the conversation's last sends became, but for `send` itself: at least as many as the conversation shows.
pub(super) fn bound(work: &Work<'_>, last_send: Option<i64>, send: SendId) -> rusqlite::Result<KnownMessages> {
    let mut statement = work.db.prepare_cached("SELECT message_id, previous FROM send WHERE id = ?1")?;
    let (mut next, mut bound, mut is_past) = (last_send, KnownMessages::default(), false);
    while let Some(id) = next.filter(|_| bound.before.len() + bound.after.len() < REACH) {
        let row: Option<(Option<String>, Option<i64>)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((message_id, previous)) = row else { break };
        if id == send.0 {
            is_past = true;
        } else if let Some(mid) = message_id {
            let side = if is_past { &mut bound.before } else { &mut bound.after };
            side.push(MessageHash::of(&MessageId::new(mid)));
        }
        next = previous;
    }
    Ok(bound)
}

/// Whether one of the conversation's last sends became this message.
fn was_sent(work: &Work<'_>, last_send: Option<i64>, mid: &MessageId) -> rusqlite::Result<bool> {
    let mut statement = work.db.prepare_cached("SELECT message_id, previous, attempts FROM send WHERE id = ?1")?;
    let (mut next, mut left) = (last_send, 0);
    while let Some(id) = next.filter(|_| left < REACH) {
        let row: Option<(Option<String>, Option<i64>, i64)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((message_id, previous, attempts)) = row else { break };
        if message_id.as_deref() == Some(mid.as_str()) {
            return Ok(true);
        }
        // A long turn's sends that have not left yet have no echo to be found.
        left += usize::from(attempts > 0);
        next = previous;
    }
    Ok(false)
}

/// A send of which an echo may tell.
struct Recent {
    id: SendId,
    status: SendStatus,
    attempts: u32,
    was_in_doubt: bool,
    request: Option<Request>,
}

/// The conversation's sends that are on their way, or were in doubt, oldest first. They are among its last.
fn recent(work: &Work<'_>, last_send: Option<i64>) -> rusqlite::Result<Vec<Recent>> {
    let mut statement = work.db.prepare_cached(
        "SELECT status, attempts, doubted_since IS NOT NULL, request, previous FROM send WHERE id = ?1",
    )?;
    let (mut next, mut recent, mut ended) = (last_send, Vec::new(), 0);
    while let Some(id) = next.filter(|_| ended < REACH) {
        let row = statement.query_row([id], |row| {
            let status = SendStatus::from_number(row.get(0)?);
            let (attempts, was_in_doubt, request) = (row.get(1)?, row.get(2)?, row.get::<_, String>(3)?);
            Ok((status, attempts, was_in_doubt, request, row.get(4)?))
        });
        let Some((Some(status), attempts, was_in_doubt, request, previous)) = row.optional()? else { break };
        if was_in_doubt || status == SendStatus::Sending {
            let request = serde_json::from_str(&request).ok();
            recent.push(Recent { id: SendId(id), status, attempts, was_in_doubt, request });
        }
        ended += usize::from(matches!(status, SendStatus::Sent | SendStatus::Refused | SendStatus::Failed));
        next = previous;
    }
    recent.reverse();
    Ok(recent)
}

/// Whether a send says what an echo repeats: the same words, however they are spaced, or something of the same type. Media
/// come back under another address.
pub(super) fn says(request: Option<&Request>, echo: &Echo) -> bool {
    let Some(message) = request.and_then(Request::as_message) else { return false };
    match (message.as_text(), echo.text.as_deref()) {
        (Some(said), Some(repeated)) => said.split_whitespace().eq(repeated.split_whitespace()),
        (None, None) => match (message.attachment(), echo.attachments.first()) {
            (Some(sent), Some(repeated)) => sent.kind == repeated.kind.as_str(),
            _ => false,
        },
        _ => false,
    }
}
