//! Log lines that a stranger can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(60);

/// Lets a log line through once a minute, and counts how often it was due meanwhile.
///
/// Whatever a caller without a signature or a token can cause is logged through one of these: otherwise that caller fills the
/// disk. It measures by the machine's monotonic clock, so that a clock that is set does not silence it.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    untold: u64,
}

impl Seldom {
    /// Whether the line is to be logged now; if so, how many occurrences it stands for, this one included.
    pub fn times(&self) -> Option<u64> {
        self.times_at(Instant::now())
    }

    fn times_at(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.untold += 1;
        if told.last.is_some_and(|last| now.saturating_duration_since(last) < EVERY) {
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_once_a_minute_with_how_often_it_was_due() {
        let (seldom, start) = (Seldom::default(), Instant::now());
        for (seconds, times) in [(0, Some(1)), (1, None), (59, None), (60, Some(3)), (61, None), (600, Some(2))] {
            assert_eq!(seldom.times_at(start + Duration::from_secs(seconds)), times, "after {seconds} s");
        }
    }
}
