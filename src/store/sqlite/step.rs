//! The steps of a long turn: what is kept before its end.

use rusqlite::params;

use super::turn;
use super::work::Work;
use crate::id::{EventId, SendId};
use crate::store::{AutomaticReplies, TakenStep, TurnStep};

/// Keeps a step of a turn. False when the turn is over: another try runs, or none.
pub(in crate::store) fn keep(work: &mut Work<'_>, step: &TurnStep) -> rusqlite::Result<bool> {
    let event = step.event.0;
    let changed = work
        .db
        .prepare_cached(
            "UPDATE event SET steps = steps + 1,
               state_before = CASE WHEN steps = 0
                 THEN (SELECT state FROM conversation WHERE id = event.conversation) ELSE state_before END
             WHERE id = ?1 AND status = 2 AND attempts = ?2 AND steps = ?3",
        )?
        .execute(params![event, step.attempt, step.number])?;
    if changed == 0 {
        return Ok(false);
    }
    let turn = turn::of(work, step.event)?;
    let owed = AutomaticReplies { disclosing: step.disclosing.clone(), fallback: None };
    turn::carry_out(work, &turn, &step.effects, &owed, step.now)?;
    let sends: Vec<_> = step.effects.sends().map(|(send, _)| send.0.to_string()).collect();
    work.db
        .prepare_cached("INSERT INTO step (event, number, hash, sends) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![event, step.number, step.hash, format!("[{}]", sends.join(","))])?;
    Ok(true)
}

/// The steps that an earlier try of this turn took.
pub(super) fn taken(work: &Work<'_>, event: EventId) -> rusqlite::Result<Vec<TakenStep>> {
    work.db
        .prepare_cached("SELECT hash, sends FROM step WHERE event = ?1 ORDER BY number")?
        .query_map([event.0], |row| {
            let ids: Vec<i64> = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
            Ok(TakenStep { hash: row.get(0)?, sends: ids.into_iter().map(SendId).collect() })
        })?
        .collect()
}

/// What a turn has said in its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct SaidSoFar {
    /// The turn's first send, by which its sends are known.
    pub(super) turn: SendId,
}

/// What a turn has said in its steps, where one of them said something.
pub(super) fn said_so_far(work: &Work<'_>, event: EventId) -> rusqlite::Result<Option<SaidSoFar>> {
    let Some(last) = taken(work, event)?.into_iter().flat_map(|step| step.sends).next_back() else { return Ok(None) };
    work.db
        .prepare_cached("SELECT turn FROM send WHERE id = ?1")?
        .query_row([last.0], |row| Ok(Some(SaidSoFar { turn: SendId(row.get(0)?) })))
}

/// The turn has ended for good.
pub(super) fn forget(work: &Work<'_>, event: EventId) -> rusqlite::Result<()> {
    work.db.prepare_cached("DELETE FROM step WHERE event = ?1")?.execute([event.0])?;
    work.db
        .prepare_cached("UPDATE event SET steps = 0, state_before = NULL WHERE id = ?1")?
        .execute([event.0])
        .map(drop)
}
