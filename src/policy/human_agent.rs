//! P3: a person may answer for seven days.
//!
//! Meta: <https://developers.facebook.com/docs/features-reference/human-agent>

use super::refusal::{Refusal, refuse};
use super::{Facts, Origin, Standing, start};
use crate::clock::Timestamp;
use crate::settings::Feature;

pub(super) const TAG: &str = "HUMAN_AGENT";

/// P3.3, P3.2, P3.1. The account has the feature, a person speaks, and the other one wrote within seven days.
pub(super) fn check(standing: &Standing, facts: &Facts, origin: Origin, now: Timestamp) -> Result<(), Refusal> {
    if !standing.has(Feature::HumanAgent) {
        return refuse("P3.3", "the account does not have the feature human_agent");
    }
    if origin == Origin::Bot {
        return refuse("P3.2", "HUMAN_AGENT is for what a person wrote: name the agent");
    }
    start::wrote_within_seven_days(facts, "P3.1", now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::fixture::{Case, DAY, HOUR, SECOND};
    use crate::settings::Feature;

    fn tagged() -> Case {
        Case::of(json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}))
    }

    #[test]
    fn p3_1_a_person_may_answer_for_seven_days() {
        for case in [tagged().by_agent(), tagged().by_agent().on_instagram()] {
            case.is(0, None);
            case.is(6 * DAY + 23 * HOUR, None);
            case.is(7 * DAY - SECOND, None);
            case.is(7 * DAY - 1, None);
            case.is(7 * DAY, Some("P3.1"));
            case.is(7 * DAY + SECOND, Some("P3.1"));
            case.facts(|facts| facts.last_message_at = None).is(0, Some("P3.1"));
        }
        tagged().by_agent().never_opened().is(0, Some("P0.1"));
    }

    #[test]
    fn p3_2_a_bot_is_no_human_agent() {
        tagged().is(0, Some("P3.2"));
        tagged().on_instagram().is(0, Some("P3.2"));
        tagged().by_agent().is(0, None);
    }

    #[test]
    fn p3_3_the_tag_needs_the_feature() {
        tagged().by_agent().without(Feature::HumanAgent).is(0, Some("P3.3"));
        tagged().without(Feature::HumanAgent).is(0, Some("P3.3"));
    }
}
