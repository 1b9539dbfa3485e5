//! P5.6, P11.1: what a person opts in to, and the features without which an account can neither ask for that nor send it.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/templates>

use super::Standing;
use super::refusal::{Refusal, refuse};
use crate::message::Request;
use crate::settings::Feature;

/// P5.6. The feature is a beta that Meta grants.
pub(super) fn one_time(standing: &Standing) -> Result<(), Refusal> {
    if standing.has(Feature::OneTimeNotification) {
        return Ok(());
    }
    refuse("P5.6", "the account does not have the feature one_time_notification")
}

/// P11.1. The feature is granted by Meta.
pub(super) fn marketing(standing: &Standing) -> Result<(), Refusal> {
    if standing.has(Feature::Marketing) {
        return Ok(());
    }
    refuse("P11.1", "the account does not have the feature marketing")
}

/// P5.6, P11.1. The templates that ask for a token need what sending on it needs.
pub(super) fn asking(standing: &Standing, request: &Request) -> Result<(), Refusal> {
    match request.as_message().and_then(|message| message.template_type()) {
        Some("one_time_notif_req") => one_time(standing),
        Some("notification_messages") => marketing(standing),
        _ => Ok(()),
    }
}
