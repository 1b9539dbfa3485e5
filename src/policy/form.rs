//! What is wrong whatever the facts are: values that Meta does not know, and credentials that are not ours to use.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use serde_json::Value;

use super::refusal::{Refusal, refuse};
use crate::message::{Action, Content, Message, Request};

/// Templates that Meta has removed.
const RETIRED: [&str; 6] =
    ["list", "open_graph", "airline_itinerary", "airline_checkin", "airline_boardingpass", "airline_update"];

/// 100 is Meta's own code for a value that it does not know: such a request is not sent to learn that.
pub(super) fn check(request: &Request) -> Result<(), Refusal> {
    match &request.content {
        Content::Unknown(_) => refuse("100", "Meta does not know a value in this request"),
        Content::Message(message) => template(message),
        Content::Action(action) => reaction(*action, request),
    }?;
    credentials(request)
}

/// P0.9. A send is made with its account's token, and no other.
fn credentials(request: &Request) -> Result<(), Refusal> {
    if ["access_token", "appsecret_proof"].iter().any(|key| request.field(key).is_some()) {
        return refuse("P0.9", "the request carries credentials; the account's own are used");
    }
    Ok(())
}

fn template(message: &Message) -> Result<(), Refusal> {
    match message.template_type() {
        Some(retired) if RETIRED.contains(&retired) => refuse("100", "Meta has removed this template"),
        _ => Ok(()),
    }
}

/// A reaction is to a message, which `payload` names.
fn reaction(action: Action, request: &Request) -> Result<(), Refusal> {
    let names = |key| request.field("payload").and_then(|payload| payload.get(key)).is_some_and(Value::is_string);
    let is_whole = match action {
        Action::TypingOn | Action::TypingOff | Action::MarkSeen => true,
        Action::React => names("message_id") && names("reaction"),
        Action::Unreact => names("message_id"),
    };
    if is_whole { Ok(()) } else { refuse("100", "payload does not name the message, or not the reaction to it") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::fixture::{Case, template};

    #[test]
    fn what_meta_does_not_know_is_not_sent_to_learn_that() {
        Case::of(json!({"messaging_type": "SHOUT"})).is(0, Some("100"));
        Case::of(json!({"message": {"text": ["x"]}})).is(0, Some("100"));
        Case::of(json!({"sender_action": "dance"})).is(0, Some("100"));
        for retired in RETIRED {
            Case::of(template(retired)).is(0, Some("100"));
        }
        Case::of(template("generic")).is(0, None);
        // What Meta may add tomorrow can be used tomorrow.
        Case::of(template("hologram")).is(0, None);
    }

    #[test]
    fn a_reaction_names_its_message() {
        for (payload, react, unreact) in [
            (json!({"message_id": "m_1", "reaction": "love"}), None, None),
            (json!({"message_id": "m_1"}), Some("100"), None),
            (json!({"reaction": "love"}), Some("100"), Some("100")),
            (json!({"message_id": 1, "reaction": "love"}), Some("100"), Some("100")),
            (json!(null), Some("100"), Some("100")),
        ] {
            Case::of(json!({"sender_action": "react", "payload": payload})).is(0, react);
            Case::of(json!({"sender_action": "unreact", "payload": payload})).is(0, unreact);
        }
        for action in ["typing_on", "typing_off", "mark_seen"] {
            Case::of(json!({"sender_action": action})).is(0, None);
        }
    }

    #[test]
    fn p0_9_a_request_brings_no_credentials_of_its_own() {
        for key in ["access_token", "appsecret_proof"] {
            Case::of(json!({key: "x"})).is(0, Some("P0.9"));
            Case::of(json!({"sender_action": "typing_on", key: "x"})).is(0, Some("P0.9"));
        }
    }
}
