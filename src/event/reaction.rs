use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::id::MessageId;

/// `message_reactions`: a person reacted to a message, or took the reaction back.
///
/// Meta sends it for each of the two. A reaction may be answered; taking it back is observed.
///
/// **Window:** a reaction opens the 24 hours; taking it back does not.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-reactions>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Reaction {
    /// Whether it was given or taken back.
    #[serde(default)]
    pub action: ReactionAction,
    /// The message reacted to.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// Meta's word for it: `love`, `smile`, …, `other`. May be absent when taken back.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub reaction: Option<String>,
    /// The emoji itself. May be absent when taken back.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub emoji: Option<String>,
}

words! {
    /// Whether a reaction was given or taken back.
    ReactionAction {
        /// Given.
        React = "react",
        /// Taken back.
        Unreact = "unreact",
    }
}
