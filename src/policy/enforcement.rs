//! P16: what Meta enforces on an account.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_policy_enforcement>

use std::time::Duration;

use super::refusal::{Refusal, refuse};
use super::{Enforcement, Facts, Signal};
use crate::clock::Timestamp;

/// P16.2. How long an account rests that Meta has refused as a whole. Meta tells neither how long that goes on nor when it
/// is over.
const REST: Duration = Duration::from_secs(3600);

/// P16.2. Whether an answer to a send refuses the account as a whole, and not this send alone.
///
/// By its text 10/1404170 bars requests for an opt-in alone. Meta counts it among the blocks for a while, so the account rests
/// as for the others: the stricter of the two readings. 613/2018338 is a warning that tags look abused, and bars nothing:
/// the send fails, and others go on.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>
pub fn restricts(code: i64, subcode: Option<i64>) -> bool {
    match code {
        368 | 2022 => true,
        10 => matches!(subcode, Some(1_404_170 | 1_893_063)),
        100 => subcode == Some(2_534_029),
        _ => false,
    }
}

/// P16.1, P16.2. Nothing leaves an account whose sends Meta has blocked: by the webhook until it lifts the block, by an answer
/// for an hour. A warning changes nothing here.
pub(super) fn check(facts: &Facts, now: Timestamp) -> Result<(), Refusal> {
    match facts.blocked {
        Some(Enforcement { signal: Signal::Webhook, .. }) => {
            refuse("P16.1", "Meta has blocked the account's sends, and not lifted that yet")
        }
        Some(Enforcement { signal: Signal::Answer, since }) if now < since + REST => {
            refuse("P16.2", "Meta has refused the account as a whole less than an hour ago")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::Right;
    use crate::policy::fixture::{Case, DAY, HOUR, OPENED, SECOND};

    fn on_whatever_ground() -> [Case; 4] {
        let right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };
        [
            json!({}),
            json!({"sender_action": "typing_on"}),
            json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
            json!({"recipient": {"comment_id": "9_77"}}),
        ]
        .map(|wish| Case::of(wish).by_agent().right(right))
    }

    fn blocked(case: Case, signal: Signal) -> Case {
        case.facts(|facts| facts.blocked = Some(Enforcement { since: OPENED, signal }))
    }

    #[test]
    fn p16_1_a_blocked_account_sends_nothing_on_whatever_ground() {
        for case in on_whatever_ground() {
            case.is(0, None);
            blocked(case.clone(), Signal::Webhook).is(0, Some("P16.1"));
            blocked(case, Signal::Webhook).is(DAY - SECOND, Some("P16.1"));
        }
    }

    #[test]
    fn p16_2_an_account_that_meta_refused_as_a_whole_rests_for_an_hour() {
        for case in on_whatever_ground() {
            let case = blocked(case, Signal::Answer);
            case.is(0, Some("P16.2"));
            case.is(HOUR - SECOND, Some("P16.2"));
            case.is(HOUR - 1, Some("P16.2"));
            case.is(HOUR, None);
            case.is(HOUR + SECOND, None);
        }
    }

    #[test]
    fn p16_2_is_told_by_these_answers() {
        for (code, subcode, expected) in [
            (368, None, true),
            (368, Some(1), true),
            (2022, None, true),
            (10, Some(1_893_063), true),
            (10, Some(1_404_170), true),
            (10, Some(2_018_278), false),
            (10, None, false),
            (100, Some(2_534_029), true),
            (100, None, false),
            (613, Some(2_018_338), false),
            (551, Some(1_545_041), false),
        ] {
            assert_eq!(restricts(code, subcode), expected, "{code}/{subcode:?}");
        }
    }
}
