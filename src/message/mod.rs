//! What a bot says, in the words of Meta's Send API.
//!
//! The builder is the body: a [`Message`] is the `message` object of a Send API request, a [`Request`] the whole request.
//! What these types do not name passes through untouched, so that a field which Meta adds tomorrow can be used today.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

mod body;
mod described;
mod reason;
mod request;
mod split;

pub use body::{Attachment, Message, QuickReply};
pub(crate) use described::Reply;
pub use reason::{MetaError, Reason};
pub use request::{Action, Content, MessagingType, NotARequest, Recipient, Request, Unknown};
pub use split::TextLimit;
