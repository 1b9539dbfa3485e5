//! Carries a call out: the message goes into the conversation, the echo and the delivery go to the callback.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Message, Reaction, Side};
use super::super::state::{Shared, State};
use super::super::world::{ChatKey, Platform};
use super::call::{Action, Fields};
use super::error::GraphError;

/// Sends a message that may be sent. Returns what the answer says of it besides the recipient.
pub(super) fn message(
    shared: &Shared,
    state: &mut State,
    key: ChatKey,
    content: &Fields,
    reply_to: Option<String>,
) -> Result<Map<String, Value>, GraphError> {
    if let Some(mid) = &reply_to
        && state.chat(key).find(mid).is_none()
    {
        return Err(GraphError::parameter("Param reply_to[mid] is not a message of this conversation"));
    }
    let now = shared.clock.now();
    let mid = state.mid(&shared.world, key.account);
    let attachments = attachments(content);
    let text = content.get("text").and_then(Value::as_str).filter(|text| !text.is_empty());
    state.chat(key).add(Message {
        text: text.map(str::to_owned),
        attachments: attachments.clone(),
        quick_replies: content.get("quick_replies").and_then(Value::as_array).cloned().unwrap_or_default(),
        reply_to: reply_to.clone(),
        app_id: Some(shared.world.app.id.clone()),
        ..Message::new(mid.clone(), Side::Business, now)
    });
    let mut echoed = Map::from_iter([("mid".to_owned(), json!(mid))]);
    if let Some(text) = text {
        echoed.insert("text".into(), json!(text));
    }
    if !attachments.is_empty() {
        echoed.insert("attachments".into(), attachments.into_iter().map(echoed_attachment).collect());
    }
    if let Some(mid) = reply_to {
        echoed.insert("reply_to".into(), json!({"mid": mid}));
    }
    announce(shared, state, key, &mid, echoed, content.get("metadata").and_then(Value::as_str));
    let mut answer = Map::from_iter([("message_id".to_owned(), json!(mid))]);
    if content.get("attachment").is_some_and(|attachment| attachment["payload"]["is_reusable"] == true) {
        answer
            .insert("attachment_id".into(), json!(state.rng.u64(100_000_000_000_000..999_999_999_999_999).to_string()));
    }
    Ok(answer)
}

/// Tells the app that the message was sent, and on Messenger that it has arrived.
fn announce(
    shared: &Shared,
    state: &mut State,
    key: ChatKey,
    mid: &str,
    echoed: Map<String, Value>,
    metadata: Option<&str>,
) {
    let now = shared.clock.now();
    let Some(ends) = shared.ends(key, now) else { return };
    shared.push(state, key, ends.echo(echoed, &shared.world.app.id, metadata));
    if ends.account.platform == Platform::Messenger {
        shared.push(state, key, ends.delivery(mid, now));
    }
}

/// Does what a sender action says.
pub(super) fn action(state: &mut State, key: ChatKey, action: Action, now: Timestamp) -> Result<(), GraphError> {
    let chat = state.chat(key);
    let unknown = || GraphError::parameter("Param payload[message_id] is not a message of this conversation");
    match action {
        Action::TypingOn => chat.set_typing(true, now),
        Action::TypingOff => chat.set_typing(false, now),
        Action::MarkSeen => chat.seen = true,
        Action::React { mid, reaction } => {
            let emoji = if reaction == "love" { "❤️".to_owned() } else { reaction.clone() };
            chat.find(&mid).ok_or_else(unknown)?.react(Reaction { from: Side::Business, reaction, emoji });
        }
        Action::Unreact { mid } => {
            chat.find(&mid).ok_or_else(unknown)?.unreact(Side::Business);
        }
    }
    Ok(())
}

/// The attachments of a message in one list, whichever way it carries them.
fn attachments(content: &Fields) -> Vec<Value> {
    let one = content.get("attachment").cloned();
    let many = content.get("attachments").and_then(Value::as_array).cloned().unwrap_or_default();
    let sticker = content.get("sticker_id").map(|id| json!({"type": "sticker", "payload": {"sticker_id": id}}));
    let utility = content.get("template").map(|template| json!({"type": "template", "payload": template}));
    one.into_iter().chain(many).chain(sticker).chain(utility).collect()
}

/// An attachment as the echo shows it.
fn echoed_attachment(mut attachment: Value) -> Value {
    if attachment["type"] == "template" {
        let payload = &attachment["payload"];
        let title = [&payload["text"], &payload["title"], &payload["elements"][0]["title"]];
        let title = title.into_iter().find(|title| title.is_string()).cloned().unwrap_or_default();
        attachment["title"] = title;
        attachment["url"] = Value::Null;
    }
    if let Some(payload) = attachment["payload"].as_object_mut() {
        payload.remove("is_reusable");
        // The one place where Meta writes this id as a number.
        if let Some(number) = payload.get("attachment_id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok())
        {
            payload.insert("attachment_id".into(), json!(number));
        }
    }
    attachment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoes_show_attachments_as_meta_does() {
        let button =
            json!({"type": "template", "payload": {"template_type": "button", "text": "Pick one", "buttons": []}});
        let echoed = echoed_attachment(button.clone());
        assert_eq!(echoed, json!({"type": "template", "title": "Pick one", "url": null, "payload": button["payload"]}));
        let image = json!({"type": "image", "payload": {"attachment_id": "1857777774821032", "is_reusable": true}});
        assert_eq!(
            echoed_attachment(image),
            json!({"type": "image", "payload": {"attachment_id": 1_857_777_774_821_032_u64}})
        );
        assert_eq!(echoed_attachment(json!({"type": "like_heart"})), json!({"type": "like_heart", "payload": null}));
    }
}
