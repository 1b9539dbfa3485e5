//! Whether JSON is what a description in OpenAPI says of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// An OpenAPI document.
pub struct Description(pub Value);

impl Description {
    /// What is untrue of an answer of this operation: every key must be described, and every required one be there.
    pub fn faults(&self, operation: &Value, status: u16, body: &Value) -> Vec<String> {
        let answer = self.resolved(&operation["responses"][status.to_string()]);
        let mut faults = Vec::new();
        match answer["content"].get("application/json") {
            Some(content) => self.check(&content["schema"], body, "$", &mut faults),
            None => faults.push(format!("{status} is not described with a body: {body}")),
        }
        faults
    }

    fn resolved<'a>(&'a self, mut part: &'a Value) -> &'a Value {
        while let Some(reference) = part["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("a reference into the document");
            part = self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        }
        part
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let schema = self.resolved(schema);
        let mut fault = |problem: String| faults.push(format!("{place}: {value} {problem}"));
        let types: Vec<_> = schema["type"].as_array().map_or(vec![&schema["type"]], |types| types.iter().collect());
        if !types.iter().all(|name| name.is_null()) && !types.iter().any(|name| is_of(name, value)) {
            fault(format!("is none of {types:?}"));
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            fault(format!("is not among {}", schema["enum"]));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            fault(format!("is not {}", schema["const"]));
        }
        for alternatives in ["oneOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()) {
            let fits = |one: &Value| self.faults_at(one, value, place).is_empty();
            if !alternatives.iter().any(fits) {
                fault("fits no alternative".to_owned());
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{place}[{index}]"), faults);
        }
        self.check_keys(schema, value, place, faults);
    }

    fn faults_at(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, place, &mut faults);
        faults
    }

    fn check_keys(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let (mut properties, mut required) = (BTreeMap::new(), Vec::new());
        self.gather(schema, &mut properties, &mut required);
        let Some(object) = value.as_object().filter(|_| !properties.is_empty()) else { return };
        let missing = required.iter().filter(|key| !object.contains_key(**key));
        faults.extend(missing.map(|key| format!("{place}: {key} is missing")));
        for (key, value) in object {
            match properties.get(key.as_str()) {
                Some(schema) => self.check(schema, value, &format!("{place}.{key}"), faults),
                None => faults.push(format!("{place}: {key} is not described")),
            }
        }
    }

    /// The properties of a schema, and of all that it is made of.
    fn gather<'a>(&'a self, schema: &'a Value, found: &mut BTreeMap<&'a str, &'a Value>, required: &mut Vec<&'a str>) {
        let schema = self.resolved(schema);
        found.extend(schema["properties"].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)));
        required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, found, required);
        }
    }
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("a type is a word") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn the_checker_finds_what_is_untrue() {
    use serde_json::json;
    let schema = json!({"allOf": [{"$ref": "#/a"}, {"properties": {"kind": {"enum": ["x"]}}, "required": ["kind"]}]});
    let of_a = json!({"type": "object", "properties": {"id": {"type": ["string", "null"]}, "list": {"type": "array",
        "items": {"oneOf": [{"type": "integer"}, {"properties": {"n": {"const": 1}}, "required": ["n"]}]}}}});
    let description = Description(json!({"a": of_a}));
    for (value, expected) in [
        (json!({"id": null, "kind": "x", "list": [1, {"n": 1}]}), ""),
        (json!({"id": "1"}), "$: kind is missing"),
        (json!({"kind": "x", "more": 1}), "$: more is not described"),
        (json!({"kind": "y"}), "$.kind: \"y\" is not among"),
        (json!({"kind": "x", "id": 1}), "$.id: 1 is none of"),
        (json!({"kind": "x", "list": [{"n": 2}]}), "$.list[0]: {\"n\":2} fits no alternative"),
        (json!({"kind": "x", "list": [{}]}), "$.list[0]: {} fits no alternative"),
    ] {
        let faults = description.faults_at(&schema, &value, "$");
        assert_eq!(faults.len(), usize::from(!expected.is_empty()), "{value}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with(expected)), "{faults:?}");
    }
}
