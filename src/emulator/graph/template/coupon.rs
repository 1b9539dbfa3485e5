//! `coupon`: a discount to take.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::{TITLE, only};

/// How long a code may be: no limit of Meta's is known, so that of a title.
const CODE: usize = 80;

const KEYS: [&str; 8] = [
    "title",
    "subtitle",
    "coupon_code",
    "coupon_url",
    "coupon_url_button_title",
    "coupon_pre_message",
    "image_url",
    "payload",
];

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &KEYS)?;
    payload.required_text("title", TITLE)?;
    payload.optional_text("subtitle", TITLE)?;
    payload.check_url("image_url")?;
    payload.check_url("coupon_url")?;
    match payload.optional_text("coupon_code", CODE)?.filter(|code| !code.is_empty()) {
        Some(code) if code.contains(char::is_whitespace) => {
            Err(payload.required("coupon_code")?.refuse("must not contain spaces"))
        }
        None if payload.get("coupon_url").is_none() => Err(payload.refuse("must have coupon_code or coupon_url")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    #[test]
    fn a_code_or_an_address() {
        let coupon = json!({"template_type": "coupon", "title": "10% off", "coupon_code": "TEN"});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_on_messenger(&changed(&coupon, key, value), expected)
        };
        check("subtitle", json!("until Friday"), None);
        check("title", Value::Null, Some("[title] is required"));
        check("title", json!("t".repeat(81)), Some("[title]"));
        check("subtitle", json!("t".repeat(81)), Some("[subtitle]"));
        check("coupon_code", json!("TEN OFF"), Some("spaces"));
        check("coupon_code", Value::Null, Some("coupon_code or coupon_url"));
        let by_address = changed(&coupon, "coupon_code", Value::Null);
        judge_on_messenger(&changed(&by_address, "coupon_url", json!("https://shop.example")), None);
        judge_on_messenger(&changed(&by_address, "coupon_url", json!("shop")), Some("valid URL"));
    }
}
