use serde::Deserialize;

use super::lenient;
use crate::id::MessageId;

/// `message_edits` (Instagram: `message_edit`): a person changed a message that they had sent.
///
/// Meta sends it after each change, of which a message takes up to five, with the whole new text.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-edits>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Edit {
    /// The changed message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// What it says now.
    #[serde(default, deserialize_with = "lenient::text")]
    pub text: String,
    /// How often it has been changed.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub num_edit: Option<i64>,
}
