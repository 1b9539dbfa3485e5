//! Sends that did not come from a handler.

use rusqlite::{OptionalExtension, params};

use super::outbox::{self, Planned};
use super::work::Work;
use super::{answer, conversation, ledger};
use crate::id::SendId;
use crate::policy;
use crate::store::{Post, Posted};

/// Plans a post, once for each key. A refusal is not remembered: what was shut may be open the next time.
pub(in crate::store) fn post(work: &mut Work<'_>, post: &Post) -> rusqlite::Result<Posted> {
    if let Some(before) = before(work, post)? {
        return Ok(before);
    }
    let facts = ledger::facts(work, &post.account, &post.person, &post.recipient)?;
    let person = facts.person.clone();
    if let Err(refusal) = policy::check_parts(&post.standing, facts, post.origin(), &post.sends, post.now) {
        return Ok(Posted::Refused(refusal));
    }
    let person = person.as_ref().unwrap_or(&post.person);
    let conversation = conversation::open(work, post.account.as_str(), post.recipient.thread(), person.as_str())?;
    let planned = Planned::posted(post.agent.as_deref());
    outbox::plan(work, planned, conversation.id, &post.sends, post.now)?;
    let words = post.sends.iter().find(|(_, request)| request.as_message().is_some());
    if let Some((send, _)) = words.filter(|_| post.agent.is_some()) {
        answer::by_others(work, conversation.id, Some(*send), post.now)?;
    }
    let ids: Vec<_> = post.sends.iter().map(|(id, _)| *id).collect();
    remember(work, post, &ids)?;
    Ok(Posted::Planned(ids))
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
