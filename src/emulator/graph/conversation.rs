//! One conversation, as the Graph API looks at it.

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Chat, Message, Side};
use super::super::state::{Shared, State};
use super::super::world::{ChatKey, username};

/// The conversation, and what it is part of.
#[derive(Clone, Copy)]
pub(super) struct Conversation<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a State,
    pub(super) key: ChatKey,
    pub(super) chat: &'a Chat,
}

impl<'a> Conversation<'a> {
    /// What Meta calls it.
    pub(super) fn id(&self) -> String {
        let person = self.shared.world.scoped_id(self.key).unwrap_or_default();
        if self.is_instagram() { format!("aWdfdGhyZWFk{}", hex::encode(person)) } else { format!("t_10{person}") }
    }

    pub(super) fn is_instagram(&self) -> bool {
        self.shared.world.accounts[self.key.account].platform.is_instagram()
    }

    /// How many messages came after the one with this id.
    pub(super) fn age(&self, mid: &str) -> Option<usize> {
        self.chat.messages().rev().position(|message| message.mid == mid)
    }

    pub(super) fn last(&self) -> Option<&'a Message> {
        self.chat.messages().next_back()
    }

    pub(super) fn updated_at(&self) -> Option<Timestamp> {
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
}
