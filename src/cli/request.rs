//! The request that `rejoinder send` posts: from a text or a file, and the arguments.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use crate::json::mended;

/// What tells a whole request from its `message` alone.
const OF_A_REQUEST: [&str; 3] = ["recipient", "message", "sender_action"];

/// A request with a text, to no one yet.
pub(super) fn text(text: &str) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), json!({"text": text}))])
}

/// The request in a file, or on stdin for `-`. A message alone becomes one.
pub(super) fn read(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let place = if file == Path::new("-") { "stdin".into() } else { file.display().to_string() };
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    match text {
        Ok(text) => parse(&text).with_context(|| place),
        Err(error) => bail!("{place} cannot be read: {error}\n  hint: name a file with JSON in it, or - for stdin"),
    }
}

fn parse(text: &str) -> anyhow::Result<Map<String, Value>> {
    let hint = "give a message of the Send API, such as {\"text\":\"Hello\"}, or a whole request";
    let object = match serde_json::from_str(&mended(text.trim_start_matches('\u{feff}'))) {
        Ok(Value::Object(object)) => object,
        Ok(_) => bail!("this is no JSON object\n  hint: {hint}"),
        Err(error) => bail!("this is no JSON: {error}\n  hint: {hint}"),
    };
    if OF_A_REQUEST.iter().any(|key| object.contains_key(*key)) {
        return Ok(object);
    }
    Ok(Map::from_iter([("message".to_owned(), Value::Object(object))]))
}

/// The request with its recipient, and with those of the fields that are given.
pub(super) fn complete(
    mut request: Map<String, Value>,
    person: Option<&str>,
    named: [(&str, Option<String>); 3],
) -> anyhow::Result<Value> {
    match (person, request.contains_key("recipient")) {
        (Some(_), true) => bail!("the file names a recipient, and so do the arguments\n  hint: leave one of them out"),
        (Some(person), false) => drop(request.insert("recipient".into(), json!({"id": person}))),
        (None, true) => {}
        (None, false) => bail!("there is no recipient\n  hint: give the person's id, or a recipient in the file"),
    }
    for (key, value) in named {
        if let Some(value) = value {
            request.insert(key.to_owned(), value.into());
        }
    }
    if request.contains_key("tag") {
        request.entry("messaging_type").or_insert_with(|| "MESSAGE_TAG".into());
    }
    Ok(Value::Object(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(content: &str, person: Option<&str>, tag: Option<&str>) -> Result<Value, String> {
        let named = [("agent", None), ("messaging_type", None), ("tag", tag.map(str::to_owned))];
        let request = parse(content).and_then(|request| complete(request, person, named));
        request.map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_a_message_or_a_whole_request() {
        let to_ada = json!({"recipient": {"id": "7"}, "message": {"text": "x"}});
        assert_eq!(posted(r#"{"text":"x"}"#, Some("7"), None), Ok(to_ada.clone()));
        assert_eq!(posted("\u{feff}{\"message\":{\"text\":\"x\"}}", Some("7"), None), Ok(to_ada.clone()));
        assert_eq!(posted(&to_ada.to_string(), None, None), Ok(to_ada.clone()));
        let cut = posted(r#"{"text":"cut \ud83d"}"#, Some("7"), None).expect("a request");
        assert_eq!(cut["message"]["text"], "cut \u{fffd}");
        let comment = json!({"recipient": {"comment_id": "9_7"}, "message": {"text": "x"}, "persona_id": "3"});
        assert_eq!(posted(&comment.to_string(), None, None), Ok(comment));
        let typing = json!({"recipient": {"id": "7"}, "sender_action": "typing_on"});
        assert_eq!(posted(r#"{"sender_action":"typing_on"}"#, Some("7"), None), Ok(typing));
        let tagged = posted(r#"{"text":"x"}"#, Some("7"), Some("HUMAN_AGENT")).expect("a request");
        assert_eq!((&tagged["tag"], &tagged["messaging_type"]), (&json!("HUMAN_AGENT"), &json!("MESSAGE_TAG")));
        for (content, person, problem) in [
            (to_ada.to_string().as_str(), Some("8"), "names a recipient"),
            (r#"{"text":"x"}"#, None, "no recipient"),
            ("[1]", Some("7"), "no JSON object"),
            ("{", Some("7"), "line 1"),
        ] {
            let told = posted(content, person, None).expect_err("no request");
            assert!(told.contains(problem) && told.contains("hint:"), "{told}");
        }
    }
}
