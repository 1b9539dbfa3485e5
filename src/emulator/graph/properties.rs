//! What the properties of a Messenger Profile may be. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api>

use std::net::IpAddr;

use reqwest::Url;
use serde_json::Value;

use super::super::world::Platform;
use super::error::GraphError;

/// All that a profile can have set.
pub(super) const NAMES: [&str; 7] = [
    "get_started",
    "greeting",
    "ice_breakers",
    "persistent_menu",
    "commands",
    "whitelisted_domains",
    "account_linking_url",
];

const ON_INSTAGRAM: [&str; 2] = ["ice_breakers", "persistent_menu"];

const PAYLOAD: usize = 1000;

type Checked = Result<(), GraphError>;

/// Refuses a property that Meta would refuse.
pub(super) fn check(name: &str, value: &Value, platform: Platform) -> Checked {
    if platform.is_instagram() && !ON_INSTAGRAM.contains(&name) {
        return Err(GraphError::parameter(format!("Param {name} is not supported on Instagram")));
    }
    match name {
        "get_started" => text(&value["payload"], "get_started[payload]", PAYLOAD),
        "greeting" => each_locale(value, name, |one, at| text(&one["text"], &format!("{at}[text]"), 160)),
        "ice_breakers" => ice_breakers(value),
        "persistent_menu" => menu(value, platform),
        "commands" => each_locale(value, name, commands),
        "whitelisted_domains" => {
            let domains = list(value, name, 1, 50)?;
            domains.iter().enumerate().try_for_each(|(index, one)| domain(one, &format!("{name}[{index}]")))
        }
        _ => web_address(value, name),
    }
}

/// A persistent menu, of a Page or of one person.
pub(super) fn menu(value: &Value, platform: Platform) -> Checked {
    each_locale(value, "persistent_menu", |one, at| {
        if platform.is_instagram() && !one["composer_input_disabled"].is_null() {
            let message = format!("Param {at}[composer_input_disabled] is not supported on Instagram");
            return Err(GraphError::parameter(message));
        }
        let at = format!("{at}[call_to_actions]");
        let items = list(&one["call_to_actions"], &at, 1, 20)?;
        items.iter().enumerate().try_for_each(|(index, item)| menu_item(item, &format!("{at}[{index}]")))
    })
}

fn menu_item(item: &Value, at: &str) -> Checked {
    text(&item["title"], &format!("{at}[title]"), 30)?;
    match item["type"].as_str() {
        Some("postback") => text(&item["payload"], &format!("{at}[payload]"), PAYLOAD),
        Some("web_url") => web_address(&item["url"], &format!("{at}[url]")),
        _ => Err(GraphError::parameter(format!("Param {at}[type] must be one of {{postback, web_url}}"))),
    }
}

/// In the form of today, by locale, or in the older one, questions alone.
fn ice_breakers(value: &Value) -> Checked {
    let questions = |list: &[Value], at: &str| {
        list.iter().enumerate().try_for_each(|(index, one)| {
            text(&one["question"], &format!("{at}[{index}][question]"), 80)?;
            text(&one["payload"], &format!("{at}[{index}][payload]"), PAYLOAD)
        })
    };
    if value[0]["question"].is_string() {
        return questions(list(value, "ice_breakers", 1, 4)?, "ice_breakers");
    }
    each_locale(value, "ice_breakers", |one, at| {
        let at = format!("{at}[call_to_actions]");
        questions(list(&one["call_to_actions"], &at, 1, 4)?, &at)
    })
}

fn commands(one: &Value, at: &str) -> Checked {
    let at = format!("{at}[commands]");
    list(&one["commands"], &at, 1, 100)?.iter().enumerate().try_for_each(|(index, command)| {
        let at = format!("{at}[{index}]");
        text(&command["name"], &format!("{at}[name]"), 32)?;
        if command["name"].as_str().is_some_and(|name| name.starts_with('/')) {
            return Err(GraphError::parameter(format!("Param {at}[name] must not start with a slash")));
        }
        text(&command["description"], &format!("{at}[description]"), 64)
    })
}

/// Checks what is said for each locale; one of them must be `default`.
fn each_locale(value: &Value, name: &str, check: impl Fn(&Value, &str) -> Checked) -> Checked {
    let locales = list(value, name, 1, 200)?;
    for (index, one) in locales.iter().enumerate() {
        let at = format!("{name}[{index}]");
        text(&one["locale"], &format!("{at}[locale]"), 20)?;
        check(one, &at)?;
    }
    match locales.iter().any(|one| one["locale"] == "default") {
        true => Ok(()),
        false => Err(GraphError::parameter(format!("Param {name} must have an entry for the locale default"))),
    }
}

