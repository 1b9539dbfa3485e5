//! Whether the server takes deliveries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Not while the server starts, and not while it drains. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says whether the server takes deliveries.
    pub(crate) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
