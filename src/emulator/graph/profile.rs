//! The Messenger Profile: what an account shows before and beside its conversations.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api>

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::super::setup::Pace;
use super::ask::{Answer, Ask, Verb};
use super::constant::constant;
use super::error::GraphError;
use super::properties;

/// Properties that are gone, and that Meta's SDKs still name: nothing can stand there, and nothing is deleted.
const GONE: [&str; 3] = ["description", "home_url", "title"];

/// A property that Meta sets.
const READ_ONLY: &str = "subject_to_new_eu_privacy_rules";

/// `/{page}/messenger_profile`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    match ask.verb {
        Verb::Get => get(ask, account),
        Verb::Post => set(ask, account),
        Verb::Delete => delete(ask, account),
    }
}

fn get(ask: &Ask<'_>, account: usize) -> Answer {
    let wanted = fields(ask)?;
    let set = ask.state.setup.profiles.set.get(&account);
    let mut shown = Map::new();
    for name in wanted {
        if name == READ_ONLY {
            shown.insert(name.to_owned(), json!(false));
        } else if let Some(value) = set.and_then(|set| set.get(name)) {
            shown.insert(name.to_owned(), value.clone());
        }
    }
    Ok(if shown.is_empty() { json!({"data": []}) } else { json!({"data": [shown]}) })
}

fn set(ask: &mut Ask<'_>, account: usize) -> Answer {
    let platform = ask.shared.world.accounts[account].platform;
    let given: Map<String, Value> =
        properties::NAMES.into_iter().filter_map(|name| ask.json(name).map(|value| (name.to_owned(), value))).collect();
    if given.is_empty() {
        let names = properties::NAMES.join(", ");
        return Err(GraphError::parameter(format!("At least one of the parameters {names} is required")));
    }
    for (name, value) in &given {
        properties::check(name, value, platform)?;
    }
    let profiles = &mut ask.state.setup.profiles;
    in_time(profiles.pace.entry(account).or_default(), ask.now)?;
    let set = profiles.set.entry(account).or_default();
    let begins = |name: &str| given.contains_key(name) || set.contains_key(name);
    // An Instagram account has no Get Started button that its menu could stand behind.
    if begins("persistent_menu") && !begins("get_started") && !platform.is_instagram() {
        return Err(needs_get_started());
    }
    set.extend(given);
    Ok(json!({"result": "success"}))
}

fn delete(ask: &mut Ask<'_>, account: usize) -> Answer {
    let names = fields(ask)?;
    if names.contains(&READ_ONLY) {
        return Err(unknown(READ_ONLY));
    }
    let profiles = &mut ask.state.setup.profiles;
    in_time(profiles.pace.entry(account).or_default(), ask.now)?;
    let set = profiles.set.entry(account).or_default();
    let goes = |name: &str| names.contains(&name);
    if goes("get_started") && set.contains_key("persistent_menu") && !goes("persistent_menu") {
        return Err(needs_get_started());
    }
    set.retain(|name, _| !goes(name));
    Ok(json!({"result": "success"}))
}

/// The properties that `fields` names.
fn fields(ask: &Ask<'_>) -> Result<Vec<&'static str>, GraphError> {
    let known = [&properties::NAMES[..], &GONE, &[READ_ONLY]].concat();
    let names = ask.names("fields")?;
    if names.is_empty() {
        return Err(GraphError::required("fields"));
    }
    names.iter().map(|name| constant(name, &known).ok_or_else(|| unknown(name))).collect()
}

fn unknown(name: &str) -> GraphError {
    let names = properties::NAMES.join(", ");
    GraphError::parameter(format!("Param fields must be one of {{{names}}}: there is no {name}"))
}

fn needs_get_started() -> GraphError {
    GraphError::parameter("You must set a Get Started button if you also wish to use persistent menu").with(2_018_145)
}

/// Refuses a change that comes too soon after too many.
pub(super) fn in_time(pace: &mut Pace, now: Timestamp) -> Result<(), GraphError> {
    let too_many = || GraphError::api(613, "Calls to this api have exceeded the rate limit.");
    pace.takes(now).then_some(()).ok_or_else(too_many)
}
