//! Whether a well-formed call may be sent to this person now: block, tag, window. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;

use super::super::chat::WINDOW;
use super::super::world::Platform;
use super::call::{Call, Content, MessagingType};
use super::error::GraphError;

const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the rules look at besides the call.
pub(super) struct Facts {
    pub(super) platform: Platform,
    /// The person's last opener.
    pub(super) opened_at: Option<Timestamp>,
    pub(super) blocked: bool,
}

/// Refuses what Meta would refuse.
pub(super) fn check(call: &Call, facts: &Facts, now: Timestamp) -> Result<(), GraphError> {
    if facts.blocked {
        return Err(GraphError::api(551, "This person isn't available right now.").with(1_545_041));
    }
    let instagram = facts.platform.is_instagram();
    match (call.messaging_type, call.tag.as_deref()) {
        (MessagingType::MessageTag, Some(tag)) => tagged(tag, call, facts, now),
        (MessagingType::MessageTag, None) => Err(GraphError::parameter("The parameter tag is required")),
        (_, Some(_)) => Err(GraphError::parameter("Param tag goes with messaging_type MESSAGE_TAG only")),
        (MessagingType::Utility, None) if instagram => {
            Err(GraphError::parameter("Param messaging_type UTILITY is not available on Instagram"))
        }
        (MessagingType::Utility, None) => utility(call, facts),
        (MessagingType::Response | MessagingType::Update, None) => within(WINDOW, facts, now),
    }
}

fn tagged(tag: &str, call: &Call, facts: &Facts, now: Timestamp) -> Result<(), GraphError> {
    match (tag, facts.platform) {
        ("HUMAN_AGENT", _) => within(SEVEN_DAYS, facts, now),
        ("CUSTOMER_FEEDBACK", Platform::Messenger) => {
            if template(call) != Some("customer_feedback") {
                return Err(GraphError::parameter(
                    "Tag CUSTOMER_FEEDBACK goes with the customer_feedback template only",
                ));
            }
            within(SEVEN_DAYS, facts, now)
        }
        // The default world grants every feature, news messaging among them; only who once wrote has subscribed.
        ("NON_PROMOTIONAL_SUBSCRIPTION", Platform::Messenger) => known(facts),
        (_, Platform::Messenger) => {
            let tags = "HUMAN_AGENT, CUSTOMER_FEEDBACK, NON_PROMOTIONAL_SUBSCRIPTION";
            Err(GraphError::parameter(format!(
                "Param tag must be one of {{{tags}}}: the others are no longer supported"
            )))
        }
        _ => Err(GraphError::parameter("Param tag must be one of {HUMAN_AGENT}")),
    }
}

fn utility(call: &Call, facts: &Facts) -> Result<(), GraphError> {
    match &call.content {
        Content::Message(message) if message.contains_key("template") => known(facts),
        _ => Err(GraphError::parameter("messaging_type UTILITY goes with message[template] only")),
    }
}

fn within(length: Duration, facts: &Facts, now: Timestamp) -> Result<(), GraphError> {
    match facts.opened_at {
        Some(opened_at) if now <= opened_at + length => Ok(()),
        _ => Err(outside(facts.platform)),
    }
}

/// A conversation is begun by the person, whatever the message is sent under.
fn known(facts: &Facts) -> Result<(), GraphError> {
    facts.opened_at.map(|_| ()).ok_or_else(|| outside(facts.platform))
}

fn outside(platform: Platform) -> GraphError {
    let message = "This message is sent outside of allowed window. Learn more about the new policy here: \
        https://developers.facebook.com/docs/messenger-platform/policy-overview";
    GraphError::api(10, message).with(if platform.is_instagram() { 2_534_022 } else { 2_018_278 })
}

