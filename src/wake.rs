//! A wake that is given only where it is awaited.

use std::sync::atomic::{AtomicBool, Ordering, fence};

use tokio::sync::Notify;

/// Wakes a loop that waits for room. A loop usually has room: to wake it at every place that becomes free would be in vain.
#[derive(Debug, Default)]
pub(crate) struct RoomWake {
    is_awaited: AtomicBool,
    wake: Notify,
}

impl RoomWake {
    /// Whether the loop waits for room. The loop calls this before it counts how much there is.
    pub(crate) fn wait(&self, waits: bool) {
        self.is_awaited.store(waits, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// There is more room. Call this when the loop would find it.
    pub(crate) fn freed(&self) {
        // Either the loop sees the room, or this sees that the loop waits.
        fence(Ordering::SeqCst);
        if self.is_awaited.load(Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// The loop is to look again, whether it waits for room or not.
    pub(crate) fn now(&self) {
        self.wake.notify_one();
    }

    /// Returns when the loop is to look again.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