fn domain(value: &Value, at: &str) -> Checked {
    let url = value.as_str().and_then(|domain| Url::parse(domain).ok()).filter(|url| url.scheme() == "https");
    let is_name = |host: &str| host.parse::<IpAddr>().is_err() && host != "localhost" && !host.starts_with('[');
    match url.as_ref().and_then(Url::host_str).is_some_and(is_name) {
        true => Ok(()),
        false => Err(GraphError::parameter(format!("Param {at} must be the https address of a named host"))),
    }
}

fn web_address(value: &Value, at: &str) -> Checked {
    let url = value.as_str().and_then(|url| Url::parse(url).ok());
    match url.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
        true => Ok(()),
        false => Err(GraphError::parameter(format!("Param {at} must be a valid URI"))),
    }
}

fn text(value: &Value, at: &str, most: usize) -> Checked {
    match value.as_str() {
        Some(text) if text.chars().count() > most => Err(GraphError::length(at, most)),
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err(GraphError::required(at)),
    }
}

fn list<'a>(value: &'a Value, at: &str, least: usize, most: usize) -> Result<&'a [Value], GraphError> {
    match value.as_array() {
        Some(list) if (least..=most).contains(&list.len()) => Ok(list),
        _ => Err(GraphError::parameter(format!("Param {at} must be an array of {least} to {most} elements"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_and_their_limits() {
        let check = |name: &str, value: Value, messenger: Option<&str>, instagram: Option<&str>| {
            for (platform, expected) in [(Platform::Messenger, messenger), (Platform::Instagram, instagram)] {
                let said = format!("{:?}", super::check(name, &value, platform));
                assert!(said.contains(expected.unwrap_or("Ok(())")), "{name} {value}: {said}");
            }
        };
        let not_there = Some("not supported on Instagram");
        let long = |length: usize| "x".repeat(length);
        check("get_started", json!({"payload": "GO"}), None, not_there);
        check("get_started", json!({"payload": ""}), Some("[payload] is required"), not_there);
        check("get_started", json!({"payload": long(1001)}), Some("equal to 1000"), not_there);
        check("greeting", json!([{"locale": "default", "text": long(160)}]), None, not_there);
        check("greeting", json!([{"locale": "default", "text": long(161)}]), Some("[text]"), not_there);
        check("greeting", json!([{"locale": "de_DE", "text": "Hallo"}]), Some("locale default"), not_there);
        check("greeting", json!("Hello"), Some("array"), not_there);
        let question = json!({"question": "Hours?", "payload": "HOURS"});
        check("ice_breakers", json!([question]), None, None);
        check("ice_breakers", json!([{"locale": "default", "call_to_actions": [question]}]), None, None);
        let five = json!([{"locale": "default", "call_to_actions": vec![question.clone(); 5]}]);
        check("ice_breakers", five, Some("1 to 4"), Some("1 to 4"));
        check("ice_breakers", json!([{"question": "Hours?"}]), Some("[payload]"), Some("[payload]"));
        let menu = |items: Value| json!([{"locale": "default", "call_to_actions": items}]);
        let item = |title: &str| json!({"type": "postback", "title": title, "payload": "P"});
        check("persistent_menu", menu(json!([item("Help")])), None, None);
        check("persistent_menu", menu(json!(vec![item("Help"); 21])), Some("1 to 20"), Some("1 to 20"));
        check("persistent_menu", menu(json!([item(&long(31))])), Some("[title]"), Some("[title]"));
        check("persistent_menu", menu(json!([{"type": "nested", "title": "x"}])), Some("[type]"), Some("[type]"));
        let site = |url: &str| menu(json!([{"type": "web_url", "title": "Shop", "url": url}]));
        check("persistent_menu", site("https://shop.example"), None, None);
        check("persistent_menu", site("shop"), Some("[url]"), Some("[url]"));
        let mute = json!([{"locale": "default", "composer_input_disabled": false, "call_to_actions": [item("x")]}]);
        check("persistent_menu", mute, None, Some("composer_input_disabled"));
        let commands = |name: &str| json!([{"locale": "default", "commands": [{"name": name, "description": "Find"}]}]);
        check("commands", commands("flights"), None, not_there);
        check("commands", commands("/flights"), Some("slash"), not_there);
        check("commands", commands(&long(33)), Some("equal to 32"), not_there);
        check("whitelisted_domains", json!(["https://shop.example"]), None, not_there);
        for wrong in ["http://shop.example", "https://127.0.0.1", "https://[::1]", "https://localhost", "shop.example"]
        {
            check("whitelisted_domains", json!([wrong]), Some("named host"), not_there);
        }
        check("whitelisted_domains", json!(vec!["https://shop.example"; 51]), Some("1 to 50"), not_there);
        check("account_linking_url", json!("https://shop.example/login"), None, not_there);
        check("account_linking_url", json!("login"), Some("valid URI"), not_there);
    }
}
