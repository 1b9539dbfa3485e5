//! `message.template`: a text that Meta has reviewed, with what is filled into it.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/utility-messages>

use super::super::error::GraphError;
use super::super::frame::Frame;
use super::super::part::Part;

/// How long a name or what is filled in may be: no limit of Meta's is known, so that of a text.
const TEXT: usize = 2000;

/// How many components, and parameters of each, there may be: no limit of Meta's is known.
const MOST: usize = 100;

/// Refuses a template that Meta would refuse, as one that the account does not have.
pub(in super::super) fn check(template: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    let (name, code) = named(template)?;
    if frame.templates.has(frame.account, name, code) {
        return Ok(());
    }
    Err(template.refuse("is not the name and language of an approved template of this Page"))
}

/// The name and the language of a template that is well-formed.
fn named<'a>(template: &Part<'a>) -> Result<(&'a str, &'a str), GraphError> {
    template.only(&["name", "language", "components"])?;
    let name = template.required_text("name", TEXT)?;
    let code = template.required("language")?.required_text("code", TEXT)?;
    if let Some(components) = template.get("components") {
        components.objects(0..=MOST)?.iter().try_for_each(check_component)?;
    }
    Ok((name, code))
}

fn check_component(component: &Part<'_>) -> Result<(), GraphError> {
    component.only(&["type", "parameters"])?;
    let kind = component.required_one_of("type", &["header", "body", "buttons"])?;
    let Some(parameters) = component.get("parameters") else { return Ok(()) };
    for parameter in parameters.objects(0..=MOST)? {
        if kind == "buttons" {
            check_button(&parameter)?;
        } else {
            parameter.required_text("type", TEXT)?;
            parameter.optional_text("parameter_name", TEXT)?;
            parameter.optional_text("text", TEXT)?;
        }
    }
    Ok(())
}

fn check_button(button: &Part<'_>) -> Result<(), GraphError> {
    match button.required_one_of("type", &["URL", "POSTBACK"])? {
        "URL" => button.required_url("url").map(drop),
        _ => button.required_text("payload", TEXT).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_template_names_itself_and_fills_itself_in() {
        let check = |template: Value, expected: Option<&str>| {
            let said = format!("{:?}", named(&Part::new(&template, "message[template]")));
            assert!(said.contains(expected.unwrap_or("Ok((")), "{template}: {said}");
        };
        let with =
            |components: Value| json!({"name": "order_update", "language": {"code": "en"}, "components": components});
        check(json!({"name": "order_update", "language": {"code": "en"}}), None);
        check(json!({"language": {"code": "en"}}), Some("[name] is required"));
        check(json!({"name": "order_update"}), Some("[language] is required"));
        check(json!({"name": "order_update", "language": "en"}), Some("[language][code] is required"));
        check(with(json!([{"type": "body", "parameters": [{"type": "text", "text": "9"}]}])), None);
        check(with(json!([{"type": "footer"}])), Some("[components][0][type]"));
        check(with(json!([{"type": "buttons", "parameters": [{"type": "URL", "url": "o/9"}]}])), Some("valid URL"));
        check(with(json!([{"type": "buttons", "parameters": [{"type": "POSTBACK"}]}])), Some("[payload]"));
    }
}
