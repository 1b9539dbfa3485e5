//! The kinds of events, by the names that the admin API and the relay use.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A person's message.
    Message,
    /// A tap on a button, a menu item or Get Started.
    Postback,
    /// A reaction, or one taken back.
    Reaction,
    /// A link or an ad brought the person here.
    Referral,
    /// An opt-in.
    Optin,
    /// The account's own words, said by somebody else than this server.
    Echo,
    /// A send of ours that was not sent.
    Outcome,
    /// All else.
    Other,
}

const NAMES: &[(Kind, &str)] = &[
    (Kind::Message, "message"),
    (Kind::Postback, "postback"),
    (Kind::Reaction, "reaction"),
    (Kind::Referral, "referral"),
    (Kind::Optin, "optin"),
    (Kind::Echo, "echo"),
    (Kind::Outcome, "outcome"),
    (Kind::Other, "other"),
];

impl Kind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, name)| name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// No kind has this name.
#[derive(Debug, thiserror::Error)]
#[error("no such kind of event")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Kind, UnknownKind> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind).ok_or(UnknownKind)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}
