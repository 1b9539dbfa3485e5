//! P5: one notification, for which the person asked.
//!
//! That it is of the moment and of this person's concern (P5.4) is what its author declares by sending it on the token.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/one-time-notification>

use std::time::Duration;

use super::ground::Ground;
use super::refusal::{Refusal, refuse};
use super::{Facts, Intent, Right, Standing, opt_in};
use crate::clock::Timestamp;

/// P5.3. How long a token for one notification lives.
pub const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// P5.6, P5.1, P5.2, P5.3. One message on a token that the person gave within the year.
pub(super) fn check(standing: &Standing, facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    opt_in::one_time(standing)?;
    if intent.request.is_action() {
        return refuse("P5.2", "a token is for one message, not for a sender action");
    }
    Ground::of(intent.request)?.is_the_right_alone()?;
    let Some(Right::OneTime { created_at, taken_by }) = facts.right else {
        return refuse("P5.1", "nobody is known to have given this token");
    };
    if taken_by.is_some() && taken_by != intent.send {
        return refuse("P5.2", "this token has had its one message");
    }
    if now >= created_at + YEAR {
        return refuse("P5.3", "the token is more than a year old");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::SendId;
    use crate::policy::fixture::{Case, DAY, OPENED, SECOND, template};
    use crate::settings::Feature;

    fn on_a_token(taken_by: Option<i64>) -> Case {
        let right = Right::OneTime { created_at: OPENED, taken_by: taken_by.map(SendId) };
        Case::of(json!({"recipient": {"one_time_notif_token": "4711"}})).right(right)
    }

    #[test]
    fn p5_1_no_token_no_send() {
        on_a_token(None).is(0, None);
        on_a_token(None).facts(|facts| facts.right = None).is(0, Some("P5.1"));
        let comment = Right::PrivateReply { at: OPENED, live: false, taken_by: None };
        on_a_token(None).right(comment).is(0, Some("P5.1"));
    }

    #[test]
    fn p5_2_a_token_is_for_one_message() {
        on_a_token(Some(1)).is(0, Some("P5.2"));
        on_a_token(Some(1)).sent_as(2).is(0, Some("P5.2"));
        on_a_token(Some(1)).sent_as(1).is(0, None);
        let typing = json!({"recipient": {"one_time_notif_token": "4711"}, "sender_action": "typing_on"});
        let right = Right::OneTime { created_at: OPENED, taken_by: None };
        Case::of(typing).right(right).is(0, Some("P5.2"));
    }

    #[test]
    fn p5_3_a_token_dies_after_a_year() {
        on_a_token(None).is(365 * DAY - SECOND, None);
        on_a_token(None).is(365 * DAY - 1, None);
        on_a_token(None).is(365 * DAY, Some("P5.3"));
        on_a_token(None).is(365 * DAY + SECOND, Some("P5.3"));
    }

    #[test]
    fn p5_6_asking_and_sending_need_the_feature() {
        on_a_token(None).without(Feature::OneTimeNotification).is(0, Some("P5.6"));
        let asking = Case::of(template("one_time_notif_req"));
        asking.is(0, None);
        asking.without(Feature::OneTimeNotification).is(0, Some("P5.6"));
    }
}
