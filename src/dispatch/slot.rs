//! The places of an account's handlers.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::wake::RoomWake;

/// A handler's place among those of its account. It is held until the handler has really ended: one that blocks its thread
/// beyond its deadline uses up its own account's places, and not those of others.
pub(super) struct Slot {
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) probe: Option<OwnedSemaphorePermit>,
    pub(super) freed: Arc<RoomWake>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let was_probe = self.probe.is_some();
        // The places first, then the wake: the loop must find them free.
        drop((self.permit.take(), self.probe.take()));
        if was_probe { self.freed.now() } else { self.freed.freed() }
    }
}
