//! An outage at Meta must not become ten thousand doubts: after a few failures in a row the account sends one at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Steady;

/// So many failures in a row, and no answer between them, are an outage.
const FAILURES: u32 = 5;

/// The pause before the next probe, doubling from probe to probe.
const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

/// Closed while Meta answers. Open, it lets one send at a time through, with pauses, until one is answered.
#[derive(Debug, Default)]
pub(super) struct Breaker(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    outage: Option<Outage>,
}

#[derive(Debug)]
struct Outage {
    /// When Meta last gave no answer that says anything.
    seen_at: Steady,
    probe_at: Steady,
    probes: u32,
    is_probing: bool,
}

impl Outage {
    fn begin(now: Steady) -> Outage {
        Outage { seen_at: now, probe_at: now + FIRST, probes: 0, is_probing: false }
    }

    /// Those that were in flight when it began end as they must; only a probe makes the pause longer.
    fn goes_on(&mut self, now: Steady) {
        self.seen_at = self.seen_at.max(now);
        if self.probe_at <= now {
            self.probes = (self.probes + 1).min(5);
            self.probe_at = now + FIRST.saturating_mul(1 << self.probes).min(MOST);
        }
    }
}

/// Leave to make one call. Given back by dropping it.
#[derive(Debug)]
pub struct BreakerPermit {
    probes: Option<Arc<Mutex<State>>>,
}

impl Breaker {
    /// When Meta was last seen to be down; `None` while it answers.
    pub(super) fn down_at(&self) -> Option<Steady> {
        lock(&self.0).outage.as_ref().map(|outage| outage.seen_at)
    }

    /// When the next send may leave; `None` while the breaker is closed.
    pub(super) fn probe_at(&self) -> Option<Steady> {
        lock(&self.0).outage.as_ref().map(|outage| outage.probe_at)
    }

    /// Leave to send, where a send may leave now.
    pub(super) fn enter(&self, now: Steady) -> Option<BreakerPermit> {
        let mut state = lock(&self.0);
        let Some(outage) = &mut state.outage else { return Some(BreakerPermit { probes: None }) };
        if outage.is_probing || now < outage.probe_at {
            return None;
        }
        outage.is_probing = true;
        Some(BreakerPermit { probes: Some(Arc::clone(&self.0)) })
    }

    /// Meta gave an answer, whatever it says: it is there.
    pub(super) fn answered(&self) {
        *lock(&self.0) = State::default();
    }

    /// A send found no server at Meta, or one that answers with its own errors.
    pub(super) fn failed(&self, now: Steady) {
        let mut state = lock(&self.0);
        state.failures = state.failures.saturating_add(1);
        if let Some(outage) = &mut state.outage {
            outage.goes_on(now);
        } else if state.failures >= FAILURES {
            state.outage = Some(Outage::begin(now));
        }
    }

    /// Something else than a send was not answered: no outage by itself, but one that goes on.
    pub(super) fn still_down(&self, now: Steady) {
        if let Some(outage) = &mut lock(&self.0).outage {
            outage.seen_at = outage.seen_at.max(now);
        }
    }
}

impl Drop for BreakerPermit {
    fn drop(&mut self) {
        if let Some(state) = &self.probes
            && let Some(outage) = &mut lock(state).outage
        {
            outage.is_probing = false;
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_closes_with_an_answer() {
        let breaker = Breaker::default();
        let mut now = Steady::default();
        for _ in 0..4 {
            breaker.failed(now);
        }
        breaker.answered();
        for _ in 0..4 {
            breaker.failed(now);
        }
        assert_eq!((breaker.down_at(), breaker.probe_at()), (None, None));
        let mut pauses = Vec::new();
        for _ in 0..8 {
            breaker.failed(now);
            let at = breaker.probe_at().expect("open");
            // What was in flight with it changes nothing.
            let before = breaker.probe_at();
            breaker.failed(now);
            assert_eq!((breaker.probe_at(), breaker.down_at()), (before, Some(now)));
            pauses.push(at.since(now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        breaker.answered();
        assert_eq!((breaker.down_at(), breaker.probe_at()), (None, None));
    }

    #[test]
    fn while_it_is_open_one_at_a_time_may_leave() {
        let (breaker, start) = (Breaker::default(), Steady::default());
        let both = [breaker.enter(start), breaker.enter(start)];
        assert!(both.iter().all(Option::is_some), "closed, it is in nobody's way");
        for _ in 0..5 {
            breaker.failed(start);
        }
        assert!(breaker.enter(start).is_none(), "not before the pause is over");
        let later = breaker.probe_at().expect("open");
        drop(both);
        let probe = breaker.enter(later);
        assert!(probe.is_some() && breaker.enter(later).is_none());
        drop(probe);
        assert!(breaker.enter(later).is_some());
        breaker.still_down(later);
        assert_eq!(breaker.down_at(), Some(later));
        breaker.answered();
        breaker.still_down(later);
        assert_eq!(breaker.down_at(), None);
    }
}
