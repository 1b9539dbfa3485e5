use serde::Deserialize;

use super::{Attachment, Referral, lenient};
use crate::id::{MessageId, ObjectId};

/// `messages`: a person wrote, or sent something.
///
/// Meta sends it for every message of a person to the account: text, a tapped quick reply, attachments, an answer to a story,
/// a story that mentions the account. On Instagram it also tells that a message was taken back
/// ([`is_deleted`](Message::is_deleted)); that is observed, for it asks for no answer.
///
/// **Window:** opens the 24 hours, but for a message taken back.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages>,
/// <https://developers.facebook.com/docs/messenger-platform/instagram/features/webhook>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// The message's id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// Instagram: the person took the message back; only `mid` is left of it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_deleted: bool,
    /// Instagram: a form of message that the platform does not carry.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_unsupported: bool,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "lenient::readable")]
    pub(super) attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub(super) quick_reply: Option<QuickReply>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub(super) reply_to: Option<ReplyTo>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub(super) referral: Option<Referral>,
    #[serde(default, deserialize_with = "lenient::readable")]
    pub(super) commands: Vec<Command>,
}

impl Message {
    /// What was written; `None` for a message of attachments alone.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What was sent along.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// The `payload` of the quick reply that was tapped; [`text`](Message::text) is then its title.
    pub fn quick_reply(&self) -> Option<&str> {
        self.quick_reply.as_ref().map(|tapped| tapped.payload.as_str())
    }

    /// What the message answers.
    pub fn reply_to(&self) -> Option<&ReplyTo> {
        self.reply_to.as_ref()
    }

    /// The ad, link or product that brought the person here with this message.
    pub fn referral(&self) -> Option<&Referral> {
        self.referral.as_ref()
    }

    /// The names of the slash commands in the text.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.commands.iter().map(|command| command.name.as_str())
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct QuickReply {
    payload: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Command {
    name: String,
}

/// What a message answers: another message, or (Instagram) a story.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ReplyTo {
    /// The answered message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// The answered story of the account.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub story: Option<Story>,
    /// Whether the person answers a message of their own.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_self_reply: bool,
}

/// A story that a message answers.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Story {
    /// Its id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub id: Option<ObjectId>,
    /// Where it can be fetched while it lives.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub url: Option<String>,
}
