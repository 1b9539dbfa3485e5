//! Whether a message may be sent on a right that the person gave: a comment or post, a token. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use super::super::rights::{Denial, TokenKind};
use super::super::world::{Feature, Platform};
use super::call::{Call, MessagingType};
use super::error::GraphError;
use super::facts::{Facts, granted, outside};
use super::recipient::Recipient;

/// Refuses a private reply that cannot be sent, or not any more.
pub(super) fn check_reply(call: &Call, facts: &Facts<'_>) -> Result<(), GraphError> {
    if matches!(call.recipient, Recipient::Post(_)) && facts.platform.is_instagram() {
        return Err(GraphError::parameter("Param recipient[post_id] is not available on Instagram"));
    }
    check_type(call, "a private reply")?;
    facts.right.map_err(|denial| match (denial, facts.platform) {
        (Denial::Used, _) => GraphError::api(10, "Cannot send a private reply more than once."),
        (_, Platform::Messenger) => outside(Platform::Messenger),
        _ => GraphError::parameter("The comment is not valid for a private reply").with(2_534_025),
    })
}

/// Refuses a message on a token that gives nothing, or not yet again.
pub(super) fn check_token(call: &Call, kind: TokenKind, facts: &Facts<'_>) -> Result<(), GraphError> {
    if facts.platform.is_instagram() {
        return Err(GraphError::parameter("Notification tokens are not available on Instagram"));
    }
    check_type(call, "a message on a token")?;
    if kind == TokenKind::Marketing && !facts.app.marketing_tokens {
        let message = "Sending on a notification_messages_token is no longer supported: use the Marketing Messages API";
        return Err(GraphError::parameter(message));
    }
    granted(
        facts.app,
        match kind {
            TokenKind::OneTime => Feature::OneTimeNotification,
            TokenKind::Marketing => Feature::Marketing,
        },
    )?;
    facts.right.map_err(|denial| match denial {
        Denial::TooSoon => {
            let message = "A message was sent on this token less than 12 hours ago";
            GraphError::api(4, message).with(2_018_354)
        }
        Denial::Stopped => GraphError::api(10, "The person has stopped these messages").with(1_893_015),
        Denial::Used => GraphError::parameter("The one-time notification token has been used"),
        Denial::Expired | Denial::BroadcastOver => GraphError::parameter("The token is invalid or has expired"),
    })
}

/// The right itself is the ground of the message; a tag or a utility template would be a second one.
fn check_type(call: &Call, what: &str) -> Result<(), GraphError> {
    match call.messaging_type {
        MessagingType::Response | MessagingType::Update => Ok(()),
        MessagingType::MessageTag | MessagingType::Utility => {
            Err(GraphError::parameter(format!("Param messaging_type must be RESPONSE or UPDATE for {what}")))
        }
    }
}
