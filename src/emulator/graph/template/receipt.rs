//! `receipt`: what was bought.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

/// How long a name or a number in a receipt may be: no limit of Meta's is known, so that of a text.
const TEXT: usize = 2000;

const KEYS: [&str; 11] = [
    "recipient_name",
    "merchant_name",
    "order_number",
    "currency",
    "payment_method",
    "order_url",
    "timestamp",
    "address",
    "summary",
    "adjustments",
    "elements",
];

const SUMMARY: [&str; 4] = ["subtotal", "shipping_cost", "total_tax", "total_cost"];

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &KEYS)?;
    for key in ["recipient_name", "order_number", "currency", "payment_method"] {
        payload.required_text(key, TEXT)?;
    }
    payload.optional_text("merchant_name", TEXT)?;
    payload.check_url("order_url")?;
    if let Some(timestamp) = payload.get("timestamp") {
        check_timestamp(&timestamp)?;
    }
    if let Some(address) = payload.get("address") {
        address.only(&["street_1", "street_2", "city", "postal_code", "state", "country"])?;
    }
    let summary = payload.required("summary")?;
    summary.only(&SUMMARY)?;
    summary.required("total_cost")?;
    for key in SUMMARY {
        summary.check_number(key)?;
    }
    if let Some(adjustments) = payload.get("adjustments") {
        adjustments.objects(0..=100)?.iter().try_for_each(check_adjustment)?;
    }
    match payload.get("elements") {
        Some(elements) => elements.objects(0..=100)?.iter().try_for_each(check_element),
        None => Ok(()),
    }
}

/// Seconds, as a text.
fn check_timestamp(timestamp: &Part<'_>) -> Result<(), GraphError> {
    let is_seconds = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if timestamp.value.as_str().is_some_and(is_seconds) {
        return Ok(());
    }
    Err(timestamp.refuse("must be the seconds since 1970, as a string"))
}

fn check_adjustment(adjustment: &Part<'_>) -> Result<(), GraphError> {
    adjustment.only(&["name", "amount"])?;
    adjustment.check_number("amount")
}

fn check_element(element: &Part<'_>) -> Result<(), GraphError> {
    element.only(&["title", "subtitle", "quantity", "price", "currency", "image_url"])?;
    element.required_text("title", TEXT)?;
    element.check_number("price")?;
    element.check_number("quantity")?;
    element.check_url("image_url")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    #[test]
    fn what_a_receipt_must_name() {
        let receipt = json!({"template_type": "receipt", "recipient_name": "Ada", "order_number": "9", "currency": "EUR",
            "payment_method": "Visa 1234", "summary": {"total_cost": 9.5}, "timestamp": "1790000000",
            "order_url": "https://shop.example/o/9", "adjustments": [{"name": "Welcome", "amount": 1}],
            "elements": [{"title": "Cup", "quantity": 1, "price": 10}]});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_on_messenger(&changed(&receipt, key, value), expected)
        };
        check("sharable", json!(false), None);
        for key in ["recipient_name", "order_number", "currency", "payment_method", "summary"] {
            check(key, Value::Null, Some(&format!("[{key}] is required")));
        }
        check("summary", json!({"subtotal": 1}), Some("[summary][total_cost] is required"));
        check("summary", json!({"total_cost": "9.50"}), Some("[total_cost] must be a number"));
        check("timestamp", json!("yesterday"), Some("[timestamp]"));
        check("order_url", json!("o/9"), Some("valid URL"));
        check("elements", json!(vec![json!({"title": "Cup"}); 100]), None);
        check("elements", json!(vec![json!({"title": "Cup"}); 101]), Some("0 to 100"));
        check("elements", json!([{"price": 10}]), Some("[elements][0][title]"));
    }
}
