//! What a message may consist of, and how long its parts may be. Pure.
//!
//! What is too long is refused, never cut. Templates are looked at in [`super::template`].
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use serde_json::{Map, Value};

use super::super::world::Platform;
use super::error::GraphError;
use super::template;

const TEXT_CHARACTERS: usize = 2000;
const INSTAGRAM_TEXT_BYTES: usize = 1000;
const METADATA_CHARACTERS: usize = 999;
const QUICK_REPLIES: usize = 13;
const TITLE_CHARACTERS: usize = 20;
const PAYLOAD_CHARACTERS: usize = 1000;

/// Refuses a message that Meta would refuse.
pub(super) fn check(message: &Map<String, Value>, platform: Platform) -> Result<(), GraphError> {
    let text = text(message, "text", "message[text]")?.filter(|text| !text.is_empty());
    let attachment = message.get("attachment").or_else(|| message.get("attachments"));
    let other = ["sticker_id", "template"].iter().any(|key| message.contains_key(*key));
    match (text, attachment) {
        (None, None) if !other => return Err(GraphError::parameter("param message must be non-empty")),
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter("Param message[text] and message[attachment] cannot be used together"));
        }
        _ => {}
    }
    if platform.is_instagram() && message.contains_key("sticker_id") {
        return Err(GraphError::parameter("Param message[sticker_id] is not supported on Instagram"));
    }
    check_text(text.unwrap_or_default(), platform)?;
    if let Some(metadata) = self::text(message, "metadata", "message[metadata]")? {
        at_most(metadata, METADATA_CHARACTERS, "message[metadata]")?;
    }
    if let Some(attachment) = message.get("attachment") {
        check_attachment(attachment, platform)?;
    }
    if let Some(list) = message.get("attachments") {
        check_attachments(list, platform)?;
    }
    match message.get("quick_replies") {
        Some(list) => check_quick_replies(list, text.is_some(), platform),
        None => Ok(()),
    }
}

/// Messenger counts characters, Instagram bytes.
fn check_text(text: &str, platform: Platform) -> Result<(), GraphError> {
    match platform.is_instagram() {
        true if text.len() > INSTAGRAM_TEXT_BYTES => Err(GraphError::length("message[text]", INSTAGRAM_TEXT_BYTES)),
        true => Ok(()),
        false => at_most(text, TEXT_CHARACTERS, "message[text]"),
    }
}

fn check_attachment(attachment: &Value, platform: Platform) -> Result<(), GraphError> {
    let payload = &attachment["payload"];
    match attachment["type"].as_str() {
        Some("image" | "audio" | "video" | "file") => check_media(payload, "message[attachment]"),
        Some("template") => template::check(payload, platform),
        Some("MEDIA_SHARE") if platform.is_instagram() && !payload["id"].is_null() => Ok(()),
        Some("like_heart") if platform.is_instagram() => Ok(()),
        _ => Err(GraphError::parameter(
            "Param message[attachment][type] must be one of {audio, file, image, template, video}",
        )),
    }
}

/// Media comes by address or by an id of an earlier upload.
fn check_media(payload: &Value, at: &str) -> Result<(), GraphError> {
    match (payload["url"].as_str(), &payload["attachment_id"]) {
        (Some(url), Value::Null) if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        (Some(_), Value::Null) => {
            Err(GraphError::parameter(format!("Param {at}[payload][url] should represent a valid URL")))
        }
        (None, Value::String(_) | Value::Number(_)) => Ok(()),
        _ => Err(GraphError::parameter(format!("Param {at}[payload] must have exactly one of url, attachment_id"))),
    }
}

fn check_attachments(list: &Value, platform: Platform) -> Result<(), GraphError> {
    let most = if platform.is_instagram() { 10 } else { 30 };
    let list = list.as_array().ok_or_else(|| GraphError::parameter("Param message[attachments] must be an array"))?;
    if list.is_empty() || list.len() > most {
        return Err(GraphError::length("message[attachments]", most));
    }
    for (index, attachment) in list.iter().enumerate() {
        let at = format!("message[attachments][{index}]");
        if attachment["type"] != "image" {
            return Err(GraphError::parameter(format!("Param {at}[type] must be one of {{image}}")));
        }
        check_media(&attachment["payload"], &at)?;
    }
    Ok(())
}

fn check_quick_replies(list: &Value, with_text: bool, platform: Platform) -> Result<(), GraphError> {
    let list = list.as_array().ok_or_else(|| GraphError::parameter("Param message[quick_replies] must be an array"))?;
    if list.len() > QUICK_REPLIES {
        return Err(GraphError::length("message[quick_replies]", QUICK_REPLIES));
    }
    if platform.is_instagram() && !with_text {
        return Err(GraphError::parameter("Param message[quick_replies] goes with message[text] only"));
    }
    list.iter().enumerate().try_for_each(|(index, reply)| {
        let at = format!("message[quick_replies][{index}]");
        check_quick_reply(reply.as_object().unwrap_or(&Map::new()), &at, platform)
    })
}

