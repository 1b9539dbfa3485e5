//! The templates: which exist where, and the form of each, one file per family. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/templates>

mod button;
mod coupon;
mod customer_feedback;
mod customer_information;
mod form;
mod generic;
mod image_grid;
mod instant_form;
mod media;
mod notifications;
mod product;
mod receipt;
pub(super) mod utility;

use super::error::GraphError;
use super::frame::Frame;
use super::part::Part;

const ON_INSTAGRAM: [&str; 4] = ["generic", "button", "product", "notification_messages"];

const ON_MESSENGER: [&str; 13] = [
    "generic",
    "button",
    "media",
    "receipt",
    "coupon",
    "customer_feedback",
    "product",
    "image_grid",
    "one_time_notif_req",
    "notification_messages",
    "customer_information",
    "instant_form",
    "calling_optin",
];

/// Refuses a template that Meta would refuse.
pub(super) fn check(payload: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    let known: &[&str] = if frame.platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER };
    let kind = payload.required_one_of("template_type", known)?;
    payload.check_bool("sharable")?;
    match kind {
        "generic" => generic::check(payload, frame.platform),
        "button" => button::check(payload, frame.platform),
        "media" => media::check(payload, frame),
        "receipt" => receipt::check(payload),
        "coupon" => coupon::check(payload),
        "customer_feedback" => customer_feedback::check(payload),
        "product" => product::check(payload),
        "image_grid" => image_grid::check(payload, frame.platform),
        "one_time_notif_req" => notifications::check_one_time(payload),
        "notification_messages" => notifications::check_marketing(payload),
        "customer_information" => customer_information::check(payload),
        "instant_form" => instant_form::check(payload),
        // It asks whether the Page may call. What else stands in it is not published.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::limits::tests::judge;

    /// Checks what is said of a template on both platforms; none stands for an accepted one.
    #[track_caller]
    pub(super) fn judge_template(payload: &Value, messenger: Option<&str>, instagram: Option<&str>) {
        judge(&json!({"attachment": {"type": "template", "payload": payload}}), messenger, instagram);
    }

    /// The same for a template that Instagram does not have.
    #[track_caller]
    pub(super) fn judge_on_messenger(payload: &Value, expected: Option<&str>) {
        judge_template(payload, expected, Some("[template_type]"));
    }

    /// `payload` with one of its properties in another way; null takes it away.
    pub(super) fn changed(payload: &Value, key: &str, value: Value) -> Value {
        let mut payload = payload.clone();
        payload[key] = value;
        payload
    }

    #[test]
    fn removed_templates_do_not_exist() {
        for removed in ["list", "open_graph", "airline_itinerary", "airline_checkin", "airline_update"] {
            judge_on_messenger(&json!({"template_type": removed}), Some("[template_type] must be one of"));
        }
        judge_on_messenger(&json!({}), Some("[template_type] must be one of"));
    }
}
