//! `customer_information`: a form for address and contact.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

const KEYS: [&str; 6] =
    ["countries", "business_privacy", "expires_in_days", "address_overrides", "contact_overrides", "purpose"];

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &KEYS)?;
    let countries = payload.required("countries")?;
    let is_code = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let list = countries.value.as_array().filter(|list| !list.is_empty());
    if !list.is_some_and(|list| list.iter().all(|country| country.as_str().is_some_and(is_code))) {
        return Err(countries.refuse("must be a list of country codes of two letters"));
    }
    payload.required("business_privacy")?.required_url("url")?;
    payload.check_whole("expires_in_days", 1..=7)?;
    payload.one_of("purpose", &["SHIPPING"])?;
    for key in ["address_overrides", "contact_overrides"] {
        if let Some(overrides) = payload.get(key) {
            overrides.object()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    #[test]
    fn the_form_of_the_form() {
        let form = json!({"template_type": "customer_information", "countries": ["US"],
            "business_privacy": {"url": "https://shop.example/privacy"}, "expires_in_days": 3,
            "address_overrides": {}, "contact_overrides": {}, "purpose": "SHIPPING"});
        let check =
            |key: &str, value: Value, expected: Option<&str>| judge_on_messenger(&changed(&form, key, value), expected);
        check("expires_in_days", json!(7), None);
        check("expires_in_days", json!(0), Some("1 to 7"));
        check("countries", Value::Null, Some("[countries] is required"));
        check("countries", json!([]), Some("country codes"));
        check("countries", json!(["Germany"]), Some("country codes"));
        check("business_privacy", json!({}), Some("[business_privacy][url] is required"));
        check("purpose", json!("SURVEY"), Some("[purpose]"));
        check("address_overrides", json!([]), Some("[address_overrides] must be a JSON object"));
    }
}
