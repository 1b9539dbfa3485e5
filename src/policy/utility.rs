//! P8: utility messages, by templates that Meta has approved. They took the place of three tags in April 2026.
//!
//! Whether Meta has approved a template is Meta's to say, in answer to the send.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/utility-messages>

use super::refusal::{Refusal, refuse};
use super::{Facts, Standing, start};
use crate::message::Request;
use crate::settings::Feature;

/// P8.3. A template of this kind is sent as `UTILITY`, and nothing else is.
pub(super) fn check(standing: &Standing, facts: &Facts, request: &Request) -> Result<(), Refusal> {
    if !standing.has(Feature::Utility) {
        return refuse("P8.3", "the account does not have the feature utility");
    }
    if !template(request) {
        return refuse("P8.3", "messaging_type UTILITY is for message.template alone");
    }
    if request.as_message().is_some_and(|message| message.contents().any(|content| content != "template")) {
        return refuse("P8.3", "a utility message is its template and nothing else");
    }
    start::opened(facts).map(drop)
}

/// Whether it sends a utility template.
pub(super) fn template(request: &Request) -> bool {
    request.as_message().is_some_and(|message| message.contents().any(|content| content == "template"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::fixture::{Case, DAY};
    use crate::settings::Feature;

    fn by_template() -> Value {
        json!({"messaging_type": "UTILITY", "message": {"template": {"name": "order_update", "language": {"code": "en"}}}})
    }

    #[test]
    fn p8_3_utility_messages_need_the_feature_and_a_template() {
        Case::of(by_template()).is(0, None);
        Case::of(by_template()).is(400 * DAY, None);
        Case::of(by_template()).without(Feature::Utility).is(0, Some("P8.3"));
        Case::of(by_template()).never_opened().is(0, Some("P0.1"));
        Case::of(json!({"messaging_type": "UTILITY"})).is(0, Some("P8.3"));
        Case::of(json!({"messaging_type": "UTILITY", "sender_action": "typing_on"})).is(0, Some("P8.3"));
    }

    #[test]
    fn p8_3_a_utility_message_is_its_template_and_nothing_else() {
        for (field, content, rule) in [
            ("text", json!("50 % off"), Some("P8.3")),
            ("attachment", json!({"type": "template", "payload": {"template_type": "coupon"}}), Some("P8.3")),
            ("attachments", json!([{"type": "image", "payload": {"url": "https://shop.example/1.jpg"}}]), Some("P8.3")),
            ("quick_replies", json!([{"content_type": "text", "title": "Buy", "payload": "BUY"}]), Some("P8.3")),
            ("sticker_id", json!("369239263222822"), Some("P8.3")),
            ("dynamic_text", json!({"text": "50 % off"}), Some("P8.3")),
            ("text", json!(""), None),
            ("text", json!(null), None),
            ("attachments", json!(null), None),
            ("quick_replies", json!([]), None),
            ("metadata", json!("order 9"), None),
        ] {
            let mut wish = by_template();
            wish["message"][field] = content;
            Case::of(wish.clone()).is(0, rule);
            Case::of(wish).is(400 * DAY, rule);
        }
    }

    #[test]
    fn p8_3_a_utility_template_is_sent_as_one() {
        for fields in [
            json!({"messaging_type": "RESPONSE"}),
            json!({"messaging_type": "UPDATE"}),
            json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        ] {
            let mut wish = by_template();
            wish.as_object_mut().expect("an object").remove("messaging_type");
            wish.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
            Case::of(wish).by_agent().is(0, Some("P8.3"));
        }
        Case::of(json!({"message": {"text": "hello", "template": null}})).is(0, None);
    }
}
