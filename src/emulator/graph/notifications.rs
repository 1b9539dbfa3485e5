//! The tokens of people who want marketing messages.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/marketing-messages>

use serde_json::{Value, json};

use super::super::rights::{BETWEEN_MARKETING, TOKEN_LIFE, Token, TokenKind};
use super::ask::{Answer, Ask, Verb};
use super::object::Object;

/// What the id of a token's node begins with.
const PREFIX: &str = "notification_messages_";

/// `GET /{page}/notification_message_tokens`.
pub(super) fn list(ask: &mut Ask<'_>) -> Answer {
    let account = ask.page()?;
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let tokens = ask.state.rights.tokens.iter();
    let of_page = tokens.filter(|(_, token)| token.kind == TokenKind::Marketing && token.chat.account == account);
    let shown: Vec<_> = of_page.map(|(name, token)| object(ask, name, token)).collect();
    let mut page = ask.list(&shown)?;
    // A token is named by itself: it has no other id.
    page["data"].as_array_mut().into_iter().flatten().for_each(forget_id);
    Ok(page)
}

/// `GET /notification_messages_{token}`. None where the node is no token.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    let name = ask.node.strip_prefix(PREFIX)?;
    let token = ask.state.rights.tokens.get(name)?;
    let is_held = token.kind == TokenKind::Marketing && ask.held().contains(&token.chat.account);
    is_held.then(|| {
        let mut shown = ask.show(&object(ask, name, token))?;
        forget_id(&mut shown);
        Ok(shown)
    })
}

fn forget_id(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        object.remove("id");
    }
}

fn object(ask: &Ask<'_>, name: &str, token: &Token) -> Object<'static> {
    let seconds = |at: crate::clock::Timestamp| at.0 / 1000;
    let parts = [
        ("notification_messages_token", json!(name)),
        ("recipient_id", json!(ask.shared.world.scoped_id(token.chat))),
        ("notification_messages_reoptin", json!("ENABLED")),
        ("creation_timestamp", json!(seconds(token.at))),
        ("token_expiry_timestamp", json!(seconds(token.at + TOKEN_LIFE))),
        ("user_token_status", json!(token.status())),
        ("topic_title", json!(token.title)),
        ("notification_messages_timezone", json!(token.timezone)),
        ("next_eligible_time", json!(token.sent_at.map_or(0, |sent_at| seconds(sent_at + BETWEEN_MARKETING)))),
    ];
    let usual: &[&str] = &[
        "notification_messages_token",
        "recipient_id",
        "notification_messages_reoptin",
        "creation_timestamp",
        "token_expiry_timestamp",
        "user_token_status",
        "topic_title",
        "notification_messages_timezone",
        "next_eligible_time",
    ];
    Object::plain("PageNotificationMessageToken", name, usual, parts)
}
