//! The chips below a message. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies>

use serde_json::Value;

use super::super::world::Platform;
use super::error::GraphError;
use super::part::Part;

const KEYS: [&str; 4] = ["content_type", "title", "payload", "image_url"];

/// The person's own number and address. Instagram makes no such chips since 5 October 2026, and refuses none.
const CONTACT: [&str; 2] = ["user_phone_number", "user_email"];

const MOST: usize = 13;
const TITLE: usize = 20;
const PAYLOAD: usize = 1000;

/// Refuses chips that Meta would refuse below a message made of `content`.
pub(super) fn check(list: &Part<'_>, content: &str, platform: Platform) -> Result<(), GraphError> {
    let carriers: &[&str] = if platform.is_instagram() { &["text"] } else { &["text", "attachment"] };
    if !carriers.contains(&content) {
        return Err(list.refuse(format!("cannot go with message[{content}]")));
    }
    list.objects(0..=MOST)?.iter().try_for_each(|reply| check_one(reply, platform))
}

/// The chips that the person sees.
pub(super) fn shown(list: &[Value], platform: Platform) -> Vec<Value> {
    let is_contact = |reply: &Value| reply["content_type"].as_str().is_some_and(|kind| CONTACT.contains(&kind));
    list.iter().filter(|reply| !platform.is_instagram() || !is_contact(reply)).cloned().collect()
}

fn check_one(reply: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    reply.only(&KEYS)?;
    let is_text = reply.required_one_of("content_type", &["text", "user_phone_number", "user_email"])? == "text";
    let image = reply.get("image_url");
    if let Some(image) = &image {
        if platform.is_instagram() {
            return Err(image.refuse("is not available on Instagram"));
        }
        image.url()?;
    }
    if !is_text || image.is_some() {
        reply.optional_text("title", TITLE)?;
        return reply.get("payload").map_or(Ok(()), |payload| check_payload(&payload));
    }
    reply.required_text("title", TITLE)?;
    let payload = reply.required("payload")?;
    if payload.value == "" {
        return Err(payload.refuse("must be non-empty"));
    }
    check_payload(&payload)
}

fn check_payload(payload: &Part<'_>) -> Result<(), GraphError> {
    match payload.value {
        Value::Number(_) => Ok(()),
        _ => payload.text(PAYLOAD).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::limits::tests::judge;
    use super::*;

    #[test]
    fn chips_and_their_limits() {
        let check = |chip: Value, messenger: Option<&str>, instagram: Option<&str>| {
            judge(&json!({"text": "x", "quick_replies": [chip]}), messenger, instagram);
        };
        let chip = |title: &str, payload: Value| json!({"content_type": "text", "title": title, "payload": payload});
        check(chip(&"t".repeat(20), json!("P".repeat(1000))), None, None);
        check(chip(&"t".repeat(21), json!("P")), Some("quick_replies][0][title] must be less"), Some("[title]"));
        check(chip("t", json!("P".repeat(1001))), Some("[payload] must be less"), Some("[payload] must be less"));
        check(chip("t", json!(7)), None, None);
        check(chip("t", json!("")), Some("[payload]"), Some("[payload]"));
        check(chip("", json!("P")), Some("[title]"), Some("[title]"));
        check(json!({"content_type": "location"}), Some("content_type"), Some("content_type"));
        check(json!({"content_type": "user_email"}), None, None);
        check(json!({"content_type": "user_phone_number"}), None, None);
        let image = |url: &str| json!({"content_type": "text", "title": "", "payload": "", "image_url": url});
        check(image("https://shop.example/r.png"), None, Some("not available on Instagram"));
        check(image("r.png"), Some("valid URL"), Some("not available on Instagram"));
        check(json!("Red"), Some("JSON object"), Some("JSON object"));
    }

    #[test]
    fn instagram_makes_no_contact_chips() {
        let chips =
            [json!({"content_type": "user_email"}), json!({"content_type": "text", "title": "A", "payload": "A"})];
        assert_eq!(shown(&chips, Platform::Messenger), chips);
        assert_eq!(shown(&chips, Platform::InstagramLogin), chips[1..]);
    }

    #[test]
    fn thirteen_below_what_carries_chips() {
        let chip = json!({"content_type": "text", "title": "t", "payload": "P"});
        judge(&json!({"text": "x", "quick_replies": vec![chip.clone(); 13]}), None, None);
        judge(&json!({"text": "x", "quick_replies": vec![chip.clone(); 14]}), Some("0 to 13"), Some("0 to 13"));
        let image = json!({"type": "image", "payload": {"url": "https://shop.example/a.jpg"}});
        judge(&json!({"attachment": image, "quick_replies": [chip]}), None, Some("cannot go with"));
        judge(&json!({"sticker_id": "1", "quick_replies": [chip]}), Some("cannot go with"), Some("Instagram"));
    }
}
