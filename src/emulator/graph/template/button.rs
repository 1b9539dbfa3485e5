//! `button`: a text with buttons below it.

use super::super::super::world::Platform;
use super::super::buttons;
use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

const TEXT: usize = 640;

pub(super) fn check(payload: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    only(payload, &["text", "buttons"])?;
    payload.required_text("text", TEXT)?;
    payload.required("buttons")?;
    buttons::check(payload, platform)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_template};

    #[test]
    fn a_text_and_its_buttons() {
        let postback = json!({"type": "postback", "title": "Yes", "payload": "HELP"});
        let button = json!({"template_type": "button", "text": "Help?", "buttons": [postback]});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_template(&changed(&button, key, value), expected, expected);
        };
        check("text", json!("x".repeat(640)), None);
        check("text", json!("x".repeat(641)), Some("[text] must be less than or equal to 640"));
        check("text", Value::Null, Some("[text] is required"));
        check("buttons", json!(vec![postback.clone(); 3]), None);
        check("buttons", json!(vec![postback.clone(); 4]), Some("1 to 3"));
        check("buttons", json!([]), Some("1 to 3"));
        check("buttons", Value::Null, Some("[buttons] is required"));
    }
}
