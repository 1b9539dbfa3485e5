//! What the rules look at besides the call, and the conditions that several of them share. Pure.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;

use super::super::rights::Denial;
use super::super::world::{App, Feature, Platform};
use super::call::{Call, Content};
use super::error::GraphError;

/// What the rules look at besides the call.
pub(super) struct Facts<'a> {
    pub(super) app: &'a App,
    pub(super) platform: Platform,
    /// The person's last opener.
    pub(super) opened_at: Option<Timestamp>,
    pub(super) blocked: bool,
    /// Another app owns the conversation.
    pub(super) anothers: bool,
    /// Whether the comment, post or token that the call goes to still gives a right.
    pub(super) right: Result<(), Denial>,
}

/// Refuses what needs a feature that the app was not granted.
pub(super) fn granted(app: &App, feature: Feature) -> Result<(), GraphError> {
    if app.has(feature) {
        return Ok(());
    }
    let message = format!("The app has not been granted the feature {feature:?}, which this call needs");
    Err(GraphError::api(10, message))
}

/// Refuses what comes later than `length` after the person's last opener.
pub(super) fn within(length: Duration, facts: &Facts<'_>, now: Timestamp) -> Result<(), GraphError> {
    match facts.opened_at {
        Some(opened_at) if now <= opened_at + length => Ok(()),
        _ => Err(outside(facts.platform)),
    }
}

/// A conversation is begun by the person, whatever the message is sent under.
pub(super) fn known(facts: &Facts<'_>) -> Result<(), GraphError> {
    facts.opened_at.map(|_| ()).ok_or_else(|| outside(facts.platform))
}

/// The error of a message that comes too late.
pub(super) fn outside(platform: Platform) -> GraphError {
    let message = "This message is sent outside of allowed window. Learn more about the new policy here: \
        https://developers.facebook.com/docs/messenger-platform/policy-overview";
    GraphError::api(10, message).with(if platform.is_instagram() { 2_534_022 } else { 2_018_278 })
}

/// Which template the call sends.
pub(super) fn template(call: &Call) -> Option<&str> {
    let Content::Message(message, _) = &call.content else { return None };
    message.get("attachment")?.get("payload")?.get("template_type").and_then(Value::as_str)
}
