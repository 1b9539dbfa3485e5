//! An outage at Meta must not become ten thousand doubts: after a few in a row the account sends one at a time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// So many doubts in a row, and no success between them, are an outage.
const DOUBTS: u32 = 5;

/// The pause before the next probe, doubling from probe to probe.
const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

/// Closed while Meta answers. Open, it lets one send at a time through, with pauses, until one succeeds.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    doubts: u32,
    probe_at: Option<Timestamp>,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.lock().probe_at.is_some()
    }

    /// When the next send may leave; `None` while the breaker is closed.
    pub(super) fn probe_at(&self) -> Option<Timestamp> {
        self.lock().probe_at
    }

    pub(super) fn succeeded(&self) {
        *self.lock() = State::default();
    }

    pub(super) fn doubted(&self, now: Timestamp) {
        let mut state = self.lock();
        state.doubts = state.doubts.saturating_add(1);
        // Those that were in flight when it opened end as they must; only a probe makes the pause longer.
        if state.doubts >= DOUBTS && state.probe_at.is_none_or(|at| at <= now) {
            let doublings = state.doubts.saturating_sub(DOUBTS).min(5);
            state.probe_at = Some(now + FIRST.saturating_mul(1 << doublings).min(MOST));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_five_doubts_in_a_row_and_closes_with_a_success() {
        let breaker = Breaker::default();
        let mut now = Timestamp(0);
        for _ in 0..4 {
            breaker.doubted(now);
        }
        breaker.succeeded();
        for _ in 0..4 {
            breaker.doubted(now);
        }
        assert!(!breaker.is_open());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            breaker.doubted(now);
            let at = breaker.probe_at().expect("open");
            // What was in flight with it changes nothing.
            let before = breaker.probe_at();
            breaker.doubted(now);
            assert_eq!(breaker.probe_at(), before);
            pauses.push(at.since(now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [1, 4, 16, 30, 30, 30, 30, 30]);
        breaker.succeeded();
        assert_eq!((breaker.is_open(), breaker.probe_at()), (false, None));
    }
}
