//! Sends that did not come from a handler.

use rusqlite::{OptionalExtension, params};

use super::conversation::Conversation;
use super::outbox::{self, Planned};
use super::work::Work;
use super::{answer, conversation, ledger};
use crate::id::{PersonId, SendId, Thread};
use crate::policy;
use crate::store::{Post, Posted, RefusedPost, SendStatus};

/// Plans a post, once for each key. What policy refuses is kept for the lists alone, and its key stays free.
pub(in crate::store) fn post(work: &mut Work<'_>, post: &Post) -> rusqlite::Result<Posted> {
    if let Some(before) = before(work, post)? {
        return Ok(before);
    }
    let facts = ledger::facts(work, &post.account, &post.person, &post.recipient)?;
    let person = facts.person.clone();
    let decision = policy::check_parts(&post.standing, facts, post.origin(), &post.sends, post.now);
    let person = person.as_ref().unwrap_or(&post.person);
    let conversation = conversation::open(work, post.account.as_str(), post.recipient.thread(), person.as_str())?;
    if let Err(refusal) = decision {
        let refused = post.refused(refusal);
        list_refused(work, post, &conversation, person, &refused)?;
        return Ok(Posted::Refused(refused));
    }
    let planned = Planned::posted(post.agent.as_deref());
    let sends: Vec<_> = post.sends.iter().map(|(id, request)| (*id, request)).collect();
    outbox::plan(work, planned, conversation.id, &sends, post.now)?;
    let words = post.sends.iter().find(|(_, request)| request.as_message().is_some());
    if let Some((send, _)) = words.filter(|_| post.agent.is_some()) {
        answer::by_others(work, conversation.id, Some(*send), post.now)?;
    }
    let ids: Vec<_> = post.sends.iter().map(|(id, _)| *id).collect();
    remember(work, post, &ids)?;
    Ok(Posted::Planned(ids))
}

/// Keeps a refused post for the lists. It has no place in the queue, and is not linked into the conversation's list of sends:
/// a poster who tries again every second must not make that long. No event tells of it: the poster has been answered.
fn list_refused(
    work: &Work<'_>,
    post: &Post,
    conversation: &Conversation,
    person: &PersonId,
    refused: &RefusedPost,
) -> rusqlite::Result<()> {
    for (id, request) in &post.sends {
        let json =
            serde_json::to_string(request).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        work.db
            .prepare_cached(
                "INSERT INTO send (id, turn, conversation, previous, account, person, agent, request, status, due, at, rule,
                                   reason, private)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                id.0,
                refused.id.0,
                conversation.id,
                conversation.last_send,
                post.account.as_str(),
                person.as_str(),
                post.agent,
                json,
                SendStatus::Refused as i64,
                post.now.0,
                refused.rule,
                refused.reason,
                request.recipient.thread() == Thread::Comments,
            ])?;
    }
    Ok(())
}

/// What was posted under the same key before.
fn before(work: &Work<'_>, post: &Post) -> rusqlite::Result<Option<Posted>> {
    let Some((key, body)) = &post.key else { return Ok(None) };
    let known: Option<([u8; 32], String)> = work
        .db
        .prepare_cached("SELECT body, sends FROM posted WHERE account = ?1 AND key = ?2")?
        .query_row(params![post.account.as_str(), key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((known, sends)) = known else { return Ok(None) };
    if known != *body {
        return Ok(Some(Posted::Conflict));
    }
    let ids: Vec<i64> = serde_json::from_str(&sends).unwrap_or_default();
    Ok(Some(Posted::Planned(ids.into_iter().map(SendId).collect())))
}

fn remember(work: &Work<'_>, post: &Post, ids: &[SendId]) -> rusqlite::Result<()> {
    let Some((key, body)) = &post.key else { return Ok(()) };
    let numbers: Vec<_> = ids.iter().map(|id| id.0.to_string()).collect();
    work.db
        .prepare_cached("INSERT INTO posted (account, key, body, sends, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![post.account.as_str(), key, body, format!("[{}]", numbers.join(",")), post.now.0])
        .map(drop)
}
