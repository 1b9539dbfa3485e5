//! The kinds of events, by the names that the admin API and the relay use.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Declares the kinds with their names.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What an event is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ToSchema)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* #[schema(rename = $name)] $kind,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)+];

            /// The kind's name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Kind::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// A person's message.
    Message = "message",
    /// A message that the person changed.
    Edit = "edit",
    /// A tap on a button, a menu item or Get Started.
    Postback = "postback",
    /// A link or an ad brought the person here.
    Referral = "referral",
    /// A reaction, or one taken back.
    Reaction = "reaction",
    /// An opt-in.
    Optin = "optin",
    /// An account linked or unlinked.
    AccountLinking = "account_linking",
    /// What a person thinks of the conversation.
    Feedback = "feedback",
    /// A comment, or a visitor's post.
    Comment = "comment",
    /// The account's own words, not sent by this server.
    Echo = "echo",
    /// What the account wrote has been seen.
    Read = "read",
    /// What the account wrote has arrived.
    Delivery = "delivery",
    /// The conversation went to another app, or one asks for it.
    Handover = "handover",
    /// A person mentioned the account.
    Mention = "mention",
    /// Meta warned or blocked the account.
    PolicyEnforcement = "policy_enforcement",
    /// A send of ours that was not sent.
    Outcome = "outcome",
    /// All else.
    Other = "other",
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
        Kind::ALL.iter().find(|kind| kind.as_str() == text).copied().ok_or(UnknownKind)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}
