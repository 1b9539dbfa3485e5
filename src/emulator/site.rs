//! What the HTTP side of the emulator works on.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::state::Shared;

/// What every handler is given.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) shared: Arc<Shared>,
    /// Ends what would otherwise go on for ever.
    pub(super) stop: CancellationToken,
}
