use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lenient;
use super::words::words;
use crate::id::ObjectId;

/// Something sent along with a message.
///
/// Meta adds kinds now and then; one that is not named here arrives as [`AttachmentKind::Unknown`] with its payload.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// What Meta tells about it, in the shape of its kind. Null where Meta tells nothing.
    pub payload: Value,
    title: Option<String>,
    url: Option<String>,
}

impl Attachment {
    /// Where the media can be fetched, for some days. Meta's CDN links expire and die with the content.
    pub fn url(&self) -> Option<&str> {
        self.payload.get("url").and_then(Value::as_str).or(self.url.as_deref())
    }

    /// Its title, where it has one: of a link, a post, a reel, a place.
    pub fn title(&self) -> Option<&str> {
        self.payload.get("title").and_then(Value::as_str).or(self.title.as_deref())
    }

    /// The sticker's id, where it is one; until August 2026 stickers came as images.
    pub fn sticker_id(&self) -> Option<ObjectId> {
        self.payload.get("sticker_id").and_then(|id| ObjectId::deserialize(id).ok())
    }

    /// Latitude and longitude of a place, in degrees.
    pub fn coordinates(&self) -> Option<(f64, f64)> {
        let place = self.payload.get("coordinates")?;
        Some((place.get("lat")?.as_f64()?, place.get("long")?.as_f64()?))
    }
}

impl<'de> Deserialize<'de> for Attachment {
    /// Never fails on JSON: what is no attachment's shape is an unknown one, with all of it as the payload.
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Attachment, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            kind: AttachmentKind,
            #[serde(default, deserialize_with = "lenient::json")]
            payload: Value,
            #[serde(default, deserialize_with = "lenient::or_absent")]
            title: Option<String>,
            #[serde(default, deserialize_with = "lenient::or_absent")]
            url: Option<String>,
        }
        let raw = <&RawValue>::deserialize(input)?;
        Ok(match lenient::object(raw) {
            Some(Wire { kind, payload, title, url }) => Attachment { kind, payload, title, url },
            None => Attachment {
                kind: AttachmentKind::Unknown(String::new()),
                payload: serde_json::from_str(raw.get()).unwrap_or_default(),
                title: None,
                url: None,
            },
        })
    }
}

words! {
    /// The kinds of attachments.
    AttachmentKind {
        /// A picture.
        Image = "image",
        /// A video.
        Video = "video",
        /// A sound recording.
        Audio = "audio",
        /// A document.
        File = "file",
        /// A sticker.
        Sticker = "sticker",
        /// A link or something else that Messenger shows as a card; it may come without a payload.
        Fallback = "fallback",
        /// A place (no longer sent by current clients).
        Location = "location",
        /// A shared template, for instance a product.
        Template = "template",
        /// An appointment that was requested, confirmed, declined or cancelled.
        AppointmentBooking = "appointment_booking",
        /// A shared Facebook reel.
        Reel = "reel",
        /// A shared Instagram reel.
        IgReel = "ig_reel",
        /// A shared Facebook post.
        Post = "post",
        /// A shared Instagram post.
        IgPost = "ig_post",
        /// Instagram: a shared post, by link alone.
        Share = "share",
        /// Instagram: the account was mentioned in a story. The media may not be kept.
        StoryMention = "story_mention",
        /// Instagram: a shared story.
        IgStory = "ig_story",
        /// A shared story.
        Story = "story",
        /// Instagram: shared media of another kind.
        Media = "media",
        /// Instagram: media that disappears once seen. It has no payload.
        Ephemeral = "ephemeral",
    }
}