fn template(call: &Call) -> Option<&str> {
    let Content::Message(message) = &call.content else { return None };
    message.get("attachment")?.get("payload")?.get("template_type").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECOND: i64 = 1_000;
    const DAY: i64 = 24 * 3600 * SECOND;
    const OUTSIDE: Result<(), (u32, Option<u32>)> = Err((10, Some(2_018_278)));
    const OUTSIDE_IG: Result<(), (u32, Option<u32>)> = Err((10, Some(2_534_022)));
    const PARAMETER: Result<(), (u32, Option<u32>)> = Err((100, None));

    fn judged(
        platform: Platform,
        fields: &Value,
        facts: (Option<i64>, bool),
        now: i64,
    ) -> Result<(), (u32, Option<u32>)> {
        let mut call = json!({"recipient": {"id": "1"}, "message": {"text": "x"}});
        call.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let call = Call::read(call.as_object().expect("an object")).expect("the call is well-formed");
        let facts = Facts { platform, opened_at: facts.0.map(Timestamp), blocked: facts.1 };
        check(&call, &facts, Timestamp(now)).map_err(|error| (error.code, error.subcode))
    }

    #[test]
    fn the_window() {
        use Platform::{Instagram, InstagramLogin, Messenger};
        let check = |platform, fields: Value, now: i64, expected| {
            assert_eq!(judged(platform, &fields, (Some(0), false), now), expected, "{fields} at {now}");
        };
        for kind in [json!({}), json!({"messaging_type": "RESPONSE"}), json!({"messaging_type": "UPDATE"})] {
            check(Messenger, kind.clone(), DAY - SECOND, Ok(()));
            check(Messenger, kind.clone(), DAY + SECOND, OUTSIDE);
            check(Instagram, kind.clone(), DAY - SECOND, Ok(()));
            check(Instagram, kind.clone(), DAY + SECOND, OUTSIDE_IG);
            check(InstagramLogin, kind, DAY + SECOND, OUTSIDE_IG);
        }
        let human = || json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"});
        check(Messenger, human(), 7 * DAY - SECOND, Ok(()));
        check(Messenger, human(), 7 * DAY + SECOND, OUTSIDE);
        check(Instagram, human(), 7 * DAY - SECOND, Ok(()));
        check(Instagram, human(), 7 * DAY + SECOND, OUTSIDE_IG);
    }

    #[test]
    fn tags_and_types() {
        use Platform::{Instagram, Messenger};
        let check = |platform, fields: Value, expected| {
            assert_eq!(judged(platform, &fields, (Some(0), false), SECOND), expected, "{fields}");
        };
        let tag = |tag: &str| json!({"messaging_type": "MESSAGE_TAG", "tag": tag});
        for retired in
            ["ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "SHIPPING_UPDATE", "human_agent"]
        {
            check(Messenger, tag(retired), PARAMETER);
        }
        check(Messenger, tag("CUSTOMER_FEEDBACK"), PARAMETER);
        check(Instagram, tag("CUSTOMER_FEEDBACK"), PARAMETER);
        check(Messenger, tag("NON_PROMOTIONAL_SUBSCRIPTION"), Ok(()));
        check(Instagram, tag("NON_PROMOTIONAL_SUBSCRIPTION"), PARAMETER);
        check(Messenger, json!({"messaging_type": "MESSAGE_TAG"}), PARAMETER);
        check(Messenger, json!({"messaging_type": "RESPONSE", "tag": "HUMAN_AGENT"}), PARAMETER);
        check(Messenger, json!({"messaging_type": "UTILITY"}), PARAMETER);
        let utility = || json!({"messaging_type": "UTILITY", "message": {"template": {"name": "order"}}});
        check(Messenger, utility(), Ok(()));
        check(Instagram, utility(), PARAMETER);
    }

    #[test]
    fn nobody_is_written_to_who_never_wrote_or_does_not_want_it() {
        let check = |opened_at, blocked, expected| {
            assert_eq!(judged(Platform::Messenger, &json!({}), (opened_at, blocked), 1), expected);
        };
        check(None, false, OUTSIDE);
        check(Some(0), true, Err((551, Some(1_545_041))));
        check(Some(0), false, Ok(()));
    }
}
