//! `generic`: one card, or up to ten beside each other.

use super::super::super::world::Platform;
use super::super::buttons;
use super::super::error::GraphError;
use super::super::part::Part;
use super::form::{TITLE, only};

pub(super) fn check(payload: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    only(payload, &["elements", "image_aspect_ratio"])?;
    payload.one_of("image_aspect_ratio", &["horizontal", "square"])?;
    payload.required_objects("elements", 1..=10)?.iter().try_for_each(|element| check_element(element, platform))
}

fn check_element(element: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    element.only(&["title", "subtitle", "image_url", "default_action", "buttons"])?;
    element.required_text("title", TITLE)?;
    element.optional_text("subtitle", TITLE)?;
    if element.object()?.values().filter(|value| !value.is_null()).count() < 2 {
        return Err(element.refuse("must have another property beside title"));
    }
    element.check_url("image_url")?;
    if let Some(action) = element.get("default_action") {
        check_default_action(&action, platform)?;
    }
    buttons::check(element, platform)
}

/// What a tap on the card does: a button of its own, without a title.
fn check_default_action(action: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    action.required_one_of("type", &["web_url"])?;
    buttons::check_tap(action, platform)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_template};

    #[test]
    fn cards_and_their_limits() {
        let generic = |elements: Value| json!({"template_type": "generic", "elements": elements});
        let card = json!({"title": "Cup", "subtitle": "9.50 EUR", "image_url": "https://shop.example/c.jpg",
            "default_action": {"type": "web_url", "url": "https://shop.example/c"},
            "buttons": [{"type": "postback", "title": "Buy", "payload": "BUY_1"}]});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_template(&generic(json!([changed(&card, key, value)])), expected, expected);
        };
        check("title", json!("t".repeat(80)), None);
        check("title", json!("t".repeat(81)), Some("[elements][0][title]"));
        check("title", Value::Null, Some("[title] is required"));
        check("subtitle", json!("t".repeat(80)), None);
        check("subtitle", json!("t".repeat(81)), Some("[subtitle]"));
        check("image_url", json!("c.jpg"), Some("valid URL"));
        check("default_action", json!({"type": "postback"}), Some("[default_action][type]"));
        let titled = json!({"type": "web_url", "url": "https://a.example", "title": "x"});
        check("default_action", titled, Some("Invalid keys \\\"title\\\""));
        check("buttons", json!(vec![card["buttons"][0].clone(); 3]), None);
        check("buttons", json!(vec![card["buttons"][0].clone(); 4]), Some("1 to 3"));
        judge_template(&generic(json!([{"title": "Cup"}])), Some("another property"), Some("another property"));
        judge_template(&generic(json!(vec![card.clone(); 10])), None, None);
        judge_template(&generic(json!(vec![card.clone(); 11])), Some("1 to 10"), Some("1 to 10"));
        judge_template(&generic(json!([])), Some("1 to 10"), Some("1 to 10"));
        let sharable = changed(&generic(json!([card])), "sharable", json!("yes"));
        judge_template(&sharable, Some("boolean"), Some("boolean"));
    }
}
