//! P0: a conversation is started by the person, never by the business.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use super::refusal::{Refusal, refuse};
use super::{Facts, SEVEN_DAYS, Window};
use crate::clock::Timestamp;
use crate::id::PersonId;

/// P0.2. Ids are scoped: the facts of one person's conversation say nothing of another's.
pub(super) fn same_person(facts: &Facts, recipient: &PersonId) -> Result<(), Refusal> {
    if facts.person.as_ref() == Some(recipient) {
        return Ok(());
    }
    refuse("P0.2", "the recipient is not the person of this conversation")
}

/// P0.1. Who never did anything that opens a conversation is not written to. Ids of another account's people (P0.2), of
/// another platform's (P0.4) and of app-scoped logins (P0.3) are among them: none of those has ever opened one here.
pub(super) fn opened(facts: &Facts) -> Result<&Window, Refusal> {
    facts.window.as_ref().ok_or(Refusal { rule: "P0.1", reason: "the person has not started this conversation" })
}

/// P2.6, P3.1. The person wrote within seven days. Taps and links open a conversation, and are nothing that a person wrote.
pub(super) fn wrote_within_seven_days(facts: &Facts, rule: &'static str, now: Timestamp) -> Result<(), Refusal> {
    opened(facts)?;
    match facts.last_message_at {
        Some(at) if now < at + SEVEN_DAYS => Ok(()),
        Some(_) => refuse(rule, "more than 7 days have passed since the person last wrote"),
        None => refuse(rule, "the person has never written, only tapped or followed a link"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::id::PersonId;
    use crate::policy::fixture::{Case, DAY};

    #[test]
    fn p0_1_nobody_is_written_to_who_did_not_speak_first() {
        for wish in [json!({}), json!({"messaging_type": "UPDATE"}), json!({"sender_action": "typing_on"})] {
            Case::of(wish.clone()).never_opened().is(0, Some("P0.1"));
            Case::of(wish).never_opened().on_instagram().is(0, Some("P0.1"));
        }
    }

    #[test]
    fn p2_6_and_p3_1_who_only_tapped_is_not_said_to_have_written() {
        let feedback = json!({"attachment": {"type": "template", "payload": {"template_type": "customer_feedback"}}});
        for wish in [
            json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
            json!({"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK", "message": feedback}),
        ] {
            let case = Case::of(wish).by_agent();
            case.says(7 * DAY, "more than 7 days have passed since the person last wrote");
            let tapped = case.facts(|facts| facts.last_message_at = None);
            tapped.says(0, "the person has never written, only tapped or followed a link");
        }
    }

    #[test]
    fn p0_2_what_one_person_opened_is_not_open_for_another() {
        Case::of(json!({"recipient": {"id": "7200000000000012"}})).is(0, Some("P0.2"));
        Case::of(json!({"recipient": {"user_ref": "u-5f1c"}})).is(0, Some("P0.2"));
        Case::of(json!({})).facts(|facts| facts.person = None).is(0, Some("P0.2"));
        let by_reference = Case::of(json!({"recipient": {"user_ref": "u-5f1c"}}));
        by_reference.facts(|facts| facts.person = Some(PersonId::new("u-5f1c"))).is(0, None);
    }
}
