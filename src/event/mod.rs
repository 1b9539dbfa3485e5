//! What Meta tells us: a webhook's body, read into events.
//!
//! [`read`] turns the bytes of one delivery into [`Envelope`]s, one per event, and [`Unreadable`] pieces. It never fails as
//! a whole: what cannot be read keeps its bytes and its reason, and its neighbours are read all the same. Whether an event
//! may be answered is a fact of its kind ([`Event::is_act`]), what it means for the 24-hour window another ([`Event::opens`]).
//!
//! | Kind | Page field | Instagram field | Goes to | Opens the window |
//! | --- | --- | --- | --- | --- |
//! | [`Message`] | `messages` | `messages` | `handle`; `observe` when taken back | yes; not when taken back |
//! | [`Edit`] | `message_edits` | `message_edit` | `handle`; `observe` beside its message or without a text | no |
//! | [`Postback`] | `messaging_postbacks` | `messaging_postbacks` | `handle` | yes |
//! | [`Referral`] | `messaging_referrals` | `messaging_referral` | `handle` | a link does, an ad does not |
//! | [`Reaction`] | `message_reactions` | `message_reactions` | `handle`; `observe` when taken back | yes; not when taken back |
//! | [`Optin`] | `messaging_optins` | `messaging_optins` | `handle` | a plugin does, a token does not |
//! | [`AccountLinking`] | `messaging_account_linking` | | `handle` | no |
//! | [`Feedback`] | `messaging_feedback`, `response_feedback` | `response_feedback` | `handle` | no |
//! | [`Comment`] | `feed`, `group_feed` | `comments`, `live_comments` | `handle` when new and not the account's own, else `observe` | no |
//! | [`Echo`] | `message_echoes` | `messages` | `observe` | no |
//! | [`Read`] | `message_reads` | `messaging_seen` | `observe` | no |
//! | [`Delivery`] | `message_deliveries` | | `observe` | no |
//! | [`Handover`] | `messaging_handovers` | `messaging_handover` | `observe` | no |
//! | [`Mention`] | `mention` | `mentions` | `observe` | no |
//! | [`PolicyEnforcement`] | `messaging_policy_enforcement` | `messaging_policy_enforcement` | `observe` | no |
//! | [`Outcome`] | ours | ours | `observe` | no |
//! | [`Other`] | every other | every other | `observe` | no |
//!
//! What comes on `standby`, while another app owns the conversation, is of the same kinds, and goes to `observe`.
//!
//! The way of a body: `post` takes it apart into entries, `entry` these into items, `change` and `item` recognise an item's
//! kind, `envelope` says whose it is, `key` what makes it the same again. Every kind has a file of its own. No object in any
//! list of any entry is left out: it is in one envelope, or in one unreadable piece.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

mod account_linking;
mod attachment;
mod change;
mod comment;
mod delivery;
mod echo;
mod edit;
mod entry;
mod envelope;
mod feedback;
mod first_version;
mod handover;
mod item;
mod key;
mod kind;
mod lenient;
mod mark;
mod members;
mod mention;
mod message;
mod optin;
mod other;
mod outcome;
mod piece;
mod policy_enforcement;
mod post;
mod postback;
mod raw;
mod reaction;
mod read;
mod referral;
mod words;

pub use account_linking::{AccountLinking, LinkStatus};
pub use attachment::{Attachment, AttachmentKind};
pub use comment::{Author, Comment, CommentVerb, Media};
pub use delivery::Delivery;
pub use echo::Echo;
pub use edit::Edit;
pub use envelope::{Envelope, Object, Origin};
pub use feedback::{Feedback, FeedbackAnswer, FeedbackScreen, Rating, ResponseFeedback, Survey};
pub use first_version::FirstVersion;
pub use handover::{Control, ControlRequest, Handover, Roles};
pub use key::Key;
pub use kind::{Kind, UnknownKind};
pub use mark::Mark;
pub use mention::{Mention, MentionVerb};
pub use message::{Message, ReplyTo, Story};
pub use optin::{NotificationStatus, Optin, OptinKind};
pub use other::Other;
pub use outcome::Outcome;
pub use piece::{Piece, Unreadable};
pub use policy_enforcement::{EnforcementAction, PolicyEnforcement};
pub use post::{read, read_piece};
pub use postback::Postback;
pub use raw::Raw;
pub use reaction::{Reaction, ReactionAction};
pub use read::Read;
pub use referral::{AdContext, LeadAnswer, Product, Referral};

/// One thing that happened in a conversation. Each kind's own page says when Meta sends it.
///
/// What a kind does not name is in the item itself: [`Context::raw`](crate::Context), [`Envelope::raw`].
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
    /// Somebody commented on a post, or wrote one on the Page.
    Comment(Comment),
    /// The account said something that this server did not send.
    Echo(Echo),
    /// The person has seen what the account wrote.
    Read(Read),
    /// What the account wrote has arrived.
    Delivery(Delivery),
    /// The conversation went to another app, or one asks for it.
    Handover(Handover),
    /// Somebody mentioned the account.
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
