//! An account that does not want to hear from somebody.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/moderate_conversations>

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Verb};
use super::constant::constant;
use super::error::GraphError;
use super::part::Part;

const ACTIONS: [&str; 5] = ["block_user", "unblock_user", "ban_user", "unban_user", "move_to_spam"];

const MOST_PEOPLE: usize = 10;
const MOST_ACTIONS: usize = 2;

/// `POST /{page}/moderate_conversations`. Of the actions only a block is felt in conversations.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let accounts = ask.accounts()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    let given = ask.names("actions")?;
    let actions: Option<Vec<&str>> = given.iter().map(|name| constant(name, &ACTIONS)).collect();
    let Some(actions) = actions.filter(|actions| (1..=MOST_ACTIONS).contains(&actions.len())) else {
        let names = ACTIONS.join(", ");
        return Err(GraphError::parameter(format!("Param actions must be 1 to {MOST_ACTIONS} of {{{names}}}")));
    };
    let people = ask.json("user_ids").and_then(|people| people.as_array().cloned()).unwrap_or_default();
    if people.is_empty() || people.len() > MOST_PEOPLE {
        return Err(GraphError::parameter(format!("Param user_ids must be an array of 1 to {MOST_PEOPLE} elements")));
    }
    let chat = |person: &Value| {
        let id = Part::new(person.get("id").unwrap_or(person), "user_ids[id]").id()?;
        ask.required_chat(&accounts, &id)
    };
    let chats = people.iter().map(chat).collect::<Result<Vec<_>, _>>()?;
    for action in &actions {
        match *action {
            "block_user" => ask.state.setup.barred.extend(&chats),
            "unblock_user" => ask.state.setup.barred.retain(|chat| !chats.contains(chat)),
            _ => {}
        }
    }
    Ok(json!({"success": true}))
}
