//! What the person sees the business do besides writing.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions>

use super::super::reactions;
use super::super::world::Platform;
use super::error::GraphError;
use super::fields::Fields;
use super::part::{Part, part};

/// The longest emoji, family and skin included.
const EMOJI: usize = 16;

/// `sender_action` with its `payload`.
#[derive(Debug)]
pub(super) enum Action {
    TypingOn,
    TypingOff,
    MarkSeen,
    React { mid: String, reaction: String },
    Unreact { mid: String },
}

impl Action {
    /// Reads the action of this name, which is one that exists.
    pub(super) fn read(name: &str, fields: &Fields) -> Result<Action, GraphError> {
        let with_payload = |read: fn(&Part<'_>) -> Result<Action, GraphError>| {
            let missing = || GraphError::parameter("The parameter payload[message_id] is required");
            part(fields, "payload", read)?.ok_or_else(missing)
        };
        match name {
            "typing_on" => Ok(Action::TypingOn),
            "typing_off" => Ok(Action::TypingOff),
            "mark_seen" => Ok(Action::MarkSeen),
            "react" => with_payload(|payload| {
                payload.only(&["message_id", "reaction"])?;
                let mid = payload.required("message_id")?.name()?;
                Ok(Action::React { mid, reaction: payload.required_text("reaction", EMOJI)?.to_owned() })
            }),
            _ => with_payload(|payload| Ok(Action::Unreact { mid: payload.required("message_id")?.name()? })),
        }
    }
}

/// The emoji that a reaction shows: it is one, or has a name that the platform knows.
pub(super) fn emoji(reaction: &str, platform: Platform) -> Result<&str, GraphError> {
    if !reaction.is_ascii() {
        return Ok(reaction);
    }
    let known = reactions::emoji(platform, reaction).filter(|_| reaction != reactions::OTHER);
    known.ok_or_else(|| {
        let names: Vec<&str> = reactions::names(platform).filter(|name| *name != reactions::OTHER).collect();
        let message = format!("Param payload[reaction] must be an emoji or one of {{{}}}", names.join(", "));
        GraphError::parameter(message)
    })
}
