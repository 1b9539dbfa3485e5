//! The places of an account's handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use tokio::sync::{Notify, OwnedSemaphorePermit};

/// A handler's place among those of its account. It is held until the handler has really ended: one that blocks its thread
/// beyond its deadline uses up its own account's places, and not those of others.
pub(super) struct Slot {
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) probe: Option<OwnedSemaphorePermit>,
    pub(super) freed: Arc<Freed>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let was_probe = self.probe.is_some();
        // The places first, then the wake: the loop must find them free.
        drop((self.permit.take(), self.probe.take()));
        // Either the loop sees the free place, or this sees that the loop waits.
        fence(Ordering::SeqCst);
        if was_probe || self.freed.is_awaited.load(Ordering::SeqCst) {
            self.freed.wake.notify_one();
        }
    }
}

/// Tells the loop of places that are free again, while it waits for any: usually it has room, and each wake would be in vain.
#[derive(Debug, Default)]
pub(super) struct Freed {
    is_awaited: AtomicBool,
    wake: Notify,
}

impl Freed {
    /// Whether the loop is to be told. Call this before counting the free places.
    pub(super) fn wait(&self, waits: bool) {
        self.is_awaited.store(waits, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Returns when there is a free place that the loop has waited for.
    pub(super) async fn notified(&self) {
        self.wake.notified().await;
    }
}
