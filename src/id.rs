//! The names of things. An id is opaque, compared whole, and never mistaken for another kind of id.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An id that Meta gave: text, even where it looks like a number. Meta's own payloads print the same id as a string in one
/// place and as a number in another, so both are read.
macro_rules! meta_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the id as it was written.
            pub fn new(id: impl Into<String>) -> $name {
                $name(id.into())
            }

            /// The id as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<$name, D::Error> {
                input.deserialize_any(TextOrNumber).map($name)
            }
        }
    };
}

/// An id that this server counted. Printed and written in JSON as text, like every id.
macro_rules! own_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
        #[schema(value_type = String)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<$name, Self::Err> {
                text.parse().map($name)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<$name, D::Error> {
                let text = input.deserialize_any(TextOrNumber)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                output.collect_str(self)
            }
        }
    };
}

meta_id! {
    /// A Facebook Page's id, or an Instagram professional account's: the `entry.id` of a webhook.
    AccountId
}
meta_id! {
    /// A person as one account knows them: a PSID, an IGSID, or the `user_ref` of a person known only by a checkbox plugin.
    PersonId
}
meta_id! {
    /// A message's `mid`.
    MessageId
}
meta_id! {
    /// A Meta app's id.
    AppId
}
meta_id! {
    /// The id of anything else at Meta that an event names: a comment, a post, a story, an ad, a product.
    ObjectId
}

/// Which of the conversations that one name may stand for. The same name means different people in each: a comment's author
/// has no scoped id on a Page, and a `user_ref` is whatever a web page chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    /// The chat of a person known by a PSID or an IGSID, and what concerns an account as a whole.
    #[default]
    Chat = 0,
    /// That of a person who is known only by a checkbox plugin's `user_ref`.
    UserRef = 1,
    /// What an author writes below posts, and the private replies to it.
    Comments = 2,
}

impl Thread {
    /// All of them.
    pub const ALL: [Thread; 3] = [Thread::Chat, Thread::UserRef, Thread::Comments];
}

own_id! {
    /// An event in the inbox, in order of arrival.
    EventId
}
own_id! {
    /// A send in the outbox, in order of planning.
    SendId
}

/// An id that has no type of its own.
pub(crate) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    input.deserialize_any(TextOrNumber)
}

/// How an id is described that is read from text or from a whole number.
#[derive(Debug)]
pub(crate) struct WrittenId;

impl PartialSchema for WrittenId {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"\S"));
        let number = ObjectBuilder::new().schema_type(Type::Integer).description(Some("Written without a fraction."));
        AnyOfBuilder::new().item(text).item(number).into()
    }
}

impl ToSchema for WrittenId {}

struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an id, as a string or a whole number")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<String, E> {
        // An empty id is none. Read as one it would be a person, with a window of their own.
        if id.trim().is_empty() { Err(E::custom("an empty id")) } else { Ok(id.to_owned()) }
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<String, E> {
        Ok(id.to_string())
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<String, E> {
        Ok(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_text_or_number_and_written_as_text() {
        let read = |json: &str| serde_json::from_str::<AccountId>(json).map(|id| id.to_string());
        assert_eq!(read(r#""104000000000001""#).expect("text"), "104000000000001");
        assert_eq!(read("263902037430900").expect("number"), "263902037430900");
        assert!(read("1.5").is_err());
        assert!(read("null").is_err());
        assert!(read(r#""""#).is_err() && read(r#"" ""#).is_err(), "an empty id is no id");
        assert_eq!(serde_json::to_string(&SendId(18)).expect("json"), r#""18""#);
    }
}
