//! An event, of whichever kind.

use super::{
    AccountLinking, Comment, Delivery, Echo, Edit, Feedback, Handover, Kind, Mention, Message, Optin, Other, Outcome,
    PolicyEnforcement, Postback, Reaction, ReactionAction, Read, Referral,
};

/// One thing that happened in a conversation. Each kind's own page says when Meta sends it.
///
/// What a kind does not name is in the item itself: [`Context::raw`](crate::Context), [`Envelope::raw`](super::Envelope::raw).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A person wrote, or sent something.
    Message(Message),
    /// A person changed a message that they had sent.
    Edit(Edit),
    /// A person tapped a button, a menu item or Get Started.
    Postback(Postback),
    /// A person came back through an `m.me` or `ig.me` link or an ad.
    Referral(Referral),
    /// A person reacted to a message, or took the reaction back.
    Reaction(Reaction),
    /// A person opted in through a plugin or an opt-in message.
    Optin(Optin),
    /// A person linked their account with the business, or unlinked it.
    AccountLinking(AccountLinking),
    /// A person told what they think.
    Feedback(Feedback),
    /// A person commented on a post, or wrote one on the Page.
    Comment(Comment),
    /// The account said something that this server did not send.
    Echo(Echo),
    /// The person has seen what the account wrote.
    Read(Read),
    /// What the account wrote has arrived.
    Delivery(Delivery),
    /// The conversation went to another app, or one asks for it.
    Handover(Handover),
    /// A person mentioned the account.
    Mention(Mention),
    /// Meta warned the account, blocked it, or let it go on.
    PolicyEnforcement(PolicyEnforcement),
    /// A send in this conversation was refused, has failed, or is held.
    Outcome(Outcome),
    /// Anything else, as Meta sent it.
    Other(Other),
}

impl Event {
    /// The kind, as the admin API and the relay name it.
    pub fn kind(&self) -> Kind {
        match self {
            Event::Message(_) => Kind::Message,
            Event::Edit(_) => Kind::Edit,
            Event::Postback(_) => Kind::Postback,
            Event::Referral(_) => Kind::Referral,
            Event::Reaction(_) => Kind::Reaction,
            Event::Optin(_) => Kind::Optin,
            Event::AccountLinking(_) => Kind::AccountLinking,
            Event::Feedback(_) => Kind::Feedback,
            Event::Comment(_) => Kind::Comment,
            Event::Echo(_) => Kind::Echo,
            Event::Read(_) => Kind::Read,
            Event::Delivery(_) => Kind::Delivery,
            Event::Handover(_) => Kind::Handover,
            Event::Mention(_) => Kind::Mention,
            Event::PolicyEnforcement(_) => Kind::PolicyEnforcement,
            Event::Outcome(_) => Kind::Outcome,
            Event::Other(_) => Kind::Other,
        }
    }

    /// Whether a person did something that may be answered. All else is only observed.
    pub fn is_act(&self) -> bool {
        match self {
            // A message taken back asks for no answer.
            Event::Message(message) => !message.is_deleted,
            Event::Reaction(reaction) => reaction.action == ReactionAction::React,
            Event::Comment(comment) => comment.is_act(),
            Event::Edit(edit) => edit.is_act(),
            Event::Postback(_)
            | Event::Referral(_)
            | Event::Optin(_)
            | Event::AccountLinking(_)
            | Event::Feedback(_) => true,
            Event::Echo(_)
            | Event::Read(_)
            | Event::Delivery(_)
            | Event::Handover(_)
            | Event::Mention(_)
            | Event::PolicyEnforcement(_)
            | Event::Outcome(_)
            | Event::Other(_) => false,
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
            Event::Edit(_)
            | Event::AccountLinking(_)
            | Event::Feedback(_)
            | Event::Comment(_)
            | Event::Echo(_)
            | Event::Read(_)
            | Event::Delivery(_)
            | Event::Handover(_)
            | Event::Mention(_)
            | Event::PolicyEnforcement(_)
            | Event::Outcome(_)
            | Event::Other(_) => false,
        }
    }
}
