//! How many sends of an account are on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sends of an account that are on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane(Arc<AtomicUsize>);

/// One of them, for as long as this is held.
#[derive(Debug)]
pub(crate) struct OnItsWay(Lane);

impl Lane {
    pub(super) fn enter(&self) -> OnItsWay {
        self.0.fetch_add(1, Ordering::Relaxed);
        OnItsWay(self.clone())
    }

    pub(super) fn has_room(&self, most: usize) -> bool {
        self.0.load(Ordering::Relaxed) < most
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let OnItsWay(Lane(count)) = self;
        count.fetch_sub(1, Ordering::Relaxed);
    }
}
