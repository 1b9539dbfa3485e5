//! One item of a delivery: whose it is, when it happened, and the event in it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Echo, Event, Key, Kind, lenient};
use crate::clock::Timestamp;
use crate::id::{AccountId, PersonId};

/// An event and what is written around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// The account it happened to: the `entry.id`.
    pub account: AccountId,
    /// The person of the conversation; `None` for what concerns the account as a whole.
    pub person: Option<PersonId>,
    /// Whether the person is known by a checkbox plugin's `user_ref` alone, so that only this name reaches them.
    pub by_user_ref: bool,
    /// Whether another app owned the conversation, so that this is only observed.
    pub standby: bool,
    /// When it happened, by Meta's clock.
    pub at: Option<Timestamp>,
    /// Its identity.
    pub key: Key,
    /// The event.
    pub event: Event,
    /// The item as Meta sent it.
    pub raw: Box<RawValue>,
}

impl Envelope {
    /// Reads one item of `account`. Only what is no JSON object cannot be read; an object of an unknown shape is
    /// [`Event::Other`].
    pub fn read(account: &AccountId, standby: bool, raw: &RawValue) -> Option<Envelope> {
        let outer: Item<'_> = lenient::object(raw)?;
        // The dashboard's test form carries a messaging item as the `value` of a change.
        let inner = outer.value.and_then(lenient::object::<Item<'_>>);
        let item = match inner {
            Some(inner) if inner.sender.is_some() && inner.recipient.is_some() => inner,
            _ => outer,
        };
        let event = item.event(account, raw);
        let (person, by_user_ref) = item.person(account, &event).unzip();
        let by_user_ref = by_user_ref == Some(true);
        let name = person.as_ref().map_or("", PersonId::as_str);
        let key = Key::of(account, name, item.timestamp, &event, raw.get());
        Some(Envelope {
            account: account.clone(),
            person,
            by_user_ref,
            standby,
            at: item.timestamp,
            key,
            event,
            raw: raw.to_owned(),
        })
    }

    /// Reads an item that was kept as `kind`: outcomes are ours and not of Meta's shape.
    pub fn read_kept(
        account: &AccountId,
        person: Option<&PersonId>,
        kind: &str,
        standby: bool,
        raw: &RawValue,
    ) -> Option<Envelope> {
        let mut envelope = Envelope::read(account, standby, raw)?;
        if kind == Kind::Outcome.as_str() {
            envelope.event = Event::Outcome(lenient::object(raw)?);
            envelope.person = person.cloned();
        }
        Some(envelope)
    }

    /// The event's kind.
    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// Whether it goes to `Handler::handle`, which may answer; all else goes to `observe`.
    pub fn is_act(&self) -> bool {
        self.event.is_act() && !self.standby && self.person.is_some()
    }
}

/// A messaging item: the common part, and the keys of which one tells the kind. Meta's order of precedence is not
/// documented; this is the one that no real item contradicts.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(default, deserialize_with = "lenient::or_absent")]
    sender: Option<Party>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    recipient: Option<Party>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    timestamp: Option<Timestamp>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message_edit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    postback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    read: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delivery: Option<&'a RawValue>,
    #[serde(borrow, default)]
    optin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Party {
    #[serde(default)]
    id: Option<PersonId>,
    #[serde(default)]
    user_ref: Option<PersonId>,
}

impl Item<'_> {
    /// The event, decided by which key is present. A key whose value has an unexpected shape makes the item `Other`.
    fn event(&self, account: &AccountId, raw: &RawValue) -> Event {
        let known = if let Some(message) = self.message {
            if self.is_echo(account) {
                lenient::object::<Echo>(message).map(Event::Echo)
            } else {
                lenient::object(message).map(Event::Message)
            }
        } else if self.message_edit.is_some() {
            None
        } else if let Some(postback) = self.postback {
            lenient::object(postback).map(Event::Postback)
        } else if let Some(reaction) = self.reaction {
            lenient::object(reaction).map(Event::Reaction)
        } else if self.read.is_some() || self.delivery.is_some() {
            None
        } else if let Some(optin) = self.optin {
            lenient::object(optin).map(Event::Optin)
        } else {
            self.referral.and_then(lenient::object).map(Event::Referral)
        };
        known.unwrap_or_else(|| Event::Other(raw.to_owned()))
    }

    /// An echo says so; and what the account itself sent is one even if it does not.
    fn is_echo(&self, account: &AccountId) -> bool {
        #[derive(Deserialize)]
        struct Flag {
            #[serde(default, deserialize_with = "lenient::flag")]
            is_echo: bool,
        }
        self.message.and_then(lenient::object).is_some_and(|flag: Flag| flag.is_echo)
            || self
                .sender
                .as_ref()
                .and_then(|sender| sender.id.as_ref())
                .is_some_and(|id| id.as_str() == account.as_str())
    }

    /// The person, who is not the account, and whether the name is a `user_ref`.
    fn person(&self, account: &AccountId, event: &Event) -> Option<(PersonId, bool)> {
        let user_ref = match event {
            Event::Optin(optin) => optin.user_ref.as_ref(),
            _ => None,
        };
        let parties = [&self.sender, &self.recipient].into_iter().flatten();
        let named = parties.flat_map(|party| [(party.id.as_ref(), false), (party.user_ref.as_ref(), true)]);
        named
            .chain([(user_ref, true)])
            .filter_map(|(name, by_user_ref)| Some((name?, by_user_ref)))
            .find(|(name, _)| name.as_str() != account.as_str())
            .map(|(name, by_user_ref)| (name.clone(), by_user_ref))
    }
}
