//! What has become known about a call on its way through the checks.

use std::time::Duration;

use super::super::faults::SendFault;
use super::super::world::ChatKey;

/// What has become known about a call so far.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) account: Option<usize>,
    pub(super) chat: Option<ChatKey>,
    pub(super) fault: Option<SendFault>,
    /// For how long, where it was one call too many.
    pub(super) throttled: Option<Duration>,
}
