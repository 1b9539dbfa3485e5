//! An account that was throttled waits, all of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Steady;

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(300);

/// Meta's longest allowances are by the day; what claims to be longer is a slip.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Shut after a throttle: for as long as Meta says, else for a second, doubling up to five minutes until a send succeeds.
#[derive(Debug)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    open_at: Steady,
    pause: Duration,
}

impl Gate {
    pub(super) fn open() -> Gate {
        Gate(Mutex::new(State { open_at: Steady::default(), pause: FIRST }))
    }

    /// When it opens; in the past when it is open.
    pub(super) fn open_at(&self) -> Steady {
        self.lock().open_at
    }

    pub(super) fn shut(&self, after: Option<Duration>, now: Steady) {
        let mut state = self.lock();
        let was_open = state.open_at <= now;
        // Sends that were in flight together are throttled together: that is one throttle.
        if was_open {
            state.open_at = now + after.unwrap_or(state.pause).min(LONGEST);
            state.pause = (state.pause * 2).min(MOST);
        } else if let Some(after) = after {
            state.open_at = state.open_at.max(now + after.min(LONGEST));
        }
    }

    pub(super) fn succeeded(&self) {
        self.lock().pause = FIRST;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_stays_shut_longer_each_time_until_a_send_succeeds() {
        let gate = Gate::open();
        let seconds = |gate: &Gate, now: Steady| gate.open_at().since(now).as_secs();
        let mut now = Steady::default();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            gate.shut(None, now);
            gate.shut(None, now);
            assert_eq!(seconds(&gate, now), expected);
            now = gate.open_at();
        }
        gate.succeeded();
        gate.shut(None, now);
        assert_eq!(seconds(&gate, now), 1);
        for _ in 0..9 {
            gate.shut(Some(Duration::from_secs(60)), now);
            assert_eq!(seconds(&gate, now), 60);
        }
        now = gate.open_at();
        gate.shut(None, now);
        assert_eq!(seconds(&gate, now), 2);
        gate.shut(Some(Duration::from_secs(u64::MAX)), now);
        assert_eq!(seconds(&gate, now), 24 * 3600);
    }
}
