//! What a relay is asked and what it may answer, as JSON Schema: written from the types that this module posts and reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::answer::Wanted;
use super::request::Body;

/// Where the types refer to each other, and where they stand here.
const REFERENCES: (&str, &str) = ("#/components/schemas/", "#/$defs/");

/// JSON Schema of 2020-12: `$defs.Request` is what is posted to a relay, `$defs.Answer` what it answers. `$defs` also has what
/// these two refer to.
pub fn schema() -> Value {
    let mut defs = vec![(Body::name().into(), Body::schema()), (Wanted::name().into(), Wanted::schema())];
    Body::schemas(&mut defs);
    Wanted::schemas(&mut defs);
    let defs: BTreeMap<String, RefOr<Schema>> = defs.into_iter().collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rejoinder's relay: $defs.Request is posted to it, $defs.Answer is what it answers",
        "$defs": defs,
    });
    refer_to_defs(&mut schema);
    // A body of `null` says nothing, as an empty one does.
    schema["$defs"]["Answer"]["type"] = json!(["object", "null"]);
    schema
}

fn refer_to_defs(part: &mut Value) {
    let (from, to) = REFERENCES;
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replacen(from, to, 1);
            }
            members.values_mut().for_each(refer_to_defs);
        }
        Value::Array(entries) => entries.iter_mut().for_each(refer_to_defs),
        _ => {}
    }
}
