//! What Meta tells us: a webhook's body, read into events.
//!
//! [`read`] turns the bytes of one delivery into [`Envelope`]s, one per event, and [`Unreadable`] pieces. It never fails as
//! a whole: what cannot be read keeps its bytes and its reason, and its neighbours are read all the same. Whether an event
//! may be answered is a fact of its kind ([`Event::is_act`]), what it means for the 24-hour window another ([`Event::opens`]).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

mod delivery;
mod echo;
mod envelope;
mod key;
mod kind;
mod lenient;
mod message;
mod optin;
mod outcome;
mod postback;
mod reaction;
mod referral;

pub use delivery::{Unreadable, read};
pub use echo::Echo;
pub use envelope::Envelope;
pub use key::Key;
pub use kind::{Kind, UnknownKind};
pub use message::{Attachment, AttachmentKind, Message, QuickReply, ReplyTo};
pub use optin::Optin;
pub use outcome::Outcome;
pub use postback::Postback;
pub use reaction::{Reaction, ReactionAction};
pub use referral::Referral;

use serde_json::value::RawValue;

/// One thing that happened in a conversation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A person wrote, or sent something.
    Message(Message),
    /// A person tapped a button, a menu item or Get Started.
    Postback(Postback),
    /// A person reacted to a message, or took the reaction back.
    Reaction(Reaction),
    /// A person came back through an `m.me` or `ig.me` link or an ad.
    Referral(Referral),
    /// A person opted in through a plugin or an opt-in message.
    Optin(Optin),
    /// The account said something that this server did not send.
    Echo(Echo),
    /// A send in this conversation was refused, or has failed.
    Outcome(Outcome),
    /// Anything else, as Meta sent it.
    Other(Box<RawValue>),
}

impl Event {
    /// The kind, as the admin API and the relay name it.
    pub fn kind(&self) -> Kind {
        match self {
            Event::Message(_) => Kind::Message,
            Event::Postback(_) => Kind::Postback,
            Event::Reaction(_) => Kind::Reaction,
            Event::Referral(_) => Kind::Referral,
            Event::Optin(_) => Kind::Optin,
            Event::Echo(_) => Kind::Echo,
            Event::Outcome(_) => Kind::Outcome,
            Event::Other(_) => Kind::Other,
        }
    }

    /// Whether a person did something that may be answered. All else is only observed.
    pub fn is_act(&self) -> bool {
        match self {
            // A message taken back asks for no answer.
            Event::Message(message) => !message.is_deleted,
            Event::Postback(_) | Event::Referral(_) | Event::Optin(_) => true,
            Event::Reaction(reaction) => reaction.action == ReactionAction::React,
            Event::Echo(_) | Event::Outcome(_) | Event::Other(_) => false,
        }
    }

    /// Whether the event opens, or renews, the standard messaging window (policy P1.2 to P1.7).
    pub fn opens(&self) -> bool {
        match self {
            Event::Message(message) => !message.is_deleted,
            Event::Postback(_) => true,
            Event::Reaction(reaction) => reaction.action == ReactionAction::React,
            Event::Referral(referral) => !referral.is_ad(),
            Event::Optin(optin) => optin.is_plugin(),
            Event::Echo(_) | Event::Outcome(_) | Event::Other(_) => false,
        }
    }
}
