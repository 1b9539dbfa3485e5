//! Conversations and their messages, as an app can read them back.
//!
//! Of a conversation only the newest messages can be looked into; of the older ones there is the id.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversations>

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Chat, Message, Side, WINDOW};
use super::super::state::{Shared, State};
use super::super::world::{ChatKey, username};
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::messages;
use super::object::{Object, Part};

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Conversation<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a State,
    pub(super) key: ChatKey,
    pub(super) chat: &'a Chat,
}

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
    let objects: Vec<_> = shown.iter().map(|one| Object { usual, ..one.object(ask.now) }).collect();
    ask.list(&objects)
}

/// `GET /{conversation}/messages`.
pub(super) fn messages(ask: &mut Ask<'_>) -> Answer {
    let conversation = find(ask).filter(|_| ask.verb == Verb::Get).ok_or_else(|| ask.unsupported())?;
    ask.list(&conversation.messages())
}

/// What `GET /{conversation}` shows. None where the node is no conversation.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    find(ask).map(|conversation| ask.show(&conversation.object(ask.now)))
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

impl<'a> Conversation<'a> {
    /// What Meta calls it.
    fn id(&self) -> String {
        let person = self.shared.world.scoped_id(self.key).unwrap_or_default();
        if self.is_instagram() { format!("aWdfdGhyZWFk{}", hex::encode(person)) } else { format!("t_10{person}") }
    }

    pub(super) fn is_instagram(&self) -> bool {
        self.shared.world.accounts[self.key.account].platform.is_instagram()
    }

    /// Its messages but for those that were unsent, newest first.
    fn messages(self) -> Vec<Object<'a>> {
        let aged = self.chat.messages().rev().enumerate().filter(|(_, message)| !message.deleted);
        aged.map(|(age, message)| messages::object(&self, message, age)).collect()
    }

    /// How many messages came after the one with this id.
    fn age(&self, mid: &str) -> Option<usize> {
        self.chat.messages().rev().position(|message| message.mid == mid)
    }

    fn last(&self) -> Option<&'a Message> {
        self.chat.messages().next_back()
    }

    fn updated_at(&self) -> Option<Timestamp> {
        self.last().map(|message| message.at)
    }

    /// One end of it, as the Graph API names it.
    pub(super) fn end(&self, side: Side) -> Value {
        let account = &self.shared.world.accounts[self.key.account];
        let (name, id) = match side {
            Side::Person => (
                self.shared.world.people[self.key.person].name.as_str(),
                self.shared.world.scoped_id(self.key).unwrap_or_default(),
            ),
            Side::Business => (account.name.as_str(), account.id.as_str()),
        };
        match self.is_instagram() {
            true => json!({"username": username(name), "id": id}),
            false => json!({"name": name, "email": format!("{id}@facebook.com"), "id": id}),
        }
    }

    /// As the Graph API shows it.
    pub(super) fn object(self, now: Timestamp) -> Object<'a> {
        let unread = self.chat.messages().rev().take_while(|message| message.from == Side::Person).count();
        let is_open = self.chat.opened_at().is_some_and(|at| now <= at + WINDOW);
        let is_forbidden = self.chat.blocked
            || self.state.setup.is_barred(self.key)
            || self.state.enforced.contains_key(&self.key.account);
        let is_owner = self.state.routing.owner(self.key, now) == Some(&self.shared.world.app.id);
        let snippet = self.last().and_then(|message| message.text.clone());
        let values = [
            ("updated_time", json!(self.updated_at().map(messages::time))),
            ("participants", json!({"data": [self.end(Side::Person), self.end(Side::Business)]})),
            ("senders", json!({"data": [self.end(Side::Person), self.end(Side::Business)]})),
            ("former_participants", json!({"data": []})),
            ("message_count", json!(self.chat.messages().len())),
            ("unread_count", json!(if self.chat.seen { 0 } else { unread })),
            ("snippet", json!(snippet)),
            ("can_reply", json!(is_open && !is_forbidden)),
            ("is_owner", json!(is_owner)),
            ("is_subscribed", json!(true)),
            ("folder", json!("inbox")),
            ("link", json!(format!("/inbox/{}/", self.id()))),
            ("scoped_thread_key", json!(self.id())),
            ("name", Value::Null),
            ("linked_group", Value::Null),
            ("wallpaper", Value::Null),
        ];
        let mut object = Object::plain("UnifiedThread", self.id(), &["updated_time"], values);
        object.parts.push(("messages", Part::List(Box::new(move || self.messages()))));
        object
    }
}
