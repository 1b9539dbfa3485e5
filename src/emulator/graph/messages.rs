//! One message of a conversation, as an app can read it back.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/message>

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Message, Side};
use super::conversation::Conversation;
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
    let known = if age < NEWEST { details(conversation, message, age) } else { Vec::new() };
    let value =
        |name: &str| known.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, value)| value.clone());
    let values = DETAILS.into_iter().map(|name| (name, value(name)));
    let created = ("created_time", json!(time(message.at)));
    Object::plain("UnifiedMessage", &message.mid, &["created_time"], values.chain([created]))
}

fn details(conversation: &Conversation<'_>, message: &Message, age: usize) -> Vec<(&'static str, Value)> {
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
        ("tags", tags(conversation, message, age)),
        ("story", json!(message.story)),
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
            "template" => json!({"id": id, "generic_template": template(payload)}),
            _ => json!({"id": id, "mime_type": "application/octet-stream", "name": kind, "size": 0, "file_url": url}),
        }
    });
    json!({"data": shown.collect::<Vec<_>>()})
}

/// A template, of whatever kind: its words, its picture, and where its buttons lead. Of several cards the first is shown.
fn template(payload: &Value) -> Value {
    let card = payload.get("elements").and_then(|elements| elements.get(0)).unwrap_or(payload);
    let first = |names: &[&str]| names.iter().find_map(|name| card.get(*name)).cloned().unwrap_or_default();
    let buttons = card["buttons"].as_array().into_iter().flatten().map(|button| {
        let kept = ["title", "type", "url"].into_iter();
        kept.filter_map(|name| Some((name.to_owned(), button.get(name)?.clone()))).collect::<Value>()
    });
    let mut shown = json!({"title": first(&["text", "title", "name"]), "subtitle": first(&["subtitle"]),
        "media_url": first(&["image_url", "url"]), "cta": buttons.collect::<Vec<_>>()});
    if let Some(shown) = shown.as_object_mut() {
        shown.retain(|_, value| !value.is_null() && value != &json!([]));
    }
    shown
}

/// Where a message is, whether it was read and whence it came: by an app, by the inbox, by the person.
fn tags(conversation: &Conversation<'_>, message: &Message, age: usize) -> Value {
    let by_business = message.from == Side::Business;
    let answered = || conversation.chat.messages().rev().take(age).any(|later| later.from == Side::Business);
    let by_app = message.app_id.as_ref() == Some(&conversation.shared.world.app.id);
    let names = [
        (true, "inbox"),
        (by_business || conversation.chat.seen || answered(), "read"),
        (by_business, "sent"),
        (by_business && !by_app, "source:web"),
        (!by_business, "source:chat"),
    ];
    let names = names.into_iter().filter(|(is_so, _)| *is_so);
    json!({"data": names.map(|(_, name)| json!({"name": name})).collect::<Vec<_>>()})
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
