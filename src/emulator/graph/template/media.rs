//! `media`: one picture or film with buttons below it.

use super::super::super::uploads::MediaKind;
use super::super::attachment_id::check_id;
use super::super::buttons;
use super::super::error::GraphError;
use super::super::frame::Frame;
use super::super::part::Part;
use super::form::only;

const BUTTONS: [&str; 6] = ["web_url", "postback", "phone_number", "account_link", "account_unlink", "game_play"];

pub(super) fn check(payload: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    only(payload, &["elements"])?;
    payload.required_objects("elements", 1..=1)?.iter().try_for_each(|element| check_element(element, frame))
}

fn check_element(element: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    element.only(&["media_type", "attachment_id", "url", "buttons"])?;
    let kind = match element.required_one_of("media_type", &["image", "video"])? {
        "image" => MediaKind::Image,
        _ => MediaKind::Video,
    };
    match (element.get("attachment_id"), element.get("url")) {
        (Some(id), None) => check_id(&id, kind, frame)?,
        (None, Some(url)) => check_facebook(&url)?,
        _ => return Err(element.refuse("must have exactly one of attachment_id, url")),
    }
    buttons::check_of(element, &BUTTONS, frame.platform)
}

/// By address only what is on Facebook already.
fn check_facebook(url: &Part<'_>) -> Result<(), GraphError> {
    let address = url.url()?;
    let host = address.host_str().unwrap_or_default();
    if host == "facebook.com" || host.ends_with(".facebook.com") {
        return Ok(());
    }
    Err(url.refuse("must be the address of a photo or video on facebook.com"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    #[test]
    fn one_picture_or_film_on_facebook() {
        let element = json!({"media_type": "video", "url": "https://www.facebook.com/ada/videos/123"});
        let check = |element: Value, expected: Option<&str>| {
            judge_on_messenger(&json!({"template_type": "media", "elements": [element]}), expected);
        };
        check(element.clone(), None);
        check(changed(&element, "media_type", json!("audio")), Some("[media_type]"));
        check(changed(&element, "url", json!("https://shop.example/v.mp4")), Some("facebook.com"));
        check(changed(&element, "url", json!("https://notfacebook.com/v")), Some("facebook.com"));
        check(changed(&element, "attachment_id", json!("18")), Some("exactly one"));
        check(changed(&element, "buttons", json!([{"type": "audio_call"}])), Some("[buttons][0][type]"));
        check(json!({"media_type": "image", "attachment_id": "18"}), Some("2018074"));
        judge_on_messenger(&json!({"template_type": "media", "elements": [element, element]}), Some("1 to 1"));
    }
}
