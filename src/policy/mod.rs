//! May this be sent, now, to this person? Facts and `now` in, a decision out; no I/O.
//!
//! [`decide`] is the only way to a [`Permit`], and a permit the only way to the wire. What is not known is refused. The
//! rules' numbers are ours; the rules are Meta's. Those that can speak today:
//!
//! | Rule | Says |
//! | --- | --- |
//! | 100 | Meta's own code for a value that it does not know: such a request is not sent to learn that. |
//! | P0.1 | A conversation is started by the person, never by the business. |
//! | P0.2 | Ids are scoped: what one person opened is not open for another. |
//! | P0.9 | A send is made with its account's token, and no other. |
//! | P1.1 | The business may write for 24 hours after the person did something that opens the window. |
//! | P1.16 | `MESSAGE_TAG` and a tag go together. |
//! | P2.1, P4.1, P5.6, P8.3, P11.1 | Tags, private replies, one-time notifications, utility templates and marketing messages are rights of their own; none of them is granted yet. |
//!
//! Two chapters say what a bot owes the person instead of what it may not say: P6 ([`disclosure`]) and P7 ([`responsiveness`]).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

pub mod disclosure;
mod facts;
mod permit;
pub mod responsiveness;
mod start;
mod unsupported;
mod window;

pub use facts::{Facts, Window};
pub use permit::{Outgoing, Permit};
pub use window::LENGTH as WINDOW;

use crate::clock::Timestamp;
use crate::message::Request;

/// What may be done with a send.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every decision is a permit")]
pub enum Decision {
    /// It may leave, now.
    Permit(Permit),
    /// It may not leave.
    Refusal(Refusal),
}

/// Why a send may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's number.
    pub rule: &'static str,
    /// The rule in one sentence.
    pub reason: &'static str,
}

/// Decides one send just before it leaves. The permit carries the body, so that nothing else can be sent on it.
pub fn decide(facts: &Facts, outgoing: Outgoing, now: Timestamp) -> Decision {
    match check(facts, &outgoing.request, now) {
        Ok(()) => Decision::Permit(Permit::issue(outgoing, now)),
        Err(refusal) => Decision::Refusal(refusal),
    }
}

/// The same decision with nothing to send: would this be allowed?
pub fn check(facts: &Facts, request: &Request, now: Timestamp) -> Result<(), Refusal> {
    unsupported::check(request)?;
    start::same_person(facts, &request.recipient)?;
    let window = start::check(facts)?;
    window::check(window, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::{Action, Message, MessagingType, Recipient};

    const OPENED: Timestamp = Timestamp(1_790_000_000_000);

    fn to(recipient: Recipient) -> Request {
        Request::message(recipient, Message::text("hello"))
    }

    fn ada() -> Recipient {
        Recipient::Id(PersonId::new("7200000000000011"))
    }

    fn opened() -> Facts {
        let person = Some(PersonId::new("7200000000000011"));
        Facts { person, window: Some(Window { opened_at: OPENED, opened_by: Kind::Message }) }
    }

    #[track_caller]
    fn rule(facts: &Facts, request: &Request, millis: i64, expected: Option<&str>) {
        let decision = check(facts, request, Timestamp(OPENED.0 + millis));
        assert_eq!(decision.err().map(|refusal| refusal.rule), expected);
    }

    #[test]
    fn p0_1_nobody_is_written_to_who_did_not_speak_first() {
        let unopened = Facts { window: None, ..opened() };
        rule(&unopened, &to(ada()), 0, Some("P0.1"));
        rule(&unopened, &Request::action(ada(), Action::TypingOn), 0, Some("P0.1"));
    }

    #[test]
    fn p0_2_what_one_person_opened_is_not_open_for_another() {
        rule(&opened(), &to(Recipient::Id(PersonId::new("7200000000000012"))), 0, Some("P0.2"));
        rule(&opened(), &to(Recipient::UserRef(PersonId::new("u-5f1c"))), 0, Some("P0.2"));
        rule(&Facts { person: None, ..opened() }, &to(ada()), 0, Some("P0.2"));
    }

    #[test]
    fn p1_1_the_window_is_open_for_24_hours() {
        let day = 24 * 3600 * 1000;
        for request in [to(ada()), Request::action(ada(), Action::TypingOn)] {
            rule(&opened(), &request, 0, None);
            rule(&opened(), &request, day - 1000, None);
            rule(&opened(), &request, day - 1, None);
            rule(&opened(), &request, day, Some("P1.1"));
            rule(&opened(), &request, day + 1000, Some("P1.1"));
        }
    }

    #[test]
    fn p1_15_response_and_update_are_the_windows_two_types() {
        let mut request = to(ada());
        for (messaging_type, expected) in [
            (MessagingType::Response, None),
            (MessagingType::Update, None),
            (MessagingType::MessageTag, Some("P2.1")),
            (MessagingType::Utility, Some("P8.3")),
        ] {
            request.messaging_type = messaging_type;
            request.tag = (messaging_type == MessagingType::MessageTag).then(|| "HUMAN_AGENT".to_owned());
            rule(&opened(), &request, 0, expected);
        }
    }

    #[test]
    fn p1_16_a_tag_and_its_type_go_together() {
        let mut request = to(ada());
        request.messaging_type = MessagingType::MessageTag;
        rule(&opened(), &request, 0, Some("P1.16"));
        request.messaging_type = MessagingType::Response;
        request.tag = Some("HUMAN_AGENT".to_owned());
        rule(&opened(), &request, 0, Some("P1.16"));
    }

    #[test]
    fn other_rights_than_the_window_are_refused_by_their_own_rules() {
        rule(&opened(), &to(Recipient::CommentId("9_77".into())), 0, Some("P4.1"));
        rule(&opened(), &to(Recipient::PostId("1_9".into())), 0, Some("P4.1"));
        rule(&opened(), &to(Recipient::OneTimeNotifToken("4711".into())), 0, Some("P5.6"));
        rule(&opened(), &to(Recipient::NotificationMessagesToken("8012".into())), 0, Some("P11.1"));
        let by_reference = Facts { person: Some(PersonId::new("u-5f1c")), ..opened() };
        rule(&by_reference, &to(Recipient::UserRef(PersonId::new("u-5f1c"))), 0, None);
    }

    #[test]
    fn p0_9_a_request_brings_no_credentials_of_its_own() {
        for key in ["access_token", "appsecret_proof"] {
            let wire = serde_json::json!({"recipient": {"id": "7200000000000011"}, "message": {"text": "x"}, key: "x"});
            rule(&opened(), &serde_json::from_value(wire).expect("a request"), 0, Some("P0.9"));
        }
    }

    #[test]
    fn a_permit_dies_after_a_second() {
        let outgoing = Outgoing { account: AccountId::new("104"), send: SendId(1), request: to(ada()) };
        let Decision::Permit(permit) = decide(&opened(), outgoing, OPENED) else { panic!("allowed") };
        assert!(permit.is_valid(OPENED));
        assert!(permit.is_valid(Timestamp(OPENED.0 + 1000)));
        assert!(!permit.is_valid(Timestamp(OPENED.0 + 1001)));
        assert!(!permit.is_valid(Timestamp(OPENED.0 - 1)), "not before it was issued either");
    }
}
