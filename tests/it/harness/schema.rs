//! Whether JSON is what a schema says of it, and nothing besides.

use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// An OpenAPI document.
pub struct Description(pub Value);

impl Description {
    /// What is untrue of an answer of this operation: every key must be described, and every required one be there.
    pub fn faults(&self, operation: &Value, status: u16, body: &Value) -> Vec<String> {
        let answer = self.resolved(&operation["responses"][status.to_string()]);
        match answer["content"].get("application/json") {
            Some(content) => faults(&closed(&content["schema"], &self.0), body),
            None => vec![format!("{status} is not described with a body: {body}")],
        }
    }

    fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        let Some(reference) = part["$ref"].as_str() else { return part };
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }
}

/// What is untrue of what a relay was asked.
pub fn request_faults(body: &Value) -> Vec<String> {
    static REQUEST: OnceLock<Validator> = OnceLock::new();
    let request = || closed(&json!({"$ref": "#/$defs/Request"}), &rejoinder::relay::schema());
    faults(REQUEST.get_or_init(request), body)
}

/// What is untrue of what a relay answers. More keys than are described are allowed: they are Meta's, or mean nothing.
pub fn answer_faults(body: &Value) -> Vec<String> {
    static ANSWER: OnceLock<Validator> = OnceLock::new();
    let answer = || validator(&whole(&json!({"$ref": "#/$defs/Answer"}), &rejoinder::relay::schema()));
    faults(ANSWER.get_or_init(answer), body)
}

fn faults(validator: &Validator, body: &Value) -> Vec<String> {
    validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds JSON to a schema; a key that is not described is a fault, which by the schema alone it is not.
fn closed(schema: &Value, document: &Value) -> Validator {
    let mut whole = whole(schema, document);
    close(&mut whole);
    close_value(&mut whole);
    validator(&whole)
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(schema).expect("a schema")
}

/// A schema beside all of the document that its references may lead to.
fn whole(schema: &Value, document: &Value) -> Value {
    let mut whole = schema.clone();
    for definitions in ["components", "$defs"] {
        whole[definitions] = document.get(definitions).unwrap_or(&json!({})).clone();
    }
    whole
}

/// Closes the schema of each value that stands inside another. The parts of a schema (`allOf`) stay open: they do not know each
/// other's keys.
fn close(part: &mut Value) {
    match part {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let properties = members.get_mut("properties").and_then(Value::as_object_mut);
            properties.into_iter().flat_map(|properties| properties.values_mut()).for_each(close_value);
            members.get_mut("items").into_iter().for_each(close_value);
        }
        Value::Array(entries) => entries.iter_mut().for_each(close),
        _ => {}
    }
}

/// Closes a schema that says which keys there are.
fn close_value(schema: &mut Value) {
    let names_keys = |members: &Map<String, Value>| {
        ["$ref", "properties", "allOf", "oneOf"].iter().any(|keyword| members.contains_key(*keyword))
    };
    if let Some(members) = schema.as_object_mut().filter(|members| names_keys(members)) {
        members.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

#[test]
fn the_checker_finds_what_is_untrue() {
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/A"},
        {"properties": {"kind": {"enum": ["x"]}}, "required": ["kind"]}]});
    let of_a = json!({"type": "object", "properties": {"id": {"type": ["string", "null"]}, "any": {},
        "at": {"type": "string", "format": "date-time"}, "list": {"type": "array", "items": {"oneOf": [{"type": "integer"},
        {"type": "object", "properties": {"n": {"const": 1}}, "required": ["n"]}]}}}});
    let validator = closed(&schema, &json!({"components": {"schemas": {"A": of_a}}}));
    for (value, expected) in [
        (json!({"id": null, "kind": "x", "list": [1, {"n": 1}], "any": {"a": 1}}), ""),
        (json!({"id": "1"}), ": \"kind\" is a required property"),
        (json!({"kind": "x", "more": 1}), ": Unevaluated properties are not allowed ('more' was unexpected)"),
        (json!({"kind": "y"}), "/kind: \"y\" is not one of"),
        (json!({"kind": "x", "id": 1}), "/id: 1 is not of type"),
        (json!({"kind": "x", "at": "yesterday"}), "/at: \"yesterday\" is not a \"date-time\""),
        (json!({"kind": "x", "list": [{"n": 2}]}), "/list/0: "),
        (json!({"kind": "x", "list": [{"n": 1, "m": 1}]}), "/list/0: "),
    ] {
        let faults = faults(&validator, &value);
        assert_eq!(faults.is_empty(), expected.is_empty(), "{value}: {faults:?}");
        assert!(expected.is_empty() || faults.iter().any(|fault| fault.starts_with(expected)), "{value}: {faults:?}");
    }
}
