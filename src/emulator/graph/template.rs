//! The templates: which exist where, and the limits of those that everybody uses, `generic` and `button`.
//!
//! Of the other templates only the name is looked at.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/templates>

use serde_json::{Map, Value};

use super::super::world::Platform;
use super::error::GraphError;
use super::limits::{at_most, text};

const ON_INSTAGRAM: [&str; 4] = ["generic", "button", "product", "notification_messages"];

const ON_MESSENGER: [&str; 12] = [
    "generic",
    "button",
    "media",
    "receipt",
    "coupon",
    "customer_feedback",
    "product",
    "image_grid",
    "one_time_notif_req",
    "notification_messages",
    "customer_information",
    "instant_form",
];

const BUTTONS: [&str; 7] =
    ["web_url", "postback", "phone_number", "account_link", "account_unlink", "game_play", "audio_call"];

const AT: &str = "message[attachment][payload]";

/// Refuses a template that Meta would refuse.
pub(super) fn check(payload: &Value, platform: Platform) -> Result<(), GraphError> {
    let known: &[&str] = if platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER };
    match payload["template_type"].as_str() {
        Some("generic") => check_generic(payload, platform),
        Some("button") => check_button(payload, platform),
        Some(other) if known.contains(&other) => Ok(()),
        _ => Err(GraphError::parameter(format!("Param {AT}[template_type] must be one of {{{}}}", known.join(", ")))),
    }
}

fn check_generic(payload: &Value, platform: Platform) -> Result<(), GraphError> {
    let elements = list(payload, "elements", AT, 1, 10)?;
    for (index, element) in elements.iter().enumerate() {
        let at = format!("{AT}[elements][{index}]");
        let element = object(element, &at)?;
        required(element, "title", &at, 80)?;
        at_most(
            text(element, "subtitle", &format!("{at}[subtitle]"))?.unwrap_or_default(),
            80,
            &format!("{at}[subtitle]"),
        )?;
        if element.len() < 2 {
            return Err(GraphError::parameter(format!("Param {at} must have another property beside title")));
        }
        if element.contains_key("buttons") {
            check_buttons(&Value::Object(element.clone()), &at, platform)?;
        }
    }
    Ok(())
}

fn check_button(payload: &Value, platform: Platform) -> Result<(), GraphError> {
    required(object(payload, AT)?, "text", AT, 640)?;
    check_buttons(payload, AT, platform)
}

fn check_buttons(of: &Value, at: &str, platform: Platform) -> Result<(), GraphError> {
    for (index, button) in list(of, "buttons", at, 1, 3)?.iter().enumerate() {
        let at = format!("{at}[buttons][{index}]");
        let button = object(button, &at)?;
        let known = if platform.is_instagram() { &BUTTONS[..2] } else { &BUTTONS };
        let kind = text(button, "type", &format!("{at}[type]"))?.unwrap_or_default();
        match kind {
            kind if !known.contains(&kind) => {
                return Err(GraphError::parameter(format!("Param {at}[type] must be one of {{{}}}", known.join(", "))));
            }
            "web_url" => required(button, "url", &at, usize::MAX)?,
            "postback" | "phone_number" => required(button, "payload", &at, 1000)?,
            _ => {}
        }
        if matches!(kind, "web_url" | "postback" | "phone_number") {
            required(button, "title", &at, 20)?;
        }
    }
    Ok(())
}

fn required(object: &Map<String, Value>, key: &str, at: &str, most: usize) -> Result<(), GraphError> {
    let at = format!("{at}[{key}]");
    match text(object, key, &at)? {
        Some(text) if !text.is_empty() => at_most(text, most, &at),
        _ => Err(GraphError::parameter(format!("The parameter {at} is required"))),
    }
}

fn list<'a>(of: &'a Value, key: &str, at: &str, least: usize, most: usize) -> Result<&'a [Value], GraphError> {
    match of[key].as_array() {
        Some(list) if (least..=most).contains(&list.len()) => Ok(list),
        _ => Err(GraphError::parameter(format!("Param {at}[{key}] must be an array of {least} to {most} elements"))),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, GraphError> {
    value.as_object().ok_or_else(|| GraphError::parameter(format!("Param {at} must be a JSON object")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_and_their_limits() {
        let check = |payload: Value, messenger: Option<&str>, instagram: Option<&str>| {
            for (platform, expected) in [(Platform::Messenger, messenger), (Platform::Instagram, instagram)] {
                let said = format!("{:?}", super::check(&payload, platform));
                assert!(said.contains(expected.unwrap_or("Ok(())")), "{payload}: {said}");
            }
        };
        let postback = |title: &str| json!({"type": "postback", "title": title, "payload": "P"});
        let button = |text: &str, buttons: Value| json!({"template_type": "button", "text": text, "buttons": buttons});
        check(button("Help?", json!([postback("Yes")])), None, None);
        check(button(&"x".repeat(641), json!([postback("Yes")])), Some("[text]"), Some("[text]"));
        check(button("Help?", json!([postback(&"x".repeat(21))])), Some("[buttons][0][title]"), Some("[title]"));
        check(button("Help?", json!([])), Some("[buttons]"), Some("[buttons]"));
        check(button("Help?", json!([1])), Some("JSON object"), Some("JSON object"));
        let call = json!([{"type": "phone_number", "title": "Call", "payload": "+4930123456"}]);
        check(button("Help?", call), None, Some("[type]"));
        let generic = |elements: Value| json!({"template_type": "generic", "elements": elements});
        check(generic(json!([{"title": "Cup", "subtitle": "9.50 EUR"}])), None, None);
        check(generic(json!([{"title": "Cup"}])), Some("another property"), Some("another property"));
        check(generic(json!([{"subtitle": "Cup"}])), Some("[title]"), Some("[title]"));
        check(generic(json!(vec![json!({"title": "Cup", "subtitle": "s"}); 11])), Some("1 to 10"), Some("1 to 10"));
        check(json!({"template_type": "coupon", "title": "10%", "coupon_code": "TEN"}), None, Some("template_type"));
        check(json!({"template_type": "open_graph"}), Some("template_type"), Some("template_type"));
        check(json!({}), Some("template_type"), Some("template_type"));
    }
}
