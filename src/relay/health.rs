//! Whether the relay is at work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::bot::Capacity;
use crate::clock::{Clock, Timestamp};

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

/// A relay that failed is called once at a time, after a second, doubling up to half a minute, until a call succeeds.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Failing>>);

#[derive(Clone, Copy, Debug)]
struct Failing {
    probe_at: Timestamp,
    pause: Duration,
}

/// A call under way. Dropped without a word it has failed.
pub(super) struct Call {
    health: Arc<Health>,
    clock: Clock,
    succeeded: bool,
}

impl Health {
    pub(super) fn begin(self: &Arc<Health>, clock: &Clock) -> Call {
        Call { health: Arc::clone(self), clock: clock.clone(), succeeded: false }
    }

    /// How many calls may be under way.
    pub(super) fn capacity(&self, now: Timestamp) -> Capacity {
        match *self.lock() {
            None => Capacity::Unbounded,
            Some(failing) if failing.probe_at > now => Capacity::NoneUntil(failing.probe_at),
            Some(_) => Capacity::AtMost(1),
        }
    }

    fn ended(&self, succeeded: bool, now: Timestamp) {
        let mut failing = self.lock();
        *failing = match *failing {
            _ if succeeded => None,
            None => Some(Failing { probe_at: now + FIRST, pause: FIRST }),
            // Calls that were under way together fail together: that is one failure.
            Some(failing) if failing.probe_at > now => Some(failing),
            Some(failing) => {
                let pause = (failing.pause * 2).min(MOST);
                Some(Failing { probe_at: now + pause, pause })
            }
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Failing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(super) fn succeeded(mut self) {
        self.succeeded = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.health.ended(self.succeeded, self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_fails_is_probed_one_call_at_a_time_until_it_answers() {
        let (health, clock) = (Arc::new(Health::default()), Clock::standing(Timestamp(0)));
        let capacity = || health.capacity(clock.now());
        let (one, other) = (health.begin(&clock), health.begin(&clock));
        assert_eq!(capacity(), Capacity::Unbounded);
        drop(one);
        drop(other);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(capacity(), Capacity::NoneUntil(clock.now() + Duration::from_secs(seconds)));
            clock.advance(Duration::from_secs(seconds));
            assert_eq!(capacity(), Capacity::AtMost(1));
            drop(health.begin(&clock));
        }
        clock.advance(MOST);
        health.begin(&clock).succeeded();
        assert_eq!(capacity(), Capacity::Unbounded);
    }
}
