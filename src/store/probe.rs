//! How much is written, and when, to learn whether the store can keep a delivery.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The bounds of a probe in bytes: a usual delivery with its pages, and the largest.
const LEAST: usize = 64 * 1024;
const MOST: usize = 8 * 1024 * 1024;

/// How long a probe that succeeded counts: anyone who may ask for readiness may ask often.
const COUNTS: Duration = Duration::from_secs(1);

/// What is known from the last writes.
#[derive(Debug, Default)]
pub(super) struct Probe(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// How long the largest delivery is that could not be written since the last probe that succeeded.
    failed: usize,
    succeeded: Option<Instant>,
}

impl Probe {
    /// How many bytes are to be written now; none while the last probe counts.
    pub(super) fn due(&self) -> Option<usize> {
        let known = self.lock();
        let counts = known.succeeded.is_some_and(|at| at.elapsed() < COUNTS);
        (!counts).then(|| known.failed.clamp(LEAST, MOST))
    }

    /// A delivery of so many bytes could not be written.
    pub(super) fn failed(&self, bytes: usize) {
        let mut known = self.lock();
        *known = Known { failed: known.failed.max(bytes.min(MOST)), succeeded: None };
    }

    /// So many bytes could.
    pub(super) fn succeeded(&self, bytes: usize) {
        let mut known = self.lock();
        // A larger delivery may have failed meanwhile.
        if known.failed <= bytes {
            *known = Known { failed: 0, succeeded: Some(Instant::now()) };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_as_large_as_what_failed_and_a_success_counts_for_a_while() {
        let probe = Probe::default();
        assert_eq!(probe.due(), Some(LEAST));
        probe.succeeded(LEAST);
        assert_eq!(probe.due(), None);
        probe.failed(100_000);
        assert_eq!(probe.due(), Some(100_000));
        probe.succeeded(LEAST);
        assert_eq!(probe.due(), Some(100_000), "it began before the failure");
        probe.succeeded(100_000);
        assert_eq!(probe.due(), None);
        probe.failed(usize::MAX);
        assert_eq!(probe.due(), Some(MOST));
        probe.succeeded(MOST);
        assert_eq!(probe.due(), None);
    }
}
