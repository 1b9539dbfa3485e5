//! A persistent menu for one person, in the place of the Page's.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/custom-user-settings>

use serde_json::{Value, json};

use super::super::world::{ChatKey, Platform};
use super::ask::{Answer, Ask, Verb};
use super::constant::constant;
use super::error::GraphError;
use super::profile::in_time;
use super::properties;

/// `/{page}/custom_user_settings`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.page()?;
    let psid = ask.required("psid")?;
    let chat =
        ask.chat(&[account], &psid).ok_or_else(|| GraphError::parameter("No matching user found").with(2_018_001))?;
    match ask.verb {
        Verb::Get => Ok(get(ask, chat)),
        Verb::Post => {
            let menu = ask.json("persistent_menu").ok_or_else(|| GraphError::required("persistent_menu"))?;
            properties::menu(&menu, Platform::Messenger)?;
            let menus = &mut ask.state.setup.menus;
            in_time(menus.pace.entry(chat).or_default(), ask.now)?;
            menus.set.insert(chat, menu);
            Ok(json!({"result": "success"}))
        }
        Verb::Delete => {
            let names = ask.names("params")?;
            let is_menu = |name: &String| constant(name, &["persistent_menu"]).is_some();
            if !names.iter().all(is_menu) || names.is_empty() {
                return Err(GraphError::parameter("Param params must be one of {persistent_menu}"));
            }
            let menus = &mut ask.state.setup.menus;
            in_time(menus.pace.entry(chat).or_default(), ask.now)?;
            menus.set.remove(&chat);
            Ok(json!({"result": "success"}))
        }
    }
}

fn get(ask: &Ask<'_>, chat: ChatKey) -> Value {
    let of_person = ask.state.setup.menus.set.get(&chat);
    let of_page = ask.state.setup.profiles.get(chat.account, "persistent_menu");
    let menus = [("user_level_persistent_menu", of_person), ("page_level_persistent_menu", of_page)];
    let set: serde_json::Map<String, Value> =
        menus.into_iter().filter_map(|(name, menu)| Some((name.to_owned(), menu?.clone()))).collect();
    if set.is_empty() { json!({"data": []}) } else { json!({"data": [set]}) }
}
