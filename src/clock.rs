//! Time, as one value that is handed down.
//!
//! Every decision takes `now` as an argument, and every wait that means something to a conversation goes through a
//! [`Clock`], so that a test can stand at the edge of a 24-hour window without waiting for it. What only protects the
//! machine (network timeouts, pauses for a failing disk) goes by the machine's own time.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

/// How long a wait for a moment goes without looking at the clock.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A moment: milliseconds since the Unix epoch, the unit of Meta's `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(millis(duration)))
    }
}

/// RFC 3339 in UTC with milliseconds, as every time in the admin API is written.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(out, "{time:.3}"),
            // Past year 9999: no calendar reaches it, and no log line or answer may fail over it.
            Err(_) => write!(out, "{}ms", self.0),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Where `now` comes from: the machine, or a test. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    runs: bool,
    shift: Arc<watch::Sender<i64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock { runs: true, shift: Arc::new(watch::Sender::new(0)) }
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn standing(start: Timestamp) -> Clock {
        Clock { runs: false, shift: Arc::new(watch::Sender::new(start.0)) }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let shift = *self.shift.borrow();
        if !self.runs {
            return Timestamp(shift);
        }
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        Timestamp(machine.saturating_add(shift))
    }

    /// Moves the clock forward, for everybody who holds a clone of it, and wakes who was waiting for that moment.
    pub fn advance(&self, by: Duration) {
        self.shift.send_modify(|shift| *shift = shift.saturating_add(millis(by)));
    }

    /// Waits until `moment`, returning at once when it has passed.
    pub async fn sleep_until(&self, moment: Timestamp) {
        let mut shift = self.shift.subscribe();
        loop {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            // The clock itself holds the sender, so `changed` cannot fail while we wait on it.
            if self.runs {
                tokio::select! {
                    // The machine's clock may be set meanwhile: look again now and then.
                    () = tokio::time::sleep(left.min(LOOK_AGAIN)) => {}
                    _ = shift.changed() => {}
                }
            } else {
                let _ = shift.changed().await;
            }
        }
    }

    /// Waits until `moment`; without one, for ever. For a loop that has other reasons to wake.
    pub async fn sleep_until_due(&self, moment: Option<Timestamp>) {
        match moment {
            Some(moment) => self.sleep_until(moment).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until `duration` has passed since `start`.
    pub async fn sleep_since(&self, start: Timestamp, duration: Duration) {
        if self.runs {
            self.sleep(duration.saturating_sub(self.now().since(start))).await;
        } else {
            self.sleep_until(start + duration).await;
        }
    }

    /// Waits for `duration` of this clock's time. That the machine's clock is set meanwhile makes it neither longer nor
    /// shorter.
    pub async fn sleep(&self, duration: Duration) {
        if !self.runs {
            return self.sleep_until(self.now() + duration).await;
        }
        let mut shift = self.shift.subscribe();
        let (started, shifted) = (Instant::now(), *shift.borrow_and_update());
        loop {
            let advanced = Timestamp(*shift.borrow_and_update()).since(Timestamp(shifted));
            let left = duration.saturating_sub(started.elapsed() + advanced);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = shift.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp(1_790_000_000_001).to_string(), "2026-09-21T14:13:20.001Z");
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(i64::MAX).to_string(), "9223372036854775807ms");
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_advanced_past_its_moment() {
        let clock = Clock::standing(Timestamp(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(24 * 3600)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(23 * 3600));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(3600));
        assert_eq!(sleeper.await.expect("the sleeper returns"), Timestamp(1_000 + 24 * 3_600_000));
    }
}
