use serde::Deserialize;

use super::lenient;
use crate::id::MessageId;

/// `message_edits` (Instagram: `message_edit`): a person changed a message that they had sent.
///
/// Meta sends it after each change, of which a message takes up to five, with the whole new text. Instagram also sends it for a
/// message that was not changed, with the number 0, mostly beside the message; where it comes alone and tells whose the message
/// is, it is read as that [`Message`](super::Message). What is left here with the number 0, or without a text, is observed.
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

impl Edit {
    /// The edit of a kept item, where it is one: as a list or a change has it.
    pub fn of_item(raw: &[u8]) -> Option<Edit> {
        lenient::member(raw, "message_edit")
    }

    /// Whether it tells of the message as it was first written.
    pub fn is_first_version(&self) -> bool {
        self.num_edit.is_some_and(|number| number <= 0)
    }

    /// Whether the person says something else now.
    pub fn is_act(&self) -> bool {
        !self.is_first_version() && !self.text.is_empty()
    }
}
