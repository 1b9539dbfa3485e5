//! Whether a well-formed call may be sent to this person now: thread owner, block, tag, window. Pure.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use crate::clock::Timestamp;

use super::super::chat::WINDOW;
use super::super::world::{App, Feature};
use super::call::{Call, Content, MessagingType};
use super::error::GraphError;
use super::facts::{Facts, granted, known, template, within};
use super::recipient::Recipient;
use super::{rightful, tags};

/// Refuses what Meta would refuse.
pub(super) fn check(call: &Call, facts: &Facts<'_>, now: Timestamp) -> Result<(), GraphError> {
    let instagram = facts.platform.is_instagram();
    if facts.anothers {
        let message = "Message failed to send because another app is controlling this thread now.";
        return Err(match instagram {
            true => GraphError::parameter(message).with(2_534_037),
            false => GraphError::api(10, message).with(2_018_300),
        });
    }
    if facts.blocked {
        return Err(GraphError::api(551, "This person isn't available right now.").with(1_545_041));
    }
    if instagram && call.persona_id.is_some() {
        return Err(GraphError::parameter("Param persona_id is not available on Instagram"));
    }
    tags::check_name(call, facts.platform)?;
    check_template(call, facts.app)?;
    match &call.recipient {
        Recipient::Comment(_) | Recipient::Post(_) => rightful::check_reply(call, facts),
        Recipient::Token(_, kind) => rightful::check_token(call, *kind, facts),
        Recipient::Id(_) | Recipient::UserRef(_) | Recipient::PhoneNumber => to_the_person(call, facts, now),
    }
}

fn to_the_person(call: &Call, facts: &Facts<'_>, now: Timestamp) -> Result<(), GraphError> {
    match &call.content {
        // What is no message can be excused by no tag.
        Content::Action(_) => within(WINDOW, facts, now),
        Content::Message(..) => match call.messaging_type {
            MessagingType::MessageTag => tags::check(call, facts, now),
            MessagingType::Utility => utility(call, facts),
            MessagingType::Response | MessagingType::Update => within(WINDOW, facts, now),
        },
    }
}

fn utility(call: &Call, facts: &Facts<'_>) -> Result<(), GraphError> {
    if facts.platform.is_instagram() {
        return Err(GraphError::parameter("Param messaging_type UTILITY is not available on Instagram"));
    }
    granted(facts.app, Feature::Utility)?;
    match &call.content {
        Content::Message(message, _) if message.get("template").is_some() => known(facts),
        _ => Err(GraphError::parameter("messaging_type UTILITY goes with message[template] only")),
    }
}

/// The templates that ask for a token need the feature that the token is for.
fn check_template(call: &Call, app: &App) -> Result<(), GraphError> {
    match template(call) {
        Some("one_time_notif_req") => granted(app, Feature::OneTimeNotification),
        Some("notification_messages") => granted(app, Feature::Marketing),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::emulator::{Platform, World};

    type Judged = Result<(), (u32, Option<u32>)>;

    const SECOND: i64 = 1_000;
    const DAY: i64 = 24 * 3600 * SECOND;
    const OUTSIDE: Judged = Err((10, Some(2_018_278)));
    const OUTSIDE_IG: Judged = Err((10, Some(2_534_022)));

    fn judged(platform: Platform, fields: Value, change: impl FnOnce(&mut Facts<'_>), now: i64) -> Judged {
        let mut call = json!({"recipient": {"id": "1"}, "message": {"text": "x"}});
        call.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let call = Call::read(call.as_object().expect("an object")).expect("the call is well-formed");
        let app = World::default().app;
        let opened_at = Some(Timestamp(0));
        let mut facts = Facts { app: &app, platform, opened_at, blocked: false, anothers: false, right: Ok(()) };
        change(&mut facts);
        check(&call, &facts, Timestamp(now)).map_err(|error| (error.code, error.subcode))
    }

    #[test]
    fn the_window() {
        use Platform::{Instagram, InstagramLogin, Messenger};
        let check = |platform, fields: &Value, now: i64, expected| {
            assert_eq!(judged(platform, fields.clone(), |_| {}, now), expected, "{fields} at {now}");
        };
        for kind in [json!({}), json!({"messaging_type": "RESPONSE"}), json!({"messaging_type": "UPDATE"})] {
            check(Messenger, &kind, DAY - SECOND, Ok(()));
            check(Messenger, &kind, DAY + SECOND, OUTSIDE);
            check(Instagram, &kind, DAY - SECOND, Ok(()));
            check(Instagram, &kind, DAY + SECOND, OUTSIDE_IG);
            check(InstagramLogin, &kind, DAY + SECOND, OUTSIDE_IG);
        }
        let human = json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"});
        check(Messenger, &human, 7 * DAY - SECOND, Ok(()));
        check(Messenger, &human, 7 * DAY + SECOND, OUTSIDE);
        check(Instagram, &human, 7 * DAY - SECOND, Ok(()));
        check(Instagram, &human, 7 * DAY + SECOND, OUTSIDE_IG);
    }

    #[test]
    fn what_the_person_or_another_app_forbids() {
        use Platform::{Instagram, Messenger};
        let check = |platform, change: fn(&mut Facts<'_>), expected| {
            assert_eq!(judged(platform, json!({}), change, 1), expected);
        };
        check(Messenger, |facts| facts.opened_at = None, OUTSIDE);
        check(Messenger, |facts| facts.blocked = true, Err((551, Some(1_545_041))));
        check(Messenger, |facts| facts.anothers = true, Err((10, Some(2_018_300))));
        check(Instagram, |facts| facts.anothers = true, Err((100, Some(2_534_037))));
        check(Messenger, |_| {}, Ok(()));
    }
}
