//! What an app asks about a login that has begun, and how it ends a link.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/identity/account-linking>

use serde_json::json;

use super::super::state::Notice;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;

/// `GET /me?fields=recipient&account_linking_token=`: who is logging in. None where no token is asked about.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    let token = ask.text("account_linking_token")?;
    let whose = ask.state.links.whose(&token, ask.now).filter(|chat| ask.held().contains(&chat.account));
    Some(match whose {
        Some(chat) => {
            let (world, account) = (&ask.shared.world, chat.account);
            Ok(json!({"id": world.accounts[account].id, "recipient": world.scoped_id(chat)}))
        }
        None => Err(GraphError::api(10_303, "Invalid account_linking_token")),
    })
}

/// `POST /me/unlink_accounts`.
pub(super) fn unlink(ask: &mut Ask<'_>) -> Answer {
    let page = ask.page()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    let psid = ask.required("psid")?;
    let chat = ask.chat(&[page], &psid);
    let chat = chat.ok_or_else(|| GraphError::parameter("No matching user found").with(2_018_001))?;
    if let Some(ends) = ask.shared.ends(chat, ask.now) {
        let item = ends.by_person("account_linking", json!({"status": "unlinked"}));
        ask.state.chat(chat).add_deed(item.clone());
        ask.shared.push(ask.state, chat, item);
        ask.shared.tell(Notice::Chat(chat));
    }
    Ok(json!({"result": "unlink account success"}))
}
