use serde::Deserialize;

use super::lenient;
use crate::clock::Timestamp;
use crate::id::MessageId;

/// `message_deliveries`: what the account wrote has reached a device of the person. Not on Instagram.
///
/// Meta sends it when a device has taken the message; it says nothing of whether anybody looked.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-deliveries>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// All that was said up to this moment has arrived.
    #[serde(default, deserialize_with = "lenient::timestamp")]
    pub watermark: Option<Timestamp>,
    /// The messages that have arrived; may be empty.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub mids: Vec<MessageId>,
}
