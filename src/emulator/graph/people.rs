//! What an app may know of a person.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/identity/user-profile>

use serde_json::json;

use super::super::world::{ChatKey, username};
use super::ask::{Answer, Ask};
use super::error::GraphError;
use super::object::Object;

/// What needs a permission of its own, which a world does not grant: it knows nothing of the kind.
const PRIVATE: [&str; 3] = ["gender", "locale", "timezone"];

/// What `GET /{PSID}` or `GET /{IGSID}` shows. None where the node is nobody.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    let chat = ask.chat(ask.held(), ask.node)?;
    let instagram = ask.shared.world.accounts[chat.account].platform.is_instagram();
    Some(if instagram { on_instagram(ask, chat) } else { on_messenger(ask, chat) })
}

fn on_messenger(ask: &Ask<'_>, chat: ChatKey) -> Answer {
    if ask.wanted()?.iter().any(|field| PRIVATE.contains(&field.name.as_str())) {
        return Err(GraphError::parameter("Insufficient permission to access user profile.").with(2_018_247));
    }
    let name = &ask.shared.world.people[chat.person].name;
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let picture = format!("https://platform-lookaside.fbsbx.com/platform/profilepic/?psid={}", ask.node);
    let parts = [
        ("name", json!(name)),
        ("first_name", json!(first)),
        ("last_name", json!(last)),
        ("profile_pic", json!(picture)),
    ];
    ask.show(&Object::plain("User", ask.node, &["first_name", "last_name", "profile_pic"], parts))
}

/// Who has never written has not agreed to be looked at, and who has blocked the account does not any more.
fn on_instagram(ask: &Ask<'_>, chat: ChatKey) -> Answer {
    let agreed = ask.state.chats.get(&chat).is_some_and(|chat| chat.opened_at().is_some() && !chat.blocked);
    if !agreed {
        return Err(GraphError::api(230, "User consent is required to access user profile"));
    }
    let name = &ask.shared.world.people[chat.person].name;
    let picture = format!("https://scontent.cdninstagram.com/profilepic/{}", ask.node);
    let parts = [
        ("name", json!(name)),
        ("username", json!(username(name))),
        ("profile_pic", json!(picture)),
        ("is_verified_user", json!(false)),
        ("follower_count", json!(0)),
        ("is_user_follow_business", json!(false)),
        ("is_business_follow_user", json!(false)),
    ];
    ask.show(&Object::plain("IGBusinessScopedID", ask.node, &["name", "username"], parts))
}
