//! `one_time_notif_req` and `notification_messages`: the business asks whether it may write later.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

const TITLE: usize = 65;

/// As long as the payload of a button.
const PAYLOAD: usize = 1000;

/// The frequency says nothing any more.
const MARKETING: [&str; 8] = [
    "title",
    "payload",
    "image_url",
    "image_aspect_ratio",
    "notification_messages_timezone",
    "notification_messages_cta_text",
    "notification_messages_reoptin",
    "notification_messages_frequency",
];

const CALLS_TO_ACTION: [&str; 6] = ["ALLOW", "FREQUENCY", "GET", "GET_UPDATES", "OPT_IN", "SIGN_UP"];

/// One notification.
pub(super) fn check_one_time(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &["title", "payload"])?;
    payload.required_text("title", TITLE)?;
    payload.required_text("payload", PAYLOAD).map(drop)
}

/// Marketing messages.
pub(super) fn check_marketing(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &MARKETING)?;
    payload.optional_text("title", TITLE)?;
    payload.required_text("payload", PAYLOAD)?;
    payload.check_url("image_url")?;
    payload.one_of("image_aspect_ratio", &["HORIZONTAL", "SQUARE"])?;
    payload.one_of("notification_messages_cta_text", &CALLS_TO_ACTION)?;
    payload.one_of("notification_messages_reoptin", &["ENABLED", "DISABLED"]).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger, judge_template};

    #[test]
    fn one_notification() {
        let request = json!({"template_type": "one_time_notif_req", "title": "Tell me", "payload": "RESTOCK_77"});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_on_messenger(&changed(&request, key, value), expected)
        };
        check("title", json!("t".repeat(65)), None);
        check("title", json!("t".repeat(66)), Some("[title]"));
        check("title", Value::Null, Some("[title] is required"));
        check("payload", Value::Null, Some("[payload] is required"));
    }

    #[test]
    fn marketing_messages() {
        let request = json!({"template_type": "notification_messages", "payload": "NEWS"});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_template(&changed(&request, key, value), expected, expected);
        };
        check("title", json!("t".repeat(65)), None);
        check("title", json!("t".repeat(66)), Some("[title]"));
        check("payload", Value::Null, Some("[payload] is required"));
        check("image_url", json!("o.png"), Some("valid URL"));
        check("image_aspect_ratio", json!("SQUARE"), None);
        check("image_aspect_ratio", json!("ROUND"), Some("[image_aspect_ratio]"));
        check("notification_messages_cta_text", json!("SIGN_UP"), None);
        check("notification_messages_cta_text", json!("BUY"), Some("[notification_messages_cta_text]"));
        check("notification_messages_reoptin", json!("NO"), Some("[notification_messages_reoptin]"));
    }
}
