//! What a message may consist of, and how long its parts may be. Pure.
//!
//! What is too long is refused, never cut.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use serde_json::Value;

use super::super::world::Platform;
use super::error::GraphError;
use super::frame::Frame;
use super::part::Part;
use super::{media, quick_replies, template};

const TEXT_CHARACTERS: usize = 2000;
const INSTAGRAM_TEXT_BYTES: usize = 1000;
const METADATA_CHARACTERS: usize = 999;

/// Of what a message is made, one of them at a time.
const CONTENTS: [&str; 5] = ["text", "attachment", "attachments", "sticker_id", "template"];

/// What may stand in a message.
const KEYS: [&str; 7] = ["text", "attachment", "attachments", "sticker_id", "template", "quick_replies", "metadata"];

/// Refuses what can be no message, wherever it goes.
pub(super) fn check_form(message: &Value) -> Result<(), GraphError> {
    let message = Part::new(message, "message");
    message.only(&KEYS)?;
    match message.get("quick_replies") {
        Some(list) if list.value.as_array().is_some_and(Vec::is_empty) => Err(list.refuse("must be a non-empty array")),
        _ => Ok(()),
    }
}

/// Refuses a message that Meta would refuse.
pub(super) fn check(message: &Value, frame: &Frame<'_>) -> Result<(), GraphError> {
    let message = Part::new(message, "message");
    message.optional_text("metadata", METADATA_CHARACTERS)?;
    let content = content(&message)?;
    match content {
        "text" => check_text(&message, frame.platform)?,
        "attachment" => media::check(&message.required("attachment")?, frame)?,
        "attachments" => media::check_many(&message.required("attachments")?, frame)?,
        "sticker_id" => check_sticker(&message, frame.platform)?,
        _ if frame.is_utility => template::utility::check(&message.required("template")?, frame)?,
        _ => return Err(GraphError::parameter("Param message[template] goes with messaging_type UTILITY only")),
    }
    if frame.file.is_some() && content != "attachment" {
        return Err(GraphError::parameter("A file goes with message[attachment] only"));
    }
    match message.get("quick_replies") {
        Some(list) => quick_replies::check(&list, content, frame.platform),
        None => Ok(()),
    }
}

/// The one thing that the message is made of.
fn content(message: &Part<'_>) -> Result<&'static str, GraphError> {
    let is_given = |key: &&str| message.get(key).is_some_and(|part| part.value != "");
    let given: Vec<&'static str> = CONTENTS.into_iter().filter(is_given).collect();
    match given[..] {
        [content] => Ok(content),
        [] => Err(GraphError::parameter("Message cannot be empty").with(2_018_034)),
        [one, another, ..] => {
            let message = format!("Param message[{one}] and message[{another}] cannot be used together");
            Err(GraphError::parameter(message))
        }
    }
}

/// Messenger counts characters, Instagram bytes.
fn check_text(message: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    let most = if platform.is_instagram() { INSTAGRAM_TEXT_BYTES } else { TEXT_CHARACTERS };
    let text = message.required_text("text", most)?;
    if platform.is_instagram() && text.len() > INSTAGRAM_TEXT_BYTES {
        return Err(GraphError::length("message[text]", INSTAGRAM_TEXT_BYTES));
    }
    Ok(())
}

fn check_sticker(message: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    let sticker = message.required("sticker_id")?;
    if platform.is_instagram() {
        return Err(sticker.refuse("is not available on Instagram"));
    }
    sticker.id().map(drop)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::emulator::setup::Templates;
    use crate::emulator::uploads::Uploads;

    /// What is said of a message on either platform: `Ok(())`, or the error.
    pub(in super::super) fn said(message: &Value, platform: Platform) -> String {
        let (uploads, templates) = (Uploads::default(), Templates::default());
        let frame = Frame {
            platform,
            account: 0,
            uploads: &uploads,
            file: None,
            templates: &templates,
            is_utility: false,
            local_media: false,
            now: Timestamp(0),
        };
        format!("{:?}", check(message, &frame))
    }

    /// Checks what is said of a message on both platforms; none stands for an accepted one.
    #[track_caller]
    pub(in super::super) fn judge(message: &Value, messenger: Option<&str>, instagram: Option<&str>) {
        for (platform, expected) in [(Platform::Messenger, messenger), (Platform::Instagram, instagram)] {
            let said = said(message, platform);
            assert!(said.contains(expected.unwrap_or("Ok(())")), "{platform:?} {message}: {said}");
        }
    }

    #[test]
    fn texts_and_their_limits() {
        let long = |count| json!({"text": "ü".repeat(count)});
        judge(&long(500), None, None);
        judge(&long(501), None, Some("message[text] must be less than or equal to 1000"));
        judge(&long(2000), None, Some("1000"));
        judge(&long(2001), Some("Length of param message[text] must be less than or equal to 2000"), Some("1000"));
        judge(&json!({"text": ""}), Some("2018034"), Some("2018034"));
        judge(&json!({"text": 1}), Some("UTF-8"), Some("UTF-8"));
        judge(&json!({"metadata": "x"}), Some("2018034"), Some("2018034"));
        judge(&json!({"text": "x", "metadata": "m".repeat(999)}), None, None);
        judge(&json!({"text": "x", "metadata": "m".repeat(1000)}), Some("metadata"), Some("metadata"));
    }

    #[test]
    fn a_message_is_one_thing() {
        let image = json!({"type": "image", "payload": {"url": "https://shop.example/a.jpg"}});
        judge(&json!({"text": "x", "attachment": image}), Some("together"), Some("together"));
        judge(&json!({"text": "", "attachment": image}), None, None);
        judge(&json!({"sticker_id": 369_239_263_222_822_u64}), None, Some("not available on Instagram"));
        let template = json!({"template": {"name": "order_update", "language": {"code": "en"}}});
        judge(&template, Some("UTILITY only"), Some("UTILITY only"));
    }
}
