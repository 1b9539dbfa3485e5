//! Where events and sends are on their way.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A status, by the number in the file and the word in the API.
macro_rules! statuses {
    ($(#[doc = $line:literal])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal, $word:literal;)* }) => {
        $(#[doc = $line])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(i64)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)* }

        impl $name {
            const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word for it in the admin API.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            pub(crate) fn from_number(number: i64) -> Option<$name> {
                Self::ALL.iter().copied().find(|status| *status as i64 == number)
            }

            /// The words of all of them, each once.
            pub fn words() -> Vec<&'static str> {
                let mut words = Vec::new();
                for word in Self::ALL.iter().map(|status| status.as_str()) {
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
                words
            }

            /// Those that the admin API calls by `word`: some words stand for several.
            pub fn named(word: &str) -> Vec<$name> {
                Self::ALL.iter().copied().filter(|status| status.as_str() == word).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                output.serialize_str(self.as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some($name::words()));
                words.description(Some(concat!($($line),+).trim_start())).into()
            }
        }

        impl ToSchema for $name {}
    };
}

statuses! {
    /// How far an event has come.
    // The first three are not done: they hold back what is behind them.
    EventStatus {
        /// First of its conversation, to be handled when due.
        Ready = 0, "pending";
        /// Behind another event of its conversation.
        Waiting = 1, "pending";
        /// With its handler.
        Running = 2, "running";
        /// Handled.
        Done = 3, "done";
        /// Given up.
        Dead = 4, "dead";
        /// Could not be read.
        Quarantined = 5, "quarantined";
        /// An echo that may be our own: it waits until a send in flight is settled.
        Parked = 6, "pending";
    }
}

statuses! {
    /// How far a send has come.
    // The first four are not settled: they hold back what is behind them.
    SendStatus {
        /// First of its conversation, to be sent when due.
        Ready = 0, "planned";
        /// Behind another send of its conversation.
        Waiting = 1, "planned";
        /// On its way.
        Sending = 2, "sending";
        /// It is not known whether it arrived.
        InDoubt = 3, "in_doubt";
        /// Meta took it.
        Sent = 4, "sent";
        /// Policy forbade it.
        Refused = 5, "refused";
        /// Meta did not take it.
        Failed = 6, "failed";
        /// It cannot be found out, and an operator decides; or it stands behind such a send of its turn.
        Held = 7, "held";
    }
}
