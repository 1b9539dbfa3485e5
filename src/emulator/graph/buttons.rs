//! The buttons of the templates. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/buttons>

use super::super::world::Platform;
use super::error::GraphError;
use super::part::Part;

/// The most buttons that one thing has.
pub(super) const MOST: usize = 3;

/// What the address of a button may have beside it, the title apart.
const WEB_URL: [&str; 6] =
    ["type", "url", "webview_height_ratio", "webview_share_button", "messenger_extensions", "fallback_url"];

/// What the buttons that tell the app of a tap may have.
const TAP: [&str; 3] = ["type", "title", "payload"];

const TITLE: usize = 20;
const PAYLOAD: usize = 1000;

const ON_MESSENGER: [&str; 7] =
    ["web_url", "postback", "phone_number", "account_link", "account_unlink", "game_play", "audio_call"];

/// Those that every thing with buttons takes, on both platforms.
pub(super) const PLAIN: [&str; 2] = ["web_url", "postback"];

/// Refuses the buttons under `buttons` that Meta would refuse.
pub(super) fn check(of: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    let known: &[&str] = if platform.is_instagram() { &PLAIN } else { &ON_MESSENGER };
    check_of(of, known, platform)
}

/// The same where only some kinds can stand.
pub(super) fn check_of(of: &Part<'_>, known: &[&str], platform: Platform) -> Result<(), GraphError> {
    let Some(list) = of.get("buttons") else { return Ok(()) };
    list.objects(1..=MOST)?.iter().try_for_each(|button| check_one(button, known, platform))
}

fn check_one(button: &Part<'_>, known: &[&str], platform: Platform) -> Result<(), GraphError> {
    match button.required_one_of("type", known)? {
        "web_url" => {
            button.only(&[&WEB_URL[..], &["title"]].concat())?;
            button.required_text("title", TITLE)?;
            check_web_url(button, platform)
        }
        "postback" => {
            button.only(&TAP)?;
            button.required_text("title", TITLE)?;
            button.required_text("payload", PAYLOAD).map(drop)
        }
        "phone_number" => {
            button.only(&TAP)?;
            button.required_text("title", TITLE)?;
            check_phone_number(button)
        }
        "account_link" => {
            button.only(&["type", "url"])?;
            match button.required_url("url")?.scheme() {
                "https" => Ok(()),
                _ => Err(button.required("url")?.refuse("must begin with https")),
            }
        }
        "account_unlink" => button.only(&["type"]),
        "game_play" => {
            button.only(&["type", "title", "payload", "game_metadata"])?;
            button.required_text("title", TITLE)?;
            button.optional_text("payload", PAYLOAD).map(drop)
        }
        _ => {
            button.only(&TAP)?;
            button.optional_text("title", TITLE).map(drop)
        }
    }
}

/// Refuses a tap upon a thing without a title of its own that Meta would refuse.
pub(super) fn check_tap(tap: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    tap.only(&WEB_URL)?;
    check_web_url(tap, platform)
}

/// Refuses the address of a button that Meta would refuse.
fn check_web_url(button: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    button.required_url("url")?;
    if let Some(ratio) = button.get("webview_height_ratio").filter(|_| platform.is_instagram()) {
        return Err(ratio.refuse("is not available on Instagram"));
    }
    button.one_of("webview_height_ratio", &["compact", "tall", "full"])?;
    button.one_of("webview_share_button", &["hide"])?;
    button.check_bool("messenger_extensions")?;
    match button.get("fallback_url") {
        Some(fallback) if button.get("messenger_extensions").is_none_or(|on| on.value != true) => {
            Err(fallback.refuse("goes with messenger_extensions only"))
        }
        _ => button.check_url("fallback_url"),
    }
}

fn check_phone_number(button: &Part<'_>) -> Result<(), GraphError> {
    let number = button.required_text("payload", PAYLOAD)?;
    match number.strip_prefix('+') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(button.required("payload")?.refuse("must be a phone number: +, country code, number")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::limits::tests::judge;

    #[test]
    fn buttons_and_their_limits() {
        let check = |button: Value, messenger: Option<&str>, instagram: Option<&str>| {
            let payload = json!({"template_type": "button", "text": "Help?", "buttons": [button]});
            judge(&json!({"attachment": {"type": "template", "payload": payload}}), messenger, instagram);
        };
        let postback = |title: &str, payload: &str| json!({"type": "postback", "title": title, "payload": payload});
        check(postback(&"t".repeat(20), &"p".repeat(1000)), None, None);
        check(postback(&"t".repeat(21), "P"), Some("[buttons][0][title]"), Some("[buttons][0][title]"));
        check(postback("t", &"p".repeat(1001)), Some("[buttons][0][payload]"), Some("[buttons][0][payload]"));
        let url = |more: Value| {
            let mut button = json!({"type": "web_url", "title": "Open", "url": "https://shop.example"});
            button.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            button
        };
        check(url(json!({})), None, None);
        check(url(json!({"url": "shop"})), Some("valid URL"), Some("valid URL"));
        check(url(json!({"webview_height_ratio": "full"})), None, Some("not available on Instagram"));
        check(url(json!({"webview_height_ratio": "half"})), Some("compact, tall, full"), Some("Instagram"));
        let fallback = json!({"fallback_url": "https://shop.example/m"});
        check(url(fallback), Some("messenger_extensions only"), Some("messenger_extensions only"));
        check(url(json!({"fallback_url": "https://shop.example/m", "messenger_extensions": true})), None, None);
        let call = |number: &str| json!({"type": "phone_number", "title": "Call", "payload": number});
        check(call("+4930123456"), None, Some("[type]"));
        check(call("030 123456"), Some("phone number"), Some("[type]"));
        let link = |url: &str| json!({"type": "account_link", "url": url});
        check(link("https://shop.example/login"), None, Some("[type]"));
        check(link("http://shop.example/login"), Some("https"), Some("[type]"));
        check(json!({"type": "account_unlink"}), None, Some("[type]"));
        check(json!({"type": "account_unlink", "title": "Out"}), Some("Invalid keys"), Some("[type]"));
        check(json!({"type": "game_play", "title": "Play"}), None, Some("[type]"));
        check(json!({"type": "audio_call", "title": "Call"}), None, Some("[type]"));
        for removed in ["element_share", "payment", "nested"] {
            check(json!({"type": removed, "title": "x"}), Some("[type]"), Some("[type]"));
        }
        check(json!(1), Some("JSON object"), Some("JSON object"));
    }
}
