//! What a turn brings about: what its handler wants done, and what it owes the person beside that.

use rusqlite::params;

use super::outbox::{self, Planned};
use super::step::{self, SaidSoFar};
use super::work::Work;
use super::{answer, disclosure};
use crate::clock::Timestamp;
use crate::effect::{Effect, Effects, Memory};
use crate::id::{EventId, SendId};
use crate::message::Request;
use crate::policy;
use crate::store::{AutomaticReplies, DisclosureMessage};

/// Whose effects are carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) event: EventId,
    pub(super) conversation: i64,
    /// What it has said in its steps.
    pub(super) so_far: Option<SaidSoFar>,
}

/// The turn of an event that is not over.
pub(super) fn of(work: &Work<'_>, event: EventId) -> rusqlite::Result<Turn> {
    let conversation = work
        .db
        .prepare_cached("SELECT conversation FROM event WHERE id = ?1")?
        .query_row([event.0], |row| row.get(0))?;
    Ok(Turn { event, conversation, so_far: step::said_so_far(work, event)? })
}

/// Carries out what a turn wants, and plans what it owes the person beside that.
pub(super) fn carry_out(
    work: &mut Work<'_>,
    turn: &Turn,
    effects: &Effects,
    owed: &AutomaticReplies,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // The sends are one chain, whatever stands between them.
    let mut sends = Vec::new();
    for effect in effects {
        match effect {
            Effect::Say(send, request) => sends.push((*send, &**request)),
            Effect::Remember(memory) => remember(work, turn.conversation, memory)?,
        }
    }
    say(work, turn, sends, owed, now)
}

fn remember(work: &Work<'_>, conversation: i64, memory: &Memory) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE conversation SET state = ?2 WHERE id = ?1")?
        .execute(params![conversation, memory.json()])
        .map(drop)
}

/// Plans the messages of a turn. If the person is still waiting for an answer, appends the fallback, which answers everything
/// that waits in the conversation.
fn say<'a>(
    work: &mut Work<'_>,
    turn: &Turn,
    mut sends: Vec<(SendId, &'a Request)>,
    owed: &'a AutomaticReplies,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let disclosing = owed.disclosing.as_ref();
    match &owed.fallback {
        Some((fallback, request)) if first_words(&sends).is_none() && answer::is_awaited(work, turn.event)? => {
            sends.push((*fallback, request));
            plan(work, turn, sends, disclosing, now)?;
            answer::by_fallback(work, turn, *fallback, now)
        }
        _ => plan(work, turn, sends, disclosing, now),
    }
}

/// Plans something that a turn says: the disclosing message first, where it is due before these words.
fn plan<'a>(
    work: &mut Work<'_>,
    turn: &Turn,
    mut sends: Vec<(SendId, &'a Request)>,
    disclosing: Option<&'a DisclosureMessage>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let planned = Planned::by(turn.event, turn.so_far);
    let Some((first, words)) = first_words(&sends) else {
        return outbox::plan(work, planned, turn.conversation, &sends, now);
    };
    match disclosing {
        Some(disclosing) if is_due(work, turn, disclosing, words, now)? => {
            sends.insert(0, (disclosing.send, &disclosing.request));
            outbox::plan(work, planned, turn.conversation, &sends, now)?;
            disclosure::disclosed(work, turn.conversation, disclosing.send, now)?;
        }
        _ => outbox::plan(work, planned, turn.conversation, &sends, now)?,
    }
    answer::answered(work, turn.event, first)
}

/// The first message: sender actions and reactions say nothing.
fn first_words<'a>(sends: &[(SendId, &'a Request)]) -> Option<(SendId, &'a Request)> {
    sends.iter().find(|(_, request)| request.as_message().is_some()).copied()
}

/// Whether the bot discloses itself before these words. They go to the same recipient, then: before a private reply, or the one
/// message of a token, nothing can be said. Once in a turn, whatever has become of it: when it was refused before the turn's
/// next step, the next turn says it again.
fn is_due(
    work: &Work<'_>,
    turn: &Turn,
    disclosing: &DisclosureMessage,
    words: &Request,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    if words.recipient != disclosing.request.recipient
        || work.db.prepare_cached("SELECT 1 FROM send WHERE id = ?1")?.exists([disclosing.send.0])?
    {
        return Ok(false);
    }
    let since = disclosure::since(work, turn.conversation)?;
    Ok(policy::disclosure::due(&since, disclosing.after, now).is_some())
}
