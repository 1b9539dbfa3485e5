//! The places of an account's handlers.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit};

/// A handler's place among those of its account. It is held until the handler has really ended: one that blocks its thread
/// beyond its deadline uses up its own account's places, and not those of others.
pub(super) struct Slot {
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) probe: Option<OwnedSemaphorePermit>,
    pub(super) freed: Arc<Notify>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The places first, then the wake: the loop must find them free.
        drop((self.permit.take(), self.probe.take()));
        self.freed.notify_one();
    }
}
