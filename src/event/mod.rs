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
//! list of any entry is left out: it is in one envelope, or in one unreadable piece. What has the usual shape, `usual` reads
//! at once, and as the others would.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

mod account_linking;
mod any;
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
mod origin;
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
mod usual;
mod words;

pub use account_linking::{AccountLinking, LinkStatus};
pub use any::Event;
pub use attachment::{Attachment, AttachmentKind};
pub use comment::{Author, Comment, CommentVerb, Media};
pub use delivery::Delivery;
pub use echo::Echo;
pub use edit::Edit;
pub use envelope::Envelope;
pub use feedback::{Feedback, FeedbackAnswer, FeedbackScreen, Rating, ResponseFeedback, Survey};
pub use first_version::FirstVersion;
pub use handover::{Control, ControlRequest, Handover, Roles};
pub use key::Key;
pub use kind::{Kind, UnknownKind};
pub use mark::Mark;
pub use mention::{Mention, MentionVerb};
pub use message::{Message, ReplyTo, Story};
pub use optin::{NotificationStatus, Optin, OptinKind};
pub use origin::{Object, Origin};
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
