//! `message_echoes` (on Instagram part of `messages`): the account said something, through whichever app or inbox.
//!
//! Does not open the window. Echoes of this server's own sends settle those sends and are not handed on.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-echoes>

use serde::Deserialize;

use super::{Attachment, lenient};
use crate::id::{AppId, MessageId};

/// The account's own words.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Echo {
    /// The message's id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// The app that sent it; Instagram does not say.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub app_id: Option<AppId>,
    /// What the sending app wrote into the message for itself; Instagram does not say.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub metadata: Option<String>,
    /// What was said.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub text: Option<String>,
    /// What was sent along.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub attachments: Vec<Attachment>,
}
