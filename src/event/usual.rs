//! The usual delivery and the usual item, each read in one typed pass.
//!
//! Nearly all that Meta sends has the shape that Meta documents: a delivery of `messaging` lists, and in them a message, an
//! echo, a receipt, a tap or a reaction, with a sender and a recipient. The lenient readers (`post`, `entry`, `change` and `item`)
//! take any shape, piece by piece, and go over the same text some ten times. This file goes over it once as a delivery and once
//! as an item.
//!
//! It says `None` to whatever is not of exactly that shape, and the lenient readers read that. They alone decide what anything
//! means: what is read here is, in every field, what they read. The tests below hold that over invented items.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::message::{Command, QuickReply};
use super::{
    Attachment, Delivery, Echo, Event, Mark, Message, Object, Origin, Postback, Reaction, Read, Referral, ReplyTo,
    lenient,
};
use crate::clock::Timestamp;
use crate::id::{AccountId, AppId, MessageId, PersonId};
use crate::json;

/// What an item of the usual shape says.
pub(super) struct Usual {
    /// Who wrote, or to whom the account wrote. Not the account.
    pub(super) person: PersonId,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) event: Event,
}

/// What stands around the items of an entry, and the items.
type Items<'a> = (Origin, Vec<&'a RawValue>);

/// Reads a body that has the usual shape around its items: its `object`, and each entry. The items may be of any shape.
pub(super) fn delivery(body: &[u8]) -> Option<(Option<Object>, Vec<Items<'_>>)> {
    let InBraces(Body { object, entry }) = serde_json::from_slice(body).ok()?;
    let read = |InBraces(Entry { id, time, messaging })| {
        (Origin { account: id, standby: false, time: time.and_then(lenient::moment), list: None }, messaging)
    };
    Some((Object::named(object), entry.into_iter().map(read).collect()))
}

/// Reads an item of the usual shape.
pub(super) fn item(account: &AccountId, raw: &RawValue) -> Option<Usual> {
    // The lenient readers mend a text before they read it.
    if matches!(json::mended(raw.get()), Cow::Owned(_)) {
        return None;
    }
    let Item { sender, recipient, timestamp, message, postback, reaction, read, delivery } = lenient::object(raw)?;
    let event = match (message, postback, reaction, read, delivery) {
        (Some(InBraces(said)), None, None, None, None) => said.event(),
        (None, Some(InBraces(postback)), None, None, None) => Event::Postback(postback),
        (None, None, Some(InBraces(reaction)), None, None) => Event::Reaction(reaction),
        (None, None, None, Some(InBraces(read)), None) => Event::Read(read),
        (None, None, None, None, Some(InBraces(delivery))) => Event::Delivery(delivery),
        _ => return None,
    };
    let InBraces(End { id: person }) = if matches!(event, Event::Echo(_)) { recipient } else { sender };
    // What the account did itself without an echo, or did to itself, and what no person did, is not usual.
    let is_usual = person.as_str() != account.as_str() && person.as_str() != "0";
    is_usual.then_some(Usual { person, timestamp, event })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    object: &'a str,
    #[serde(borrow)]
    entry: Vec<InBraces<Entry<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: AccountId,
    time: Option<i64>,
    #[serde(borrow)]
    messaging: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    sender: InBraces<End>,
    recipient: InBraces<End>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    timestamp: Option<Timestamp>,
    message: Option<InBraces<Said>>,
    postback: Option<InBraces<Postback>>,
    reaction: Option<InBraces<Reaction>>,
    read: Option<InBraces<Read>>,
    delivery: Option<InBraces<Delivery>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    id: PersonId,
}

/// A [`Message`] or an [`Echo`]: which of the two is known only once `is_echo` has been read. The members that nearly every
/// message has are read as what they should be, the others as the lenient readers do it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    mid: Option<MessageId>,
    text: Option<String>,
    #[serde(default)]
    is_echo: bool,
    app_id: Option<AppId>,
    metadata: Option<String>,
    #[serde(default)]
    is_self: bool,
    #[serde(default)]
    is_deleted: bool,
    #[serde(default)]
    is_unsupported: bool,
    #[serde(default, deserialize_with = "lenient::readable")]
    attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    quick_reply: Option<QuickReply>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    reply_to: Option<ReplyTo>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    referral: Option<Referral>,
    #[serde(default, deserialize_with = "lenient::readable")]
    commands: Vec<Command>,
    /// What Meta's own language processing found. No event has it.
    #[serde(rename = "nlp")]
    _nlp: Option<IgnoredAny>,
}

impl Said {
    fn event(self) -> Event {
        let Said { mid, text, attachments, is_deleted, .. } = self;
        if self.is_echo {
            let mut metadata = self.metadata;
            let mark = Mark::take(&mut metadata);
            let (app_id, is_self) = (self.app_id, self.is_self);
            return Event::Echo(Echo { mid, app_id, metadata, mark, text, attachments, is_self, is_deleted });
        }
        Event::Message(Message {
            mid,
            is_deleted,
            is_unsupported: self.is_unsupported,
            text,
            attachments,
            quick_reply: self.quick_reply,
            reply_to: self.reply_to,
            referral: self.referral,
            commands: self.commands,
        })
    }
}

/// A typed form that is read from a JSON object alone. Derived readers would also take a list for a struct, field by field.
struct InBraces<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InBraces<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<InBraces<T>, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = InBraces<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InBraces<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(InBraces)
            }
        }

        input.deserialize_map(Object(PhantomData))
    }
}

#[cfg(test)]
mod tests;
