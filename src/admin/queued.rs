//! What an operator's request is answered with when it is accepted.

use serde::Serialize;
use utoipa::ToSchema;

/// The request was accepted.
#[derive(Serialize, ToSchema)]
pub(super) struct Queued<Id> {
    /// The id that stood in the path.
    pub(super) id: Id,
}
