use serde::Deserialize;

use crate::id::{MessageId, SendId};

/// A send in this conversation was refused by policy, has failed, or is held for an operator. Ours, not Meta's.
///
/// It comes once the send is settled, so that a handler can learn why nothing was said. Sends made on an outcome make none.
///
/// **Window:** does not open it.
///
/// Meta, on what it refuses: <https://developers.facebook.com/docs/messenger-platform/error-codes>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The send, as [`Context::reply`](crate::Context::reply) returned it; of a long text, the part.
    pub send: SendId,
    /// `refused`, `failed` or `held`.
    pub status: String,
    /// The policy's rule that spoke, where one did.
    pub rule: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The message's id, where it has one.
    pub message_id: Option<MessageId>,
}
