//! What a conversation remembers since its bot last disclosed itself (policy P6).
//!
//! The pause that counts is between two things said, by whichever side: what a person did that can be answered, what the
//! account said by whichever app, and what is planned to be said. Receipts say nothing.

use std::time::Duration;

use rusqlite::params;

use super::answer;
use super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Control, Envelope, Event, Handover};
use crate::id::{AppId, SendId};
use crate::policy::disclosure::SinceDisclosed;

/// When an event says something, where it does.
pub(super) fn said_at(envelope: &Envelope, now: Timestamp) -> Option<Timestamp> {
    let says = match &envelope.event {
        Event::Echo(echo) => !echo.is_deleted,
        event => event.is_act(),
    };
    says.then(|| told_at(envelope, now))
}

fn told_at(envelope: &Envelope, now: Timestamp) -> Timestamp {
    envelope.at.map_or(now, |at| at.min(now))
}

/// Notes what an event tells of others. `by_another` says that an echo is certainly not of our own words.
pub(super) fn heard(
    work: &Work<'_>,
    envelope: &Envelope,
    conversation: i64,
    by_another: bool,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let at = told_at(envelope, now);
    match &envelope.event {
        Event::Echo(echo) if by_another && !echo.is_deleted => answer::by_others(work, conversation, None, at),
        Event::Handover(Handover::Pass(control) | Handover::Take(control)) if was_with_another(work, control) => {
            others_spoke(work, conversation, at)
        }
        _ => Ok(()),
    }
}

/// Whether somebody else had the conversation, or has it now. Where our own ids are not configured, whoever had it before is
/// taken for somebody else: to disclose oneself once more harms nobody.
fn was_with_another(work: &Work<'_>, control: &Control) -> bool {
    let is_another = |app: &AppId| work.own.is_another_app(app);
    match (&control.previous_owner_app_id, &control.new_owner_app_id) {
        (_, Some(new)) if is_another(new) => true,
        (Some(previous), _) => is_another(previous) || !work.own.knows_its_apps(),
        (None, _) => false,
    }
}

/// What is said at the moment `?2`, in a conversation's row; null says nothing. Late and repeated events make no pause.
pub(super) const SAID: &str =
    "silence = max(silence, ifnull(?2 - said_at, 0)), said_at = max(ifnull(said_at, ?2), ifnull(?2, said_at))";

/// A person, or another app, has spoken for the account, or had the conversation. What they did before the bot disclosed
/// itself was over by then, however late the news of it is.
pub(super) fn others_spoke(work: &Work<'_>, conversation: i64, at: Timestamp) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE conversation SET others_spoke = 1 WHERE id = ?1 AND ?2 >= ifnull(disclosed_at, ?2)")?
        .execute([conversation, at.0])
        .map(drop)
}

/// What policy decides from.
pub(super) fn since(work: &Work<'_>, conversation: i64) -> rusqlite::Result<SinceDisclosed> {
    work.db
        .prepare_cached(
            "SELECT disclosed_at IS NOT NULL, said_at, silence, others_spoke FROM conversation WHERE id = ?1",
        )?
        .query_row([conversation], |row| {
            Ok(SinceDisclosed {
                disclosed: row.get(0)?,
                said_at: row.get::<_, Option<i64>>(1)?.map(Timestamp),
                silence: Duration::from_millis(u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0)),
                others_spoke: row.get(3)?,
            })
        })
}

/// The bot discloses itself by this send. Whatever was before is over.
pub(super) fn disclosed(work: &Work<'_>, conversation: i64, send: SendId, now: Timestamp) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(
            "UPDATE conversation SET disclosed_by = ?2, disclosed_at = ?3, said_at = max(ifnull(said_at, ?3), ?3), silence = 0,
               others_spoke = 0
             WHERE id = ?1",
        )?
        .execute(params![conversation, send.0, now.0])
        .map(drop)
}

/// The send seems not to have happened. If the bot was to disclose itself by it, it has not.
pub(super) fn undone(work: &Work<'_>, conversation: i64, send: SendId) -> rusqlite::Result<()> {
    work.db
        .prepare_cached("UPDATE conversation SET disclosed_at = NULL WHERE id = ?1 AND disclosed_by = ?2")?
        .execute(params![conversation, send.0])
        .map(drop)
}

/// The send has happened after all. If the bot was to disclose itself by it, and has not done so by another meanwhile, it has.
pub(super) fn redone(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(
            "UPDATE conversation SET disclosed_at = send.attempted_at FROM send
             WHERE send.id = ?1 AND conversation.id = send.conversation AND disclosed_by = send.id AND disclosed_at IS NULL",
        )?
        .execute([send.0])
        .map(drop)
}
