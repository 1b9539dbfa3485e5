use serde::Deserialize;

use super::{Attachment, Mark, lenient};
use crate::id::{AppId, MessageId};

/// `message_echoes` (on Instagram part of `messages`): the account said something, through whichever app or inbox.
///
/// Meta sends it for every message of the account. Echoes of this server's own sends settle those sends and are not handed
/// on; what arrives here was said by others: a person at the inbox, or another app.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-echoes>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Echo {
    /// The message's id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// The app that sent it; Instagram does not say. The Page's inbox is `263902037430900`, Instagram's `1217981644879628`.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub app_id: Option<AppId>,
    /// What the sending app wrote into the message for itself; Instagram does not say. Of a send of a server like this one,
    /// what its author wrote.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub metadata: Option<String>,
    /// By which this server knows its own.
    #[serde(skip)]
    pub mark: Option<Mark>,
    /// What was said.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub text: Option<String>,
    /// What was sent along.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub attachments: Vec<Attachment>,
    /// Instagram: the account wrote to itself.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_self: bool,
    /// Instagram: the account took the message back.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_deleted: bool,
}