fn check_quick_reply(reply: &Map<String, Value>, at: &str, platform: Platform) -> Result<(), GraphError> {
    let content_type = text(reply, "content_type", &format!("{at}[content_type]"))?;
    let known = ["text", "user_phone_number", "user_email"];
    if !content_type.is_some_and(|given| known.contains(&given)) {
        return Err(GraphError::parameter(format!("Param {at}[content_type] must be one of {{{}}}", known.join(", "))));
    }
    let image = reply.contains_key("image_url");
    if image && platform.is_instagram() {
        return Err(GraphError::parameter(format!("Param {at}[image_url] is not available on Instagram")));
    }
    let title = text(reply, "title", &format!("{at}[title]"))?.unwrap_or_default();
    if title.is_empty() && content_type == Some("text") && !image {
        return Err(GraphError::parameter(format!("The parameter {at}[title] is required")));
    }
    at_most(title, TITLE_CHARACTERS, &format!("{at}[title]"))?;
    match reply.get("payload") {
        Some(Value::String(payload)) => at_most(payload, PAYLOAD_CHARACTERS, &format!("{at}[payload]")),
        Some(Value::Number(_)) => Ok(()),
        None if content_type != Some("text") || image => Ok(()),
        _ => Err(GraphError::parameter(format!("The parameter {at}[payload] is required"))),
    }
}

/// Refuses a text of more than `most` code points.
pub(super) fn at_most(text: &str, most: usize, at: &str) -> Result<(), GraphError> {
    if text.chars().count() > most { Err(GraphError::length(at, most)) } else { Ok(()) }
}

/// The text under `key`, which is none when it is absent and refused when it is no text.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str, at: &str) -> Result<Option<&'a str>, GraphError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(GraphError::parameter(format!("Param {at} must be a UTF-8 encoded string"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_refuse() {
        use Platform::{Instagram, Messenger};
        let checked = |platform, message: &Value, expected: Option<&str>| {
            let result = check(message.as_object().expect("a message"), platform);
            match expected {
                None => assert_eq!(result, Ok(()), "{message}"),
                Some(part) => {
                    let error = result.expect_err("the message is refused");
                    assert!(error.code == 100 && format!("{error:?}").contains(part), "{error:?}");
                }
            }
        };
        let check = |message: Value, messenger: Option<&str>, instagram: Option<&str>| {
            checked(Messenger, &message, messenger);
            checked(Instagram, &message, instagram);
        };
        let long = |count| json!({"text": "ü".repeat(count)});
        check(long(500), None, None);
        check(long(501), None, Some("message[text] must be less than or equal to 1000"));
        check(long(2000), None, Some("1000"));
        check(long(2001), Some("Length of param message[text] must be less than or equal to 2000"), Some("1000"));
        check(json!({"text": ""}), Some("non-empty"), Some("non-empty"));
        check(json!({"text": 1}), Some("UTF-8"), Some("UTF-8"));
        check(json!({"metadata": "x"}), Some("non-empty"), Some("non-empty"));
        check(json!({"text": "x", "metadata": "m".repeat(999)}), None, None);
        check(json!({"text": "x", "metadata": "m".repeat(1000)}), Some("metadata"), Some("metadata"));
        let image = json!({"type": "image", "payload": {"url": "https://shop.example/a.jpg"}});
        check(json!({"attachment": image}), None, None);
        check(json!({"text": "x", "attachment": image}), Some("together"), Some("together"));
        check(
            json!({"attachment": {"type": "gif", "payload": {}}}),
            Some("attachment][type]"),
            Some("attachment][type]"),
        );
        check(
            json!({"attachment": {"type": "image", "payload": {"url": "a.jpg"}}}),
            Some("valid URL"),
            Some("valid URL"),
        );
        check(json!({"attachment": {"type": "like_heart"}}), Some("attachment][type]"), None);
        check(json!({"attachments": vec![image.clone(); 10]}), None, None);
        check(json!({"attachments": vec![image; 11]}), None, Some("message[attachments]"));
        let chips = |count, title: &str| json!({"text": "x", "quick_replies": vec![json!({"content_type": "text", "title": title, "payload": "P"}); count]});
        check(chips(13, &"t".repeat(20)), None, None);
        check(chips(14, "t"), Some("quick_replies"), Some("quick_replies"));
        check(chips(2, &"t".repeat(21)), Some("quick_replies][0][title] must be less"), Some("title"));
        check(chips(1, ""), Some("title"), Some("title"));
    }
}
