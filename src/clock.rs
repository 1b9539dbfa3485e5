//! Time, as one value that is handed down.
//!
//! Every decision takes `now` as an argument, and every wait that means something to a conversation goes through a
//! [`Clock`], so that a test can stand at the edge of a 24-hour window without waiting for it. What only protects the
//! machine (network timeouts, pauses for a failing disk) goes by the machine's own time.
//!
//! The machine's clock can be set, also back. What Meta's rules count (windows, the age of a comment) is judged by it all the
//! same, as a [`Timestamp`]; how long a wait lasts is measured by [`Steady`] time. What is kept on disk to be done at some time is
//! moved when the clock is set back ([`SetBacks`]).

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::ToSchema;

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

/// A moment as it is written in JSON: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(as = Time, value_type = String, format = DateTime)]
pub(crate) struct Rfc3339(Timestamp);

impl From<Timestamp> for Rfc3339 {
    fn from(at: Timestamp) -> Rfc3339 {
        Rfc3339(at)
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        // What no calendar reaches is the last moment that one does.
        let time = jiff::Timestamp::from_millisecond(self.0.0).unwrap_or(match self.0.0 {
            ..0 => jiff::Timestamp::MIN,
            0.. => jiff::Timestamp::MAX,
        });
        output.collect_str(&format_args!("{time:.3}"))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A moment of one process: how long after its clock was made. It is never set, so that a wait that ends at such a moment is as
/// long as it was meant to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steady(Duration);

impl Steady {
    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Steady) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Steady {
    type Output = Steady;

    fn add(self, duration: Duration) -> Steady {
        Steady(self.0.saturating_add(duration))
    }
}

/// Where `now` comes from: the machine, or a test. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    /// When it was made, where it runs.
    made: Option<Instant>,
    shift: Arc<watch::Sender<Shift>>,
}

/// What was added to the machine's time; of a clock that stands, the time itself.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    wall: i64,
    steady: Duration,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock { made: Some(Instant::now()), shift: Arc::default() }
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn standing(start: Timestamp) -> Clock {
        Clock { made: None, shift: Arc::new(watch::Sender::new(Shift { wall: start.0, steady: Duration::ZERO })) }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let Shift { wall, .. } = *self.shift.borrow();
        match self.made {
            Some(_) => Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis).saturating_add(wall)),
            None => Timestamp(wall),
        }
    }

    /// Whether it goes on only when it is moved.
    pub fn stands(&self) -> bool {
        self.made.is_none()
    }

    /// The present moment, by the clock that is never set.
    pub fn steady(&self) -> Steady {
        let Shift { steady, .. } = *self.shift.borrow();
        Steady(self.made.map_or(Duration::ZERO, |made| made.elapsed()).saturating_add(steady))
    }

    /// What the clock will show, or showed, at a steady moment, as it is set now.
    pub fn at(&self, moment: Steady) -> Timestamp {
        let (now, steady) = (self.now(), self.steady());
        if moment > steady { now + moment.since(steady) } else { now - steady.since(moment) }
    }

    /// Moves the clock forward, for everybody who holds a clone of it, and wakes who was waiting for that moment.
    pub fn advance(&self, by: Duration) {
        self.shift.send_modify(|shift| {
            shift.wall = shift.wall.saturating_add(millis(by));
            shift.steady = shift.steady.saturating_add(by);
        });
    }

    /// Sets the clock back, as an operator or a time server may set the machine's.
    pub fn set_back(&self, by: Duration) {
        self.shift.send_modify(|shift| shift.wall = shift.wall.saturating_sub(millis(by)));
    }

    /// Tells from here on when the clock is set back.
    pub fn set_backs(&self) -> SetBacks {
        SetBacks { clock: self.clone(), offset: self.offset() }
    }

    /// How far the two clocks are apart, in milliseconds. It changes when the machine's clock is set, and drifts a little.
    fn offset(&self) -> i64 {
        let (now, steady) = (self.now(), self.steady());
        now.0.saturating_sub(millis(steady.0))
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
            if self.made.is_some() {
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
        self.sleep(duration.saturating_sub(self.now().since(start))).await;
    }

    /// Waits for `duration` of this clock's time. That the machine's clock is set meanwhile makes it neither longer nor
    /// shorter.
    pub async fn sleep(&self, duration: Duration) {
        let mut shift = self.shift.subscribe();
        let end = self.steady() + duration;
        loop {
            let left = end.since(self.steady());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = self.machine_sleeps(left) => {}
                _ = shift.changed() => {}
            }
        }
    }

    /// Waits by the machine; for ever where the clock stands.
    async fn machine_sleeps(&self, duration: Duration) {
        match self.made {
            Some(_) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    }
}

/// How often the machine's clock is looked at.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(1);

/// What is less is drift, or two readings that were not taken at the same moment.
const LEAST_STEP: i64 = 1_000;

/// Tells when a clock was set back, and by how much.
#[derive(Debug)]
pub struct SetBacks {
    clock: Clock,
    offset: i64,
}

impl SetBacks {
    /// Returns when the clock was set back, by a second or more.
    pub async fn next(&mut self) -> Duration {
        let mut shift = self.clock.shift.subscribe();
        loop {
            let offset = self.clock.offset();
            let step = self.offset.saturating_sub(offset);
            self.offset = offset;
            if step >= LEAST_STEP {
                return Duration::from_millis(step.unsigned_abs());
            }
            tokio::select! {
                () = self.clock.machine_sleeps(LOOK_AT_THE_CLOCK) => {}
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

    #[tokio::test]
    async fn a_clock_that_is_set_back_says_so_and_waits_are_as_long_as_before() {
        let (clock, hour) = (Clock::standing(Timestamp(90_000_000)), Duration::from_secs(3600));
        let (mut set_backs, started) = (clock.set_backs(), clock.steady());
        let end = started + 2 * hour;
        clock.advance(hour);
        assert_eq!(clock.at(end), clock.now() + hour);
        clock.set_back(3 * hour);
        assert_eq!((clock.now(), clock.steady().since(started)), (Timestamp(90_000_000) - 2 * hour, hour));
        assert_eq!(set_backs.next().await, 3 * hour);
        assert_eq!(clock.at(end), clock.now() + hour);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(hour).await }
        });
        tokio::task::yield_now().await;
        clock.set_back(hour);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(hour);
        sleeper.await.expect("the sleeper returns");
        assert_eq!(set_backs.next().await, hour);
    }
}
