//! The tags, under which a message may come after the window. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/message-tags>

use std::time::Duration;

use crate::clock::Timestamp;

use super::super::chat::WINDOW;
use super::super::world::{Feature, Platform};
use super::call::{Call, Content, MessagingType};
use super::error::GraphError;
use super::facts::{Facts, granted, known, template, within};

const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 3600);

const ON_MESSENGER: [&str; 3] = ["HUMAN_AGENT", "CUSTOMER_FEEDBACK", "NON_PROMOTIONAL_SUBSCRIPTION"];
const ON_INSTAGRAM: [&str; 1] = ["HUMAN_AGENT"];

/// Refuses a tag that is not served here (all the older ones are retired), one without its type, and the type without one.
pub(super) fn check_name(call: &Call, platform: Platform) -> Result<(), GraphError> {
    let known: &[&str] = if platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER };
    match (call.messaging_type, call.tag.as_deref()) {
        (_, Some(tag)) if !known.contains(&tag) => {
            let known = known.join(", ");
            let message = format!("Param tag must be one of {{{known}}}: the others are no longer supported");
            Err(GraphError::parameter(message))
        }
        (MessagingType::MessageTag, None) => Err(GraphError::parameter("The parameter tag is required")),
        (MessagingType::MessageTag, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(GraphError::parameter("Param tag goes with messaging_type MESSAGE_TAG only")),
    }
}

/// Refuses a message to which its tag does not apply.
pub(super) fn check(call: &Call, facts: &Facts<'_>, now: Timestamp) -> Result<(), GraphError> {
    // Stickers are sent within the window only.
    if matches!(&call.content, Content::Message(message, _) if message.get("sticker_id").is_some()) {
        return within(WINDOW, facts, now);
    }
    match call.tag.as_deref() {
        Some("CUSTOMER_FEEDBACK") => {
            if template(call) != Some("customer_feedback") {
                let message = "Tag CUSTOMER_FEEDBACK goes with the customer_feedback template only";
                return Err(GraphError::parameter(message));
            }
            within(SEVEN_DAYS, facts, now)
        }
        Some("NON_PROMOTIONAL_SUBSCRIPTION") => {
            granted(facts.app, Feature::News).map_err(|error| error.with(2_018_065))?;
            // Only who once wrote can have subscribed.
            known(facts)
        }
        _ => {
            granted(facts.app, Feature::HumanAgent)?;
            within(SEVEN_DAYS, facts, now)
        }
    }
}
