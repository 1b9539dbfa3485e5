//! Who waits for work waits here.

use tokio::sync::Notify;

/// One notification for each loop. One that comes while the loop does not wait is kept for its next wait.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    pub(super) events: Notify,
    pub(super) sends: Notify,
    pub(super) doubts: Notify,
    pub(super) answers: Notify,
}
