//! Whether the relay is at work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::bot::Capacity;
use crate::clock::{Clock, Timestamp};

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

/// So many failures in a row, with no success between, are the relay's and not the events'. More than the tries that one
/// event has, so that an event which alone breaks the relay dies of it and does not stand for an outage.
const IN_A_ROW: u32 = 10;

/// A relay that is down is called once at a time, after a second, doubling up to half a minute, until a call succeeds.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    down: Option<Down>,
}

#[derive(Clone, Copy, Debug)]
struct Down {
    probe_at: Timestamp,
    pause: Duration,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With a usable answer.
    Well,
    /// With none: perhaps the event's fault.
    Badly,
    /// The relay is not there, or says itself that it cannot.
    Down,
}

/// A call under way. Dropped without a word it has ended badly.
pub(super) struct Call {
    health: Arc<Health>,
    clock: Clock,
    ended: Ended,
}

impl Health {
    pub(super) fn begin(self: &Arc<Health>, clock: &Clock) -> Call {
        Call { health: Arc::clone(self), clock: clock.clone(), ended: Ended::Badly }
    }

    /// How many calls may be under way.
    pub(super) fn capacity(&self, now: Timestamp) -> Capacity {
        match self.lock().down {
            None => Capacity::Unbounded,
            Some(down) if down.probe_at > now => Capacity::NoneUntil(down.probe_at),
            Some(_) => Capacity::AtMost(1),
        }
    }

    fn ended(&self, ended: Ended, now: Timestamp) {
        let mut state = self.lock();
        if ended == Ended::Well {
            *state = State::default();
            return;
        }
        state.in_a_row += 1;
        state.down = match state.down {
            None if ended == Ended::Down || state.in_a_row >= IN_A_ROW => {
                Some(Down { probe_at: now + FIRST, pause: FIRST })
            }
            // Calls that were under way together fail together: that is one failure.
            Some(down) if down.probe_at <= now => {
                let pause = (down.pause * 2).min(MOST);
                Some(Down { probe_at: now + pause, pause })
            }
            as_it_was => as_it_was,
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(super) fn ended(mut self, ended: Ended) {
        self.ended = ended;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.health.ended(self.ended, self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_is_down_is_probed_one_call_at_a_time_until_it_answers() {
        let (health, clock) = (Arc::new(Health::default()), Clock::standing(Timestamp(0)));
        let capacity = || health.capacity(clock.now());
        let (one, other) = (health.begin(&clock), health.begin(&clock));
        assert_eq!(capacity(), Capacity::Unbounded);
        one.ended(Ended::Down);
        other.ended(Ended::Down);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(capacity(), Capacity::NoneUntil(clock.now() + Duration::from_secs(seconds)));
            clock.advance(Duration::from_secs(seconds));
            assert_eq!(capacity(), Capacity::AtMost(1));
            drop(health.begin(&clock));
        }
        clock.advance(MOST);
        health.begin(&clock).ended(Ended::Well);
        assert_eq!(capacity(), Capacity::Unbounded);
    }

    #[test]
    fn failures_that_may_be_the_events_do_not_stop_the_account_until_there_are_many_in_a_row() {
        let (health, clock) = (Arc::new(Health::default()), Clock::standing(Timestamp(0)));
        let capacity = || health.capacity(clock.now());
        for _ in 0..3 {
            for _ in 1..IN_A_ROW {
                drop(health.begin(&clock));
                assert_eq!(capacity(), Capacity::Unbounded);
            }
            health.begin(&clock).ended(Ended::Well);
        }
        for _ in 0..IN_A_ROW {
            drop(health.begin(&clock));
        }
        assert_eq!(capacity(), Capacity::NoneUntil(Timestamp(1000)));
    }
}
