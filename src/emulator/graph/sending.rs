//! `POST /{node}/messages`: a call of the Send API on its way through the checks, until it is carried out.
//!
//! The order of the checks is one that Meta does not promise: token (`access`), form (`call`), recipient, an enforced block,
//! a scripted refusal, pace, owner of the conversation, block by the person, tag and feature, window or right (`rules`), persona,
//! limits (`limits`), the message that is answered or reacted to. What passes them all is sent; the faults under which a
//! message goes out strike then.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::faults::SendFault;
use super::super::rates::Pace;
use super::super::state::{Shared, State};
use super::super::world::{ChatKey, Platform};
use super::action::Action;
use super::call::{Call, Content, Fields, MessagingType};
use super::error::GraphError;
use super::facts::Facts;
use super::frame::Frame;
use super::progress::Progress;
use super::recipient::Recipient;
use super::request::Request;
use super::{access, limits, rules, send};

/// Takes a call through the checks and carries it out.
pub(super) fn answer(
    shared: &Shared,
    state: &mut State,
    request: &Request,
    progress: &mut Progress,
) -> Result<Map<String, Value>, GraphError> {
    // The token is looked at first, even where the body cannot be read.
    let accounts = access::accounts(&shared.world, &request.node, &request.headers, &request.readable())?;
    progress.account = accounts.first().copied();
    handle(shared, state, &accounts, request.fields()?, progress)
}

/// Takes a call that may speak for `accounts` through the checks and carries it out.
fn handle(
    shared: &Shared,
    state: &mut State,
    accounts: &[usize],
    fields: &Fields,
    progress: &mut Progress,
) -> Result<Map<String, Value>, GraphError> {
    let call = Call::read(fields)?;
    let key = call.recipient.find(shared, state, accounts)?;
    (progress.account, progress.chat) = (Some(key.account), Some(key));
    let platform = shared.world.accounts[key.account].platform;
    if matches!(call.content, Content::Message(..)) {
        if state.enforced.contains_key(&key.account) {
            return Err(blocked());
        }
        if let Some(error) = state.faults.due_send().and_then(|fault| failure(fault, platform)) {
            progress.fault = state.faults.next_send();
            progress.throttled = (progress.fault == Some(SendFault::RateLimit)).then_some(Duration::ZERO);
            return Err(error);
        }
    }
    if let Some(pace) = pace(&call, state) {
        let taken = state.rates.take(key.account, platform, pace, shared.clock.now());
        taken.map_err(|wait| {
            progress.throttled = Some(wait);
            too_many(platform)
        })?;
    }
    check(shared, state, key, &call)?;
    let mut answer = match &call.content {
        Content::Message(message, _) => {
            let answer = send::message(shared, state, key, &call, message)?;
            // Only what lets the message go out can still be due.
            progress.fault = state.faults.next_send();
            answer
        }
        Content::Action(action) => {
            send::action(shared, state, key, action)?;
            Map::new()
        }
    };
    if let Some(id) = shared.world.scoped_id(key).filter(|_| call.recipient.is_told()) {
        answer.insert("recipient_id".into(), json!(id));
    }
    Ok(answer)
}

/// Refuses what Meta would refuse, and changes nothing.
fn check(shared: &Shared, state: &mut State, key: ChatKey, call: &Call) -> Result<(), GraphError> {
    let (now, app) = (shared.clock.now(), &shared.world.app);
    let platform = shared.world.accounts[key.account].platform;
    let anothers = state.routing.is_anothers(key, &app.id, now);
    let right = match &call.recipient {
        Recipient::Comment(id) | Recipient::Post(id) => state.rights.may_reply(id, now),
        Recipient::Token(token, _) => state.rights.may_notify(token, now),
        _ => Ok(()),
    };
    let is_barred = state.setup.is_barred(key);
    let chat = state.chat(key);
    let blocked = chat.blocked || is_barred;
    let facts = Facts { app, platform, opened_at: chat.opened_at(), blocked, anothers, right };
    rules::check(call, &facts, now)?;
    if let Some(id) = &call.persona_id
        && state.setup.personas.find(&[key.account], id).is_none()
    {
        return Err(GraphError::parameter("Param persona_id is not a persona of this Page"));
    }
    if let Content::Message(message, file) = &call.content {
        let is_utility = call.messaging_type == MessagingType::Utility;
        let (uploads, templates, file) = (&state.uploads, &state.setup.templates, file.as_ref());
        let (account, local_media) = (key.account, app.local_media);
        let frame = Frame { platform, account, uploads, file, templates, is_utility, local_media, now };
        limits::check(message, &frame)?;
    }
    Ok(())
}

/// As what the call is counted. Typing and reading marks are free.
fn pace(call: &Call, state: &State) -> Option<Pace> {
    match &call.content {
        Content::Message(message, _) => Some(call.recipient.pace(&state.rights).unwrap_or_else(|| {
            let kind = message.get("attachment").and_then(|attachment| attachment["type"].as_str());
            if matches!(kind, Some("audio" | "video")) { Pace::Media } else { Pace::Text }
        })),
        Content::Action(Action::React { .. } | Action::Unreact { .. }) => Some(Pace::Text),
        Content::Action(_) => None,
    }
}

fn too_many(platform: Platform) -> GraphError {
    let error = GraphError::api(613, "Calls to this api have exceeded the rate limit.");
    if platform.is_instagram() { error.with(2_534_040) } else { error }
}

/// The error of an account that Meta has blocked from sending.
fn blocked() -> GraphError {
    GraphError::api(368, "The action attempted has been deemed abusive or is otherwise disallowed")
}

/// The error of a fault that refuses.
fn failure(fault: SendFault, platform: Platform) -> Option<GraphError> {
    Some(match fault {
        SendFault::RateLimit => too_many(platform),
        SendFault::TokenExpired => {
            GraphError::plain(190, "Error validating access token: Session has expired.").with(463)
        }
        SendFault::Temporary => GraphError::api(2, "Service temporarily unavailable").transient(),
        SendFault::Blocked => blocked(),
        SendFault::LostAnswer | SendFault::Slow => return None,
    })
}
