//! P10: sponsored messages are advertisements. They are bought through the Marketing API; the Send API has no form for them,
//! so a request that calls itself one is told so.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/sponsored-messages>

use serde_json::Value;

use super::Standing;
use super::refusal::{Refusal, refuse};
use crate::message::Request;

/// P10.1, P10.5.
pub(super) fn check(standing: &Standing, request: &Request) -> Result<(), Refusal> {
    let messaging_type = request.field("messaging_type").and_then(Value::as_str);
    let calls_itself_one = |word: &str| word.starts_with("SPONSORED");
    if !messaging_type.is_some_and(calls_itself_one) && !request.tag.as_deref().is_some_and(calls_itself_one) {
        return Ok(());
    }
    if standing.platform.is_instagram() {
        return refuse("P10.5", "there are no sponsored messages on Instagram");
    }
    refuse("P10.1", "sponsored messages are advertisements: they are bought through the Marketing API, not sent")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::fixture::Case;

    #[test]
    fn p10_sponsored_messages_are_bought_not_sent() {
        for wish in [
            json!({"messaging_type": "SPONSORED_MESSAGE"}),
            json!({"messaging_type": "SPONSORED"}),
            json!({"messaging_type": "MESSAGE_TAG", "tag": "SPONSORED_MESSAGE"}),
        ] {
            Case::of(wish.clone()).is(0, Some("P10.1"));
            Case::of(wish).on_instagram().is(0, Some("P10.5"));
        }
    }
}
