//! One message of a conversation, as an app can read it back.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/message>

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Message, Side};
use super::conversations::Conversation;
use super::object::Object;

/// How many of a conversation's messages can be looked into.
pub(super) const NEWEST: usize = 20;

/// What a message may have besides its time.
const DETAILS: [&str; 11] = [
    "from",
    "to",
    "message",
    "attachments",
    "reply_to",
    "reactions",
    "shares",
    "story",
    "sticker",
    "tags",
    "is_unsupported",
];

/// A message that `age` others came after.
pub(super) fn object<'a>(conversation: &Conversation<'a>, message: &'a Message, age: usize) -> Object<'a> {
    let known = if age < NEWEST { details(conversation, message) } else { Vec::new() };
    let value =
        |name: &str| known.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, value)| value.clone());
    let values = DETAILS.into_iter().map(|name| (name, value(name)));
    let created = ("created_time", json!(time(message.at)));
    Object::plain("UnifiedMessage", &message.mid, &["created_time"], values.chain([created]))
}

fn details(conversation: &Conversation<'_>, message: &Message) -> Vec<(&'static str, Value)> {
    let other = if message.from == Side::Person { Side::Business } else { Side::Person };
    let tapped = || message.postback.as_ref().and_then(|postback| postback["title"].as_str().map(str::to_owned));
    let reply_to = message.reply_to.as_ref().map(|mid| {
        let answered = conversation.chat.messages().find(|one| one.mid == *mid);
        json!({"mid": mid, "is_self_reply": answered.is_some_and(|one| one.from == message.from)})
    });
    vec![
        ("from", conversation.end(message.from)),
        ("to", json!({"data": [conversation.end(other)]})),
        ("message", json!(message.text.clone().or_else(tapped).unwrap_or_default())),
        ("attachments", attachments(message)),
        ("reply_to", json!(reply_to)),
        ("reactions", reactions(conversation, message)),
    ]
}

fn attachments(message: &Message) -> Value {
    if message.attachments.is_empty() {
        return Value::Null;
    }
    let shown = message.attachments.iter().enumerate().map(|(index, attachment)| {
        let (kind, payload) = (attachment["type"].as_str().unwrap_or_default(), &attachment["payload"]);
        let (url, id) = (&payload["url"], format!("{}{index}", hex::encode(message.mid.as_bytes().get(2..6).unwrap_or_default())));
        match kind {
            "image" => json!({"id": id, "mime_type": "image/jpeg", "name": "image.jpg", "size": 0,
                "image_data": {"width": 0, "height": 0, "max_width": 0, "max_height": 0, "url": url, "preview_url": url}}),
            "video" => json!({"id": id, "mime_type": "video/mp4", "name": "video.mp4", "size": 0,
                "video_data": {"width": 0, "height": 0, "length": 0, "video_type": 0, "url": url, "preview_url": url, "rotation": 0}}),
            "audio" => json!({"id": id, "mime_type": "audio/mpeg", "name": "audio.mp3", "size": 0, "file_url": url}),
            "template" => json!({"id": id, "generic_template": payload}),
            _ => json!({"id": id, "mime_type": "application/octet-stream", "name": kind, "size": 0, "file_url": url}),
        }
    });
    json!({"data": shown.collect::<Vec<_>>()})
}

fn reactions(conversation: &Conversation<'_>, message: &Message) -> Value {
    if message.reactions.is_empty() {
        return Value::Null;
    }
    let shown = message.reactions.iter().map(|reaction| {
        let reacted = if conversation.is_instagram() { &reaction.reaction } else { &reaction.emoji };
        json!({"reaction": reacted, "users": [conversation.end(reaction.from)]})
    });
    json!({"data": shown.collect::<Vec<_>>()})
}

/// A moment as objects of the Graph API have it.
pub(super) fn time(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_meta_writes_them() {
        assert_eq!(time(Timestamp(1_790_000_000_123)), "2026-09-21T14:13:20+0000");
    }
}
