//! `limits`: what is too long to be sent whole where it must be sent whole.
//!
//! A long text goes out in parts. Where a right allows one message there are no parts: the first would leave without its end.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>,
//! <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use super::Standing;
use super::refusal::{Refusal, refuse};
use crate::message::Request;

/// A message on a right of which there is one (a comment, a post, a token) is within the platform's limit.
pub(super) fn check(standing: &Standing, request: &Request) -> Result<(), Refusal> {
    let text = request.as_message().and_then(|message| message.as_text()).unwrap_or_default();
    if !request.recipient.takes_one_message() || standing.platform.text_limit().holds(text) {
        return Ok(());
    }
    match standing.platform.is_instagram() {
        true => refuse(
            "limits",
            "message.text: a private reply, or a message on a token, is one message, of at most 1000 bytes on Instagram",
        ),
        false => refuse(
            "limits",
            "message.text: a private reply, or a message on a token, is one message, of at most 2000 characters",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::Right;
    use crate::policy::fixture::{Case, OPENED, right_of_a_token};

    const REPLY: Right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };

    fn of_length(recipient: &Value, text: &str, length: usize) -> Case {
        Case::of(json!({"recipient": recipient, "message": {"text": text.repeat(length)}}))
    }

    #[test]
    fn one_message_on_a_right_is_whole_or_refused() {
        for form in ["comment_id", "post_id"] {
            let reply = |text, length| of_length(&json!({form: "9_77"}), text, length).right(REPLY);
            reply("ä", 2000).is(0, None);
            reply("ä", 2001).is(0, Some("limits"));
        }
        let on_instagram = |length| of_length(&json!({"comment_id": "9_77"}), "ä", length).right(REPLY).on_instagram();
        on_instagram(500).is(0, None);
        on_instagram(501).is(0, Some("limits"));
        let to_ada = |length| of_length(&json!({"id": "7200000000000011"}), "x", length);
        to_ada(2001).is(0, None);
    }

    #[test]
    fn a_token_carries_one_message() {
        let (one_time, marketing) = right_of_a_token();
        for (token, right) in [("one_time_notif_token", one_time), ("notification_messages_token", marketing)] {
            of_length(&json!({token: "4711"}), "x", 2001).right(right).is(0, Some("limits"));
        }
    }
}
