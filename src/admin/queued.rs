//! What is answered to a wish that is carried out later.

use serde::Serialize;
use utoipa::ToSchema;

/// What an operator asked for is to be done.
#[derive(Serialize, ToSchema)]
pub(super) struct Queued<Id> {
    /// The id that stood in the path.
    pub(super) id: Id,
}
