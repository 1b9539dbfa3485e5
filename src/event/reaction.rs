//! `message_reactions`: a person reacted to a message, or took the reaction back.
//!
//! A reaction opens the 24-hour window; taking it back does not.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-reactions>

use serde::Deserialize;

use super::lenient;
use crate::id::MessageId;

/// A reaction to a message.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Reaction {
    /// Whether it was given or taken back.
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

/// Whether a reaction was given or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReactionAction {
    /// Given.
    React,
    /// Taken back.
    Unreact,
}

impl ReactionAction {
    /// Meta's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ReactionAction::React => "react",
            ReactionAction::Unreact => "unreact",
        }
    }
}
