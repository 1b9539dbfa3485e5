//! `product`: up to ten products of the catalogue.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &["elements"])?;
    for element in payload.required_objects("elements", 1..=10)? {
        element.only(&["id"])?;
        let id = element.required("id")?;
        // The catalogue itself is not emulated: whatever looks like one of its ids is a product.
        if !id.name()?.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(id.refuse("is not a product").with(2_018_320));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::judge_template;

    #[test]
    fn ten_products_by_their_ids() {
        let check = |elements: Value, expected: Option<&str>| {
            judge_template(&json!({"template_type": "product", "elements": elements}), expected, expected);
        };
        check(json!([{"id": "77"}, {"id": 78}]), None);
        check(json!(vec![json!({"id": "77"}); 11]), Some("1 to 10"));
        check(json!([{"id": "cup"}]), Some("2018320"));
        check(json!([{}]), Some("[elements][0][id] is required"));
    }
}
