//! A process that dies behind each commit in turn: what is on disk then keeps the promises, and from it everything comes to its end.

use super::fault::Fault;
use super::meta::Meta;
use super::server::Server;
use super::{run_until, seeds};

/// What holds of a disk, wherever the writing stopped.
pub(super) fn check(server: &Server, meta: &Meta) -> Result<(), String> {
    let store = &server.store;
    let is_kept = "SELECT count(*) FROM event WHERE instr(CAST(raw AS TEXT), ?1) > 0";
    for body in &server.acknowledged {
        let mid = body.split("\"mid\":").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
        if store.count(is_kept, mid) != 1 {
            return Err(format!("{body} was acknowledged and is not kept once"));
        }
    }
    let has_left = "SELECT count(*) FROM send_state WHERE id = ?1 AND attempts > 0";
    if let Some(send) = meta.arrived.iter().find(|send| store.count(has_left, send.0) != 1) {
        return Err(format!("{send} has left, and its mark is not on disk"));
    }
    let keys = "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM seen_untimed) - count(*) FROM event WHERE kind != ?1";
    if store.count(keys, "outcome") != 0 {
        return Err("there are not as many keys as events".into());
    }
    let without_sends =
        "SELECT count(*) FROM send LEFT JOIN send_state USING (id) WHERE status IS NULL OR send.id < ?1";
    if store.count(without_sends, 0) != 0 {
        return Err("a send has no state".into());
    }
    Ok(())
}

#[test]
fn a_process_that_dies_behind_any_commit_loses_nothing_and_repeats_nothing() {
    for seed in 0..seeds() / 2_000 {
        let commits = run_until(seed, None, Some(u64::MAX)).expect("nothing is wrong without a death");
        for commit in 1..commits {
            if let Err(wrong) = run_until(seed, None, Some(commit)) {
                panic!("seed {seed}, commit {commit} of {commits}: {wrong}");
            }
        }
    }
}

#[test]
fn bytes_that_leave_before_their_mark_are_found() {
    let is_found = |commit| run_until(0, Some(Fault::LeftBeforeItsMark), Some(commit)).is_err();
    assert!((1..200).any(is_found));
}
