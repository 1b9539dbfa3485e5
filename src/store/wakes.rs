//! Who waits for work waits here.

use tokio::sync::Notify;

/// One bell for each loop. A ring that nobody waits for is kept for the next who does.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    pub(super) events: Notify,
    pub(super) sends: Notify,
    pub(super) doubts: Notify,
    pub(super) answers: Notify,
}
