//! What became of a send that was not sent. Ours, not Meta's.

use serde::Deserialize;

use crate::id::{MessageId, SendId};

/// A send that policy refused, or that failed.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The send, as [`Context::reply`](crate::Context::reply) returned it; of a long text, the part.
    pub send: SendId,
    /// `refused` or `failed`.
    pub status: String,
    /// The policy's rule that spoke, where one did.
    pub rule: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The message's id, where it has one.
    pub message_id: Option<MessageId>,
}
