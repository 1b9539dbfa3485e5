//! A call of any endpoint but the Send API's: who asks what of which object, and what every answer needs.

use std::borrow::Cow;

use reqwest::Url;
use serde_json::Value;

use crate::clock::Timestamp;

use super::super::state::{Shared, State};
use super::super::world::{Account, ChatKey, Platform};
use super::access::{Caller, not_a_page};
use super::call::Fields;
use super::error::GraphError;
use super::fields::written;
use super::object::{ListAddress, Object, page};
use super::part::Part;
use super::select::{Field, read};

/// What an endpoint answers with.
pub(super) type Answer = Result<Value, GraphError>;

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Delete,
}

/// The call.
pub(super) struct Ask<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a mut State,
    pub(super) caller: Caller,
    pub(super) verb: Verb,
    /// Which object, as the path has it: an id, or `me`.
    pub(super) node: &'a str,
    pub(super) fields: &'a Fields,
    /// The address that was called.
    pub(super) url: Url,
    pub(super) now: Timestamp,
}

impl Verb {
    /// As error messages have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Delete => "delete",
        }
    }
}

impl<'a> Ask<'a> {
    /// The accounts that the token speaks for, as far as the node is one of them.
    pub(super) fn accounts(&self) -> Result<Vec<usize>, GraphError> {
        let Caller::Accounts(held) = &self.caller else { return Err(not_a_page()) };
        let is_node = |account: &Account| account.is_behind(self.node) || account.is_called(self.node);
        let named = |at: &usize| self.node == "me" || is_node(&self.shared.world.accounts[*at]);
        let accounts: Vec<usize> = held.iter().copied().filter(named).collect();
        if accounts.is_empty() { Err(self.unsupported()) } else { Ok(accounts) }
    }

    /// The one account that is meant: the Page, or with `platform=instagram` the Instagram account behind it.
    pub(super) fn account(&self) -> Result<usize, GraphError> {
        let accounts = self.accounts()?;
        let platform = self.text("platform").map(|platform| platform.to_ascii_lowercase());
        let is_instagram = |at: &usize| self.shared.world.accounts[*at].platform.is_instagram();
        match platform.as_deref() {
            None => Ok(accounts.iter().copied().find(|at| !is_instagram(at)).unwrap_or(accounts[0])),
            Some("messenger") => accounts.into_iter().find(|at| !is_instagram(at)).ok_or_else(|| self.unsupported()),
            Some("instagram") => accounts
                .into_iter()
                .find(is_instagram)
                .ok_or_else(|| GraphError::parameter("The Page is not linked to an Instagram account").with(2_534_013)),
            Some(_) => Err(GraphError::parameter("Param platform must be one of {INSTAGRAM, MESSENGER}")),
        }
    }

    /// The Page that is meant, for what Instagram does not have.
    pub(super) fn page(&self) -> Result<usize, GraphError> {
        let is_page = |at: &usize| self.shared.world.accounts[*at].platform == Platform::Messenger;
        self.accounts()?.into_iter().find(is_page).ok_or_else(|| self.unsupported())
    }

    /// The conversation with the person of this id at one of `accounts`.
    pub(super) fn chat(&self, accounts: &[usize], id: &str) -> Option<ChatKey> {
        let people = 0..self.shared.world.people.len();
        let mut keys =
            accounts.iter().flat_map(|&account| people.clone().map(move |person| ChatKey { account, person }));
        keys.find(|key| self.shared.world.scoped_id(*key) == Some(id))
    }

    /// The same; an unknown id is Meta's error 100.
    pub(super) fn required_chat(&self, accounts: &[usize], id: &str) -> Result<ChatKey, GraphError> {
        let instagram = accounts.iter().all(|&at| self.shared.world.accounts[at].platform.is_instagram());
        self.chat(accounts, id).ok_or_else(|| GraphError::no_user(instagram))
    }

    /// The accounts that the token speaks for, whatever the node is.
    pub(super) fn held(&self) -> &[usize] {
        if let Caller::Accounts(held) = &self.caller { held } else { &[] }
    }

    /// The refusal of a call that this object does not understand.
    pub(super) fn unsupported(&self) -> GraphError {
        GraphError::unsupported(self.verb.name(), self.node)
    }

    /// A parameter as text, however it was given.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.fields.get(name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            value => Some(Cow::Owned(value.to_string())),
        }
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<Cow<'a, str>, GraphError> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| GraphError::required(name))
    }

    /// A parameter as JSON, which forms carry as text.
    pub(super) fn json(&self, name: &str) -> Option<Value> {
        self.fields.get(name).and_then(json)
    }

    /// A list of names.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, GraphError> {
        names(self.fields, name)
    }

    /// `recipient[id]` as an object, or the bare id.
    pub(super) fn recipient(&self) -> Result<String, GraphError> {
        let recipient = self.json("recipient").ok_or_else(|| GraphError::required("recipient"))?;
        let id = if recipient.is_object() { &recipient["id"] } else { &recipient };
        if id.is_null() { Err(GraphError::required("recipient[id]")) } else { Part::new(id, "recipient[id]").id() }
    }

    /// Which fields of the answer are wanted.
    pub(super) fn wanted(&self) -> Result<Vec<Field>, GraphError> {
        match self.json("fields") {
            Some(Value::String(text)) => read(&text),
            Some(Value::Array(_)) => read(&self.names("fields")?.join(",")),
            Some(_) => Err(GraphError::parameter("Param fields must be a string")),
            None => Ok(Vec::new()),
        }
    }

    /// One object as the answer.
    pub(super) fn show(&self, object: &Object<'_>) -> Answer {
        object.show(&self.wanted()?, &self.list_address())
    }

    /// A list as the answer, or the page of it that is wanted.
    pub(super) fn list(&self, list: &[Object<'_>]) -> Answer {
        page(list, &self.wanted()?, self.fields, &self.list_address())
    }

    fn list_address(&self) -> ListAddress {
        ListAddress::new(self.url.clone())
    }

    /// A new id.
    pub(super) fn new_id(&mut self) -> String {
        self.state.rng.u64(1_000_000_000_000_000..9_999_999_999_999_999).to_string()
    }
}

/// A value, or the JSON list or object that is written in it as text.
pub(super) fn json(value: &Value) -> Option<Value> {
    let written = value.as_str().and_then(written);
    let value = written.filter(|written: &Value| written.is_object() || written.is_array()).or(Some(value.clone()));
    value.filter(|value| !value.is_null())
}

/// A list of names among the parameters: JSON, or with commas.
pub(super) fn names(fields: &Fields, name: &str) -> Result<Vec<String>, GraphError> {
    let wrong = || GraphError::parameter(format!("Param {name} must be an array of strings"));
    match fields.get(name).and_then(json) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|entry| entry.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(Value::String(text)) => {
            Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
        }
        Some(_) => Err(wrong()),
    }
}
