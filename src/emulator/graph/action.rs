//! What the person sees the business do besides writing.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions>

use super::call::{Fields, part};
use super::error::GraphError;
use super::part::Part;

/// The names that reactions have beside the emoji themselves.
const REACTIONS: [&str; 7] = ["love", "smile", "angry", "sad", "wow", "like", "dislike"];

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
                let mid = payload.required("message_id")?.id()?;
                Ok(Action::React { mid, reaction: reaction(payload)? })
            }),
            _ => with_payload(|payload| Ok(Action::Unreact { mid: payload.required("message_id")?.id()? })),
        }
    }
}

fn reaction(payload: &Part<'_>) -> Result<String, GraphError> {
    let given = payload.required_text("reaction", EMOJI)?;
    if REACTIONS.contains(&given) || !given.is_ascii() {
        return Ok(given.to_owned());
    }
    let message = format!("Param payload[reaction] must be an emoji or one of {{{}}}", REACTIONS.join(", "));
    Err(GraphError::parameter(message))
}
