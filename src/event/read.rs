use serde::Deserialize;

use super::lenient;
use crate::clock::Timestamp;
use crate::id::MessageId;

/// `message_reads` (Instagram: `messaging_seen`): the person has seen what the account wrote.
///
/// Meta sends it when the person looks at the conversation.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-reads>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Read {
    /// Messenger: all that was said up to this moment has been seen.
    #[serde(default, deserialize_with = "lenient::timestamp")]
    pub watermark: Option<Timestamp>,
    /// Instagram: the message that has been seen, and all before it.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
}
