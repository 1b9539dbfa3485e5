//! `{result=name:$.path}`: what a call of a batch takes over from the answer of an earlier one.
//!
//! Of JSONPath that is what Meta's examples use: keys, positions, and `*` for all of a list, joined with commas.
//! Meta: <https://developers.facebook.com/docs/graph-api/batch-requests#operations-with-dependencies>

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::GraphError;

/// How long a text may become.
const LONGEST: usize = 64 * 1024;

const OPENING: &str = "{result=";

/// The text with all references in it replaced.
pub(super) fn resolve(text: &str, results: &BTreeMap<String, Option<Value>>) -> Result<String, GraphError> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once(OPENING) {
        let (reference, after) = reference.split_once('}').ok_or_else(|| wrong(reference))?;
        let (name, path) = reference.split_once(":$").ok_or_else(|| wrong(reference))?;
        let result = results.get(name).and_then(Option::as_ref).ok_or_else(|| wrong(reference))?;
        let values: Vec<String> = find(result, path).into_iter().map(written).collect();
        resolved.push_str(before);
        resolved.push_str(&values.join(","));
        if resolved.len() > LONGEST {
            return Err(wrong(reference));
        }
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// All values at a path such as `.data[0].id` or `.data.*.id`.
fn find<'a>(result: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![result];
    for step in path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty()) {
        found = found.into_iter().flat_map(|value| into(value, step)).collect();
    }
    found
}

fn into<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    match (value, step) {
        (Value::Array(list), "*") => list.iter().collect(),
        (Value::Array(list), position) => {
            position.parse().ok().and_then(|at: usize| list.get(at)).into_iter().collect()
        }
        (value, key) => value.get(key).into_iter().collect(),
    }
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn wrong(reference: &str) -> GraphError {
    let reference: String = reference.chars().take(80).collect();
    GraphError::parameter(format!("The reference {OPENING}{reference}}} leads to no answer of an earlier request"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_take_values_over() {
        let list = json!({"data": [{"id": "1"}, {"id": "2"}], "n": 7});
        let results = BTreeMap::from([("a".to_owned(), Some(list)), ("failed".to_owned(), None)]);
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(resolve(text, &results).ok().as_deref(), expected, "{text}");
        };
        check("me?fields=id", Some("me?fields=id"));
        check("{result=a:$.data[1].id}?x=1", Some("2?x=1"));
        check("?ids={result=a:$.data.*.id}&n={result=a:$.n}", Some("?ids=1,2&n=7"));
        check("?ids={result=a:$.data[*].id}", Some("?ids=1,2"));
        check("?ids={result=a:$.nothing}", Some("?ids="));
        check("{result=b:$.n}", None);
        check("{result=failed:$.n}", None);
        check("{result=a:n}", None);
        check("{result=a:$.n", None);
    }
}
