//! P16: what Meta enforces on an account.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_policy_enforcement>

use super::{Facts, Refusal, Signal, refuse};

/// P16.1, P16.2. Nothing leaves an account whose sends Meta has blocked, until Meta lifts the block. A warning changes
/// nothing here.
pub(super) fn check(facts: &Facts) -> Result<(), Refusal> {
    match facts.blocked.map(|block| block.signal) {
        None => Ok(()),
        Some(Signal::Webhook) => refuse("P16.1", "Meta has blocked the account's sends, and not lifted that yet"),
        Some(Signal::Other) => refuse("P16.2", "Meta has restricted the account, and not lifted that yet"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::fixture::{Case, OPENED};
    use crate::policy::{Enforcement, Right, Signal};

    #[test]
    fn p16_a_blocked_account_sends_nothing_on_whatever_ground() {
        let right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };
        for (signal, rule) in [(Signal::Webhook, "P16.1"), (Signal::Other, "P16.2")] {
            for wish in [
                json!({}),
                json!({"sender_action": "typing_on"}),
                json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
                json!({"recipient": {"comment_id": "9_77"}}),
            ] {
                let case = Case::of(wish).by_agent().right(right);
                case.is(0, None);
                case.facts(|facts| facts.blocked = Some(Enforcement { since: OPENED, signal })).is(0, Some(rule));
            }
        }
    }
}
