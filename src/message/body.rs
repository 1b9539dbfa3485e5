//! The `message` object.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::split::{TextLimit, split};

/// A message: text or an attachment, with quick replies below it where wanted.
///
/// ```
/// use rejoinder::Message;
///
/// let message = Message::text("Which size?").quick_reply("Small", "SIZE_S").quick_reply("Large", "SIZE_L");
/// let picture = Message::image("https://shop.example/a.jpg");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(
    description = "A message in Meta's own words: text or an attachment, with quick replies below it where wanted."
)]
pub struct Message {
    /// A text that is too long for one message is sent in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment>,
    /// The chips below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<QuickReply>>)]
    quick_replies: Vec<QuickReply>,
    /// A note that only comes back in the echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

impl Message {
    /// Plain text. Messenger takes 2000 characters, Instagram 1000 bytes of UTF-8; a longer text is sent in parts.
    pub fn text(text: impl Into<String>) -> Message {
        Message { text: Some(text.into()), ..Message::default() }
    }

    /// A picture, fetched by Meta from `url` (at most 8 MB).
    pub fn image(url: impl Into<String>) -> Message {
        Message::media("image", url)
    }

    /// A video, fetched by Meta from `url` (at most 25 MB).
    pub fn video(url: impl Into<String>) -> Message {
        Message::media("video", url)
    }

    /// A sound file, fetched by Meta from `url` (at most 25 MB).
    pub fn audio(url: impl Into<String>) -> Message {
        Message::media("audio", url)
    }

    /// A document, fetched by Meta from `url` (at most 25 MB; Instagram takes PDF alone).
    pub fn file(url: impl Into<String>) -> Message {
        Message::media("file", url)
    }

    /// A template, by the `payload` that Meta's page for it shows: `{"template_type": "button", …}`.
    pub fn template(payload: Value) -> Message {
        Message { attachment: Some(Attachment { kind: "template".to_owned(), payload }), ..Message::default() }
    }

    /// Adds a chip below the message that sends `payload` when it is tapped. Meta takes 13, each title of 20 characters.
    pub fn quick_reply(mut self, title: impl Into<String>, payload: impl Into<String>) -> Message {
        self.quick_replies.push(QuickReply {
            content_type: "text".to_owned(),
            title: Some(title.into()),
            payload: Some(payload.into().into()),
            rest: Map::new(),
        });
        self
    }

    /// What the message says, where it is text.
    pub fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What it carries, where it carries something.
    pub fn attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref()
    }

    /// Meta's word for the template that it carries: `generic`, `coupon`, ….
    pub fn template_type(&self) -> Option<&str> {
        let template = self.attachment.as_ref().filter(|attachment| attachment.kind == "template")?;
        template.payload.get("template_type")?.as_str()
    }

    /// A field that this type does not name: `sticker_id`, `template`, ….
    pub fn field(&self, key: &str) -> Option<&Value> {
        self.rest.get(key)
    }

    /// The names of all that it consists of: `text`, `quick_replies`, `sticker_id`, …. What is null or empty is nothing, and a
    /// note that only comes back in the echo is no content.
    pub fn contents(&self) -> impl Iterator<Item = &str> {
        let named = [
            ("text", self.text.as_deref().is_some_and(|text| !text.is_empty())),
            ("attachment", self.attachment.is_some()),
            ("quick_replies", !self.quick_replies.is_empty()),
        ];
        let named = named.into_iter().filter_map(|(name, is_given)| is_given.then_some(name));
        let is_given = |value: &Value| !value.is_null() && value != "";
        named.chain(self.rest.iter().filter(move |(_, value)| is_given(value)).map(|(name, _)| name.as_str()))
    }

    /// A note that only comes back in the echo.
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// Sets the note that only comes back in the echo.
    pub fn with_metadata(mut self, metadata: impl Into<String>) -> Message {
        self.metadata = Some(metadata.into());
        self
    }

    /// Whether Meta counts it against the lower limit for sound and video.
    pub fn is_heavy(&self) -> bool {
        self.attachment.as_ref().is_some_and(|attachment| matches!(attachment.kind.as_str(), "audio" | "video"))
    }

    /// The message in parts, each within the limit. Attachments and quick replies go with the last part.
    pub fn in_parts(mut self, limit: TextLimit) -> Vec<Message> {
        let Some(text) = self.text.take() else { return vec![self] };
        let mut parts: Vec<_> = split(&text, limit).into_iter().map(Message::text).collect();
        let last = parts.pop().and_then(|last| last.text);
        // A text of nothing stays one message, so that Meta says what is wrong with it.
        self.text = Some(last.unwrap_or(text));
        parts.push(self);
        parts
    }

    fn media(kind: &str, url: impl Into<String>) -> Message {
        let payload = json!({"url": url.into()});
        Message { attachment: Some(Attachment { kind: kind.to_owned(), payload }), ..Message::default() }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::text(text)
    }
}

/// A picture, a video, a sound, a document or a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Meta's word for it: `image`, `video`, `audio`, `file`, `template`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// Its content, in the shape of its type.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
}

/// A chip below a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuickReply {
    /// `text`, `user_phone_number` or `user_email`.
    content_type: String,
    /// What the chip says.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What a tap on it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}
