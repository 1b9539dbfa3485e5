//! Whether the store can keep a delivery: how much is written to learn that, and how often.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;

/// The bounds of a probe in bytes: a usual delivery with its pages, and the largest.
const LEAST: usize = 64 * 1024;
const MOST: usize = 8 * 1024 * 1024;

/// How long a probe's result counts: anyone who may ask for readiness may ask often.
const COUNTS: Duration = Duration::from_secs(1);

/// What is known from the last writes.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    deliveries: Mutex<Deliveries>,
    /// Held while one writes. Those that ask meanwhile wait for its result.
    last: tokio::sync::Mutex<Option<Written>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Deliveries {
    /// How long the largest delivery is that could not be written since the last probe that succeeded.
    failed: usize,
    /// How many could not be written since the start.
    failures: u64,
}

/// The last probe.
#[derive(Debug)]
struct Written {
    at: Instant,
    result: Result<(), StoreError>,
    /// How many deliveries had failed when it began.
    failures: u64,
}

impl Probe {
    /// A delivery of so many bytes could not be written.
    pub(crate) fn failed(&self, bytes: usize) {
        let mut deliveries = self.deliveries();
        deliveries.failed = deliveries.failed.max(bytes.min(MOST));
        deliveries.failures += 1;
    }

    /// Writes as much as a delivery by `write`, once a second at the most however often it is asked; between two writes it repeats
    /// the last result. A delivery that failed since then makes a success worth nothing.
    pub(crate) async fn run<F>(&self, write: impl FnOnce(usize) -> F) -> Result<(), StoreError>
    where
        F: Future<Output = Result<(), StoreError>>,
    {
        let mut last = self.last.lock().await;
        let Deliveries { failed, failures } = *self.deliveries();
        if let Some(written) = last.as_ref().filter(|written| written.at.elapsed() < COUNTS)
            && (written.result.is_err() || written.failures == failures)
        {
            return again(&written.result);
        }
        let result = write(failed.clamp(LEAST, MOST)).await;
        let mut deliveries = self.deliveries();
        // A larger delivery may have failed meanwhile.
        if result.is_ok() && deliveries.failures == failures {
            deliveries.failed = 0;
        }
        *last = Some(Written { at: Instant::now(), result: again(&result), failures });
        result
    }

    fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn again(result: &Result<(), StoreError>) -> Result<(), StoreError> {
    result.as_ref().copied().map_err(StoreError::again)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Asks a store that can write or not: how many bytes were written, and the result.
    async fn ask(probe: &Probe, can_write: bool) -> (usize, bool) {
        let written = AtomicUsize::new(0);
        let result = probe.run(async |bytes| {
            written.store(bytes, Ordering::Relaxed);
            if can_write { Ok(()) } else { Err(StoreError::Busy) }
        });
        let is_ok = result.await.is_ok();
        (written.into_inner(), is_ok)
    }

    async fn a_second_passes(probe: &Probe) {
        if let Some(written) = probe.last.lock().await.as_mut() {
            written.at -= COUNTS;
        }
    }

    #[tokio::test]
    async fn it_writes_as_much_as_what_failed_and_once_a_second_at_the_most() {
        let probe = Probe::default();
        assert_eq!(ask(&probe, true).await, (LEAST, true));
        assert_eq!(ask(&probe, false).await, (0, true), "the last result counts");
        probe.failed(100_000);
        assert_eq!(ask(&probe, false).await, (100_000, false), "a delivery failed since");
        assert_eq!(ask(&probe, true).await, (0, false));
        a_second_passes(&probe).await;
        assert_eq!(ask(&probe, true).await, (100_000, true));
        a_second_passes(&probe).await;
        assert_eq!(ask(&probe, true).await, (LEAST, true));
        probe.failed(usize::MAX);
        assert_eq!(ask(&probe, true).await, (MOST, true));
    }

    #[tokio::test]
    async fn a_delivery_that_fails_while_a_probe_is_written_is_probed_for_next() {
        let probe = Probe::default();
        let result = probe.run(async |_| {
            probe.failed(100_000);
            Ok(())
        });
        assert!(result.await.is_ok());
        assert_eq!(ask(&probe, true).await, (100_000, true));
    }
}
