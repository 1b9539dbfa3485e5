//! Thread control: which of several apps speaks with a person.
//!
//! An account has a default app only where the world's `app.routing_default` says that this one is it. Without one, a
//! conversation that is idle is anybody's: all apps hear of it, and whoever answers first has it.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversation-routing>

use std::time::Duration;

use serde_json::{Value, json};

use super::super::routing::{CONTROL, INSTAGRAM_INBOX, PAGE_INBOX};
use super::super::world::{ChatKey, World};
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;

/// How far it can be extended.
const LONGEST: u64 = 604_800;

/// `POST /{page}/pass_thread_control`.
pub(super) fn pass(ask: &mut Ask<'_>) -> Answer {
    let chat = controlled(ask)?;
    let named = ask.text("target_app_id");
    let target = target(&ask.shared.world, chat, named.as_deref(), "target_app_id")?;
    ask.state.routing.give(chat, target, ask.now + CONTROL);
    done()
}

/// To which app a conversation is passed: the one that is `named` by a parameter, or else the default one. It is not the one
/// that passes it.
pub(super) fn target(
    world: &World,
    chat: ChatKey,
    named: Option<&str>,
    parameter: &str,
) -> Result<&'static str, GraphError> {
    let own = world.app.id.as_str();
    let default = world.app.routing_default.then_some(own);
    let target = named.or(default).ok_or_else(|| GraphError::required(parameter))?;
    if target == own {
        return Err(GraphError::parameter(format!("Param {parameter} must be another app than the one that calls")));
    }
    let inbox = if world.accounts[chat.account].platform.is_instagram() { INSTAGRAM_INBOX } else { PAGE_INBOX };
    if target == inbox { Ok(inbox) } else { Err(GraphError::parameter("Invalid app id").with(2_018_164)) }
}

/// `POST /{page}/release_thread_control`.
pub(super) fn release(ask: &mut Ask<'_>) -> Answer {
    let chat = owned(ask)?;
    ask.state.routing.release(chat);
    done()
}

/// `POST /{page}/take_thread_control`.
pub(super) fn take(ask: &mut Ask<'_>) -> Answer {
    let chat = posted(ask)?;
    let own = &ask.shared.world.app.id;
    if !ask.shared.world.app.routing_default {
        let message =
            "Only a default app of the Page's Conversation Routing, with takeover turned on, may take control";
        return Err(GraphError::api(10, message));
    }
    if ask.state.routing.owner(chat, ask.now) == Some(own) {
        return Err(GraphError::parameter("The app is the owner of this conversation already"));
    }
    ask.state.routing.give(chat, own, ask.now + CONTROL);
    done()
}

/// `POST /{page}/request_thread_control`. The owner is told; here that is an inbox, which people read and no program.
pub(super) fn request(ask: &mut Ask<'_>) -> Answer {
    let chat = posted(ask)?;
    let own = &ask.shared.world.app.id;
    if ask.shared.world.app.routing_default {
        return Err(GraphError::api(10, "A default app takes control rather than to request it"));
    }
    if ask.state.routing.owner(chat, ask.now).is_none() {
        ask.state.routing.give(chat, own, ask.now + CONTROL);
    }
    done()
}

/// `POST /{page}/extend_thread_control`.
pub(super) fn extend(ask: &mut Ask<'_>) -> Answer {
    let chat = owned(ask)?;
    let duration = ask.required("duration")?.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
    let duration = duration
        .ok_or_else(|| GraphError::parameter(format!("Param duration must be an integer between 1 and {LONGEST}")))?;
    let own = &ask.shared.world.app.id;
    ask.state.routing.give(chat, own, ask.now + Duration::from_secs(duration));
    done()
}

/// `GET /{page}/thread_owner?recipient=`. Who is not the owner and not the default app does not learn who is.
pub(super) fn owner(ask: &mut Ask<'_>) -> Answer {
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let chat = chat(ask)?;
    let app = &ask.shared.world.app;
    let routing = &ask.state.routing;
    let (Some(owner), Some(until)) = (routing.owner(chat, ask.now), routing.until(chat, ask.now)) else {
        return Ok(json!({"data": []}));
    };
    let mut shown = json!({"expiration": until.0 / 1000});
    if owner == app.id || app.routing_default {
        shown["app_id"] = json!(owner);
    }
    Ok(json!({"data": [{"thread_owner": shown}]}))
}

/// `GET /me/secondary_receivers`, of the protocol before this one: there are none any more.
pub(super) fn secondary_receivers(ask: &mut Ask<'_>) -> Answer {
    ask.accounts()?;
    if ask.verb == Verb::Get { Ok(json!({"data": []})) } else { Err(ask.unsupported()) }
}

/// Which parts of the routing an account has: a field of its node.
pub(super) fn features(routing_default: bool) -> Value {
    json!({"hop_v2": routing_default, "msgr_multi_app": true, "ig_multi_app": routing_default})
}

fn posted(ask: &Ask<'_>) -> Result<ChatKey, GraphError> {
    if ask.verb == Verb::Post { chat(ask) } else { Err(ask.unsupported()) }
}

/// A conversation that is the app's, or nobody's.
fn controlled(ask: &Ask<'_>) -> Result<ChatKey, GraphError> {
    let chat = posted(ask)?;
    match ask.state.routing.is_anothers(chat, &ask.shared.world.app.id, ask.now) {
        true => Err(not_the_owner(ask, chat)),
        false => Ok(chat),
    }
}

/// A conversation that is the app's.
fn owned(ask: &Ask<'_>) -> Result<ChatKey, GraphError> {
    let chat = posted(ask)?;
    match ask.state.routing.owner(chat, ask.now) == Some(ask.shared.world.app.id.as_str()) {
        true => Ok(chat),
        false => Err(not_the_owner(ask, chat)),
    }
}

fn not_the_owner(ask: &Ask<'_>, chat: ChatKey) -> GraphError {
    if ask.shared.world.accounts[chat.account].platform.is_instagram() {
        return GraphError::parameter("The app is not the owner of this conversation").with(2_534_037);
    }
    GraphError::api(10, "Message failed to send because another app is controlling this thread now.").with(2_018_300)
}

fn chat(ask: &Ask<'_>) -> Result<ChatKey, GraphError> {
    let (accounts, recipient) = (ask.accounts()?, ask.recipient()?);
    ask.required_chat(&accounts, &recipient)
}

fn done() -> Answer {
    Ok(json!({"success": true}))
}
