//! `messages`: a person wrote, or sent something.
//!
//! Opens the 24-hour window.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages>

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Referral, lenient};
use crate::id::MessageId;

/// A person's message: text, attachments, or both.
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
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::readable")]
    attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    quick_reply: Option<QuickReply>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    reply_to: Option<ReplyTo>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    referral: Option<Referral>,
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

    /// The ad or link that brought the person here with this message.
    pub fn referral(&self) -> Option<&Referral> {
        self.referral.as_ref()
    }
}

/// A quick reply that was tapped.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct QuickReply {
    /// The developer's own text behind the chip.
    pub payload: String,
}

/// What a message answers: another message, or (Instagram) a story.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ReplyTo {
    /// The answered message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// The answered story, as Meta sent it: `url` and `id`.
    #[serde(default)]
    pub story: Option<Value>,
}

/// Something sent along with a message.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: AttachmentKind,
    /// What Meta tells about it, in the shape of its kind. Null where Meta tells nothing.
    #[serde(default)]
    pub payload: Value,
}

impl Attachment {
    /// Where the media can be fetched, for some days. Meta's CDN links expire and die with the content.
    pub fn url(&self) -> Option<&str> {
        self.payload.get("url")?.as_str()
    }
}

/// The kinds of attachments that are named today; others arrive as [`Unknown`](AttachmentKind::Unknown).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A sound recording.
    Audio,
    /// A document.
    File,
    /// A sticker.
    Sticker,
    /// A link or something else that Messenger shows as a card.
    Fallback,
    /// A place (no longer sent by current clients).
    Location,
    /// A shared template, for instance a product.
    Template,
    /// A shared reel.
    Reel,
    /// A shared post.
    Post,
    /// Instagram: a shared post or story, by link.
    Share,
    /// Instagram: the account was mentioned in a story.
    StoryMention,
    /// Instagram: media that disappears once seen. It has no payload.
    Ephemeral,
    /// A kind not named here, by Meta's word for it.
    Unknown(String),
}

const KINDS: &[(&str, AttachmentKind)] = &[
    ("image", AttachmentKind::Image),
    ("video", AttachmentKind::Video),
    ("audio", AttachmentKind::Audio),
    ("file", AttachmentKind::File),
    ("sticker", AttachmentKind::Sticker),
    ("fallback", AttachmentKind::Fallback),
    ("location", AttachmentKind::Location),
    ("template", AttachmentKind::Template),
    ("reel", AttachmentKind::Reel),
    ("ig_reel", AttachmentKind::Reel),
    ("post", AttachmentKind::Post),
    ("ig_post", AttachmentKind::Post),
    ("share", AttachmentKind::Share),
    ("story_mention", AttachmentKind::StoryMention),
    ("ephemeral", AttachmentKind::Ephemeral),
];

impl AttachmentKind {
    /// Meta's word for the kind.
    pub fn as_str(&self) -> &str {
        match self {
            AttachmentKind::Unknown(word) => word,
            known => KINDS.iter().find(|(_, kind)| kind == known).map_or("", |(word, _)| word),
        }
    }
}

impl<'de> Deserialize<'de> for AttachmentKind {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<AttachmentKind, D::Error> {
        let word = String::deserialize(input)?;
        let known = KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| kind.clone());
        Ok(known.unwrap_or(AttachmentKind::Unknown(word)))
    }
}
