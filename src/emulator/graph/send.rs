//! Carries a call out: the message goes into the conversation, the echo and the delivery go to the callback.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::super::chat::{Message, Reaction, Side};
use super::super::routing::CONTROL;
use super::super::setup::Persona;
use super::super::state::{Shared, State};
use super::super::uploads::MediaKind;
use super::super::world::{ChatKey, Platform};
use super::action::{Action, emoji};
use super::call::{Call, ThreadControl};
use super::error::GraphError;
use super::quick_replies;
use super::recipient::Recipient;
use super::threads;

/// Sends a message that may be sent. Returns what the answer says of it besides the recipient.
pub(super) fn message(
    shared: &Shared,
    state: &mut State,
    key: ChatKey,
    call: &Call,
    content: &Value,
) -> Result<Map<String, Value>, GraphError> {
    if let Some(mid) = &call.reply_to
        && state.chat(key).find(mid).is_none()
    {
        return Err(GraphError::parameter("Param reply_to[mid] is not a message of this conversation"));
    }
    let next = match &call.thread_control {
        Some(ThreadControl::Pass { app_id }) => {
            Next::Owner(threads::target(&shared.world, key, app_id.as_deref(), "thread_control[app_id]")?)
        }
        Some(ThreadControl::Release) => Next::Nobody,
        // Whoever answers has the conversation; what goes to a comment, or on a token, is no answer in it.
        None if call.recipient.is_person() => Next::Owner(&shared.world.app.id),
        None => Next::AsBefore,
    };
    let now = shared.clock.now();
    let content = &without_nulls(content.clone());
    let chips = content.get("quick_replies").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let persona = call.persona_id.as_ref().and_then(|id| state.setup.personas.find(&[key.account], id));
    let message = Message {
        text: content.get("text").and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned),
        attachments: attachments(content),
        quick_replies: quick_replies::shown(chips, shared.world.accounts[key.account].platform),
        reply_to: call.reply_to.clone(),
        app_id: Some(shared.world.app.id.clone()),
        persona: persona.map(Persona::seen),
        ..Message::new(state.mid(&shared.world, key.account), Side::Business, now)
    };
    let metadata = content.get("metadata").and_then(Value::as_str);
    // What tells of a message names the person, who stays unknown to an app that knows a reference alone.
    if call.recipient.is_told() {
        announce(shared, state, key, &message, metadata);
    }
    let mut answer = Map::from_iter([("message_id".to_owned(), json!(message.mid))]);
    state.chat(key).add(message);
    settle(state, key, call, next, now);
    if let Some(kind) = reusable(content) {
        answer.insert("attachment_id".into(), json!(state.uploads.add(key.account, kind, now)));
    }
    Ok(answer)
}

/// Whose the conversation is after a message.
enum Next<'a> {
    Owner(&'a str),
    Nobody,
    AsBefore,
}

/// What changes with the message: the right it was sent on is used, and the conversation may go to another app.
fn settle(state: &mut State, key: ChatKey, call: &Call, next: Next<'_>, now: Timestamp) {
    match &call.recipient {
        Recipient::Comment(id) | Recipient::Post(id) => state.rights.use_reply(id),
        Recipient::Token(token, _) => state.rights.use_token(token, now),
        Recipient::Id(_) | Recipient::UserRef(_) | Recipient::PhoneNumber => {}
    }
    match next {
        Next::Owner(app_id) => state.routing.keep(key, app_id, now + CONTROL),
        Next::Nobody => state.routing.release(key),
        Next::AsBefore => {}
    }
}

/// As what the file of a message can be sent again.
fn reusable(content: &Value) -> Option<MediaKind> {
    let attachment = content.get("attachment")?;
    let kind = attachment["type"].as_str().and_then(MediaKind::named);
    kind.filter(|_| attachment["payload"]["is_reusable"] == true)
}

/// Tells the app that the message was sent, and on Messenger that it has arrived.
fn announce(shared: &Shared, state: &mut State, key: ChatKey, message: &Message, metadata: Option<&str>) {
    let Some(ends) = shared.ends(key, message.at) else { return };
    shared.push(state, key, ends.echo(echoed(message), &shared.world.app.id, metadata));
    if ends.account.platform == Platform::Messenger {
        shared.push(state, key, ends.delivery(&message.mid, message.at));
    }
}

/// What the echo shows of a message.
fn echoed(message: &Message) -> Map<String, Value> {
    let mut echoed = Map::from_iter([("mid".to_owned(), json!(message.mid))]);
    if let Some(text) = &message.text {
        echoed.insert("text".into(), json!(text));
    }
    if !message.attachments.is_empty() {
        echoed.insert("attachments".into(), message.attachments.iter().cloned().map(echoed_attachment).collect());
    }
    if let Some(mid) = &message.reply_to {
        echoed.insert("reply_to".into(), json!({"mid": mid}));
    }
    echoed
}

/// Does what a sender action says.
pub(super) fn action(shared: &Shared, state: &mut State, key: ChatKey, action: &Action) -> Result<(), GraphError> {
    let (now, platform) = (shared.clock.now(), shared.world.accounts[key.account].platform);
    let chat = state.chat(key);
    let unknown = || GraphError::parameter("Param payload[message_id] is not a message of this conversation");
    match action {
        Action::TypingOn => chat.set_typing(true, now),
        Action::TypingOff => chat.set_typing(false, now),
        Action::MarkSeen => chat.seen = true,
        Action::React { mid, reaction } => {
            let emoji = emoji(reaction, platform)?.to_owned();
            let reaction = Reaction { from: Side::Business, reaction: reaction.clone(), emoji };
            chat.find(mid).ok_or_else(unknown)?.react(reaction);
        }
        Action::Unreact { mid } => {
            chat.find(mid).ok_or_else(unknown)?.unreact(Side::Business);
        }
    }
    Ok(())
}

/// What is null counts as absent, for those who draw the message as for those who judge it.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let given = fields.into_iter().filter(|(_, value)| !value.is_null());
            given.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

/// The attachments of a message in one list, whichever way it carries them.
fn attachments(content: &Value) -> Vec<Value> {
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

    #[test]
    fn what_is_null_is_not_kept() {
        let content = json!({"text": null, "attachment": {"type": "template", "payload": {"elements": [{"title": "Cup", "buttons": null}]}},
            "sticker_id": null});
        let kept = without_nulls(content);
        assert_eq!(attachments(&kept), [json!({"type": "template", "payload": {"elements": [{"title": "Cup"}]}})]);
    }
}
