//! Conversations and their messages, as an app can read them back.
//!
//! Of a conversation only the newest messages can be looked into; of the older ones there is the id.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversations>

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Side, WINDOW};
use super::super::state::{Shared, State};
use super::ask::{Answer, Ask, Verb};
use super::conversation::Conversation;
use super::error::GraphError;
use super::messages;
use super::object::{Object, Part};

/// `GET /{page}/conversations`.
pub(super) fn list(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let user_id = ask.text("user_id");
    let in_folder = ask.text("folder").is_none_or(|folder| folder.eq_ignore_ascii_case("inbox"));
    let mut shown = of(ask.shared, ask.state, account);
    shown
        .retain(|one| in_folder && user_id.as_deref().is_none_or(|id| ask.shared.world.scoped_id(one.key) == Some(id)));
    let usual: &[&str] = if user_id.is_some() { &[] } else { &["updated_time"] };
    let objects: Vec<_> = shown.iter().map(|one| Object { usual, ..object(*one, ask.now) }).collect();
    ask.list(&objects)
}

/// `GET /{conversation}/messages`.
pub(super) fn messages(ask: &mut Ask<'_>) -> Answer {
    let conversation = find(ask).filter(|_| ask.verb == Verb::Get).ok_or_else(|| ask.unsupported())?;
    ask.list(&objects(conversation))
}

/// What `GET /{conversation}` shows. None where the node is no conversation.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    find(ask).map(|conversation| ask.show(&object(conversation, ask.now)))
}

/// What `GET /{message}` shows. None where the node is no message.
pub(super) fn message(ask: &Ask<'_>) -> Option<Answer> {
    let held = ask.held().iter().flat_map(|&account| of(ask.shared, ask.state, account));
    let (conversation, age) = held.filter_map(|one| Some((one, one.age(ask.node)?))).next()?;
    let message = conversation.chat.messages().rev().nth(age)?;
    if message.deleted || age >= messages::NEWEST {
        let error = GraphError::parameter("This message was deleted, or is older than the 20 most recent ones");
        return Some(Err(error.with(9_000_001)));
    }
    Some(ask.show(&messages::object(&conversation, message, age)))
}

/// The conversations of an account that hold anything, the liveliest first.
pub(super) fn of<'a>(shared: &'a Shared, state: &'a State, account: usize) -> Vec<Conversation<'a>> {
    let of_account = state.chats.iter().filter(|(key, chat)| key.account == account && chat.messages().len() > 0);
    let mut found: Vec<_> = of_account.map(|(key, chat)| Conversation { shared, state, key: *key, chat }).collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.updated_at()));
    found
}

fn find<'a>(ask: &'a Ask<'_>) -> Option<Conversation<'a>> {
    let held = ask.held().iter().flat_map(|&account| of(ask.shared, ask.state, account));
    held.into_iter().find(|one| one.id() == ask.node)
}

/// A conversation as the Graph API shows it.
pub(super) fn object<'a>(conversation: Conversation<'a>, now: Timestamp) -> Object<'a> {
    let unread = conversation.chat.messages().rev().take_while(|message| message.from == Side::Person).count();
    let is_open = conversation.chat.opened_at().is_some_and(|at| now <= at + WINDOW);
    let is_forbidden = conversation.chat.blocked
        || conversation.state.setup.is_barred(conversation.key)
        || conversation.state.enforced.contains_key(&conversation.key.account);
    let is_owner = conversation.state.routing.owner(conversation.key, now) == Some(&conversation.shared.world.app.id);
    let snippet = conversation.last().and_then(|message| message.text.clone());
    let values = [
        ("updated_time", json!(conversation.updated_at().map(messages::time))),
        ("participants", json!({"data": [conversation.end(Side::Person), conversation.end(Side::Business)]})),
        ("senders", json!({"data": [conversation.end(Side::Person), conversation.end(Side::Business)]})),
        ("former_participants", json!({"data": []})),
        ("message_count", json!(conversation.chat.messages().len())),
        ("unread_count", json!(if conversation.chat.seen { 0 } else { unread })),
        ("snippet", json!(snippet)),
        ("can_reply", json!(is_open && !is_forbidden)),
        ("is_owner", json!(is_owner)),
        ("is_subscribed", json!(true)),
        ("folder", json!("inbox")),
        ("link", json!(format!("/inbox/{}/", conversation.id()))),
        ("scoped_thread_key", json!(conversation.id())),
        ("name", Value::Null),
        ("linked_group", Value::Null),
        ("wallpaper", Value::Null),
    ];
    let mut object = Object::plain("UnifiedThread", conversation.id(), &["updated_time"], values);
    object.parts.push(("messages", Part::List(Box::new(move || objects(conversation)))));
    object
}

/// Its messages but for those that were unsent, newest first.
fn objects<'a>(conversation: Conversation<'a>) -> Vec<Object<'a>> {
    let aged = conversation.chat.messages().rev().enumerate().filter(|(_, message)| !message.deleted);
    aged.map(|(age, message)| messages::object(&conversation, message, age)).collect()
}
