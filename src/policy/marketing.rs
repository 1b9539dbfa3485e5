//! P11: marketing messages, for which the person asked.
//!
//! A message that comes less than twelve hours after the one before is refused rather than kept until then: behind it the
//! conversation's answers would wait with it.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/marketing-messages>

use std::time::Duration;

use super::ground::Ground;
use super::refusal::{Refusal, refuse};
use super::{Facts, Intent, LastSent, Right, Standing, opt_in};
use crate::clock::Timestamp;

/// How far apart two messages on one token are.
const GAP: Duration = Duration::from_secs(12 * 3600);

/// P11.2. Whether an answer to a send says that the person wants no more on its token.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>
pub fn says_stopped(code: i64, subcode: Option<i64>) -> bool {
    (code, subcode) == (10, Some(1_893_015))
}

/// P11.1, P11.2. On a token that lives, while the person wants it, twelve hours apart.
pub(super) fn check(standing: &Standing, facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    opt_in::marketing(standing)?;
    if intent.request.is_action() {
        return refuse("P11.1", "a token is for messages, not for a sender action");
    }
    Ground::of(intent.request)?.is_the_right_alone()?;
    let Some(Right::Marketing { last_sent, last_sent_by, expires_at, stopped }) = facts.right else {
        return refuse("P11.1", "nobody is known to have given this token");
    };
    if stopped {
        return refuse("P11.2", "the person has stopped these messages");
    }
    if expires_at.is_some_and(|end| now >= end) {
        return refuse("P11.1", "the token has expired");
    }
    let is_anothers = last_sent_by.is_none() || last_sent_by != intent.send;
    let is_too_soon = match last_sent {
        LastSent::Never => false,
        LastSent::At(before) => now < before + GAP,
        LastSent::Unsettled => true,
    };
    if is_anothers && is_too_soon {
        return refuse("P11.2", "less than 12 hours have passed since the last message on this token");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::SendId;
    use crate::policy::fixture::{Case, DAY, HOUR, OPENED, SECOND, template};
    use crate::settings::Feature;

    struct Token {
        sent_by: Option<i64>,
        last_sent: LastSent,
        ends: bool,
        stopped: bool,
    }

    const FRESH: Token = Token { sent_by: None, last_sent: LastSent::Never, ends: false, stopped: false };

    fn on(token: Token) -> Case {
        let right = Right::Marketing {
            last_sent: token.last_sent,
            last_sent_by: token.sent_by.map(SendId),
            expires_at: token.ends.then_some(Timestamp(OPENED.0 + DAY)),
            stopped: token.stopped,
        };
        Case::of(json!({"recipient": {"notification_messages_token": "8012"}})).right(right)
    }

    #[test]
    fn p11_1_no_token_no_send() {
        on(FRESH).is(0, None);
        on(FRESH).is(1000 * DAY, None);
        on(FRESH).facts(|facts| facts.right = None).is(0, Some("P11.1"));
        let ends = || on(Token { ends: true, ..FRESH });
        ends().is(DAY - 1, None);
        ends().is(DAY, Some("P11.1"));
        let typing = json!({"recipient": {"notification_messages_token": "8012"}, "sender_action": "typing_on"});
        let right =
            Right::Marketing { last_sent: LastSent::Never, last_sent_by: None, expires_at: None, stopped: false };
        Case::of(typing).right(right).is(0, Some("P11.1"));
    }

    #[test]
    fn p11_1_asking_and_sending_need_the_feature() {
        on(FRESH).without(Feature::Marketing).is(0, Some("P11.1"));
        let asking = Case::of(template("notification_messages"));
        asking.is(0, None);
        asking.without(Feature::Marketing).is(0, Some("P11.1"));
    }

    #[test]
    fn p11_2_one_message_in_twelve_hours() {
        for sent_by in [None, Some(1)] {
            let sent = || on(Token { last_sent: LastSent::At(OPENED), sent_by, ..FRESH });
            for case in [sent(), sent().sent_as(2)] {
                case.is(0, Some("P11.2"));
                case.is(12 * HOUR - SECOND, Some("P11.2"));
                case.is(12 * HOUR - 1, Some("P11.2"));
                case.is(12 * HOUR, None);
                case.is(12 * HOUR + SECOND, None);
            }
        }
        // One that is tried again is not held back by its own first try.
        on(Token { last_sent: LastSent::At(OPENED), sent_by: Some(1), ..FRESH }).sent_as(1).is(0, None);
        // One that may still leave leaves no room for another, however long it takes.
        let unsettled = || on(Token { last_sent: LastSent::Unsettled, sent_by: Some(1), ..FRESH });
        unsettled().sent_as(2).is(0, Some("P11.2"));
        unsettled().sent_as(2).is(1000 * DAY, Some("P11.2"));
        unsettled().sent_as(1).is(0, None);
    }

    #[test]
    fn p11_2_a_stop_is_told_by_one_answer_alone() {
        for (code, subcode, expected) in [
            (10, Some(1_893_015), true),
            (10, None, false),
            (10, Some(1_893_063), false),
            (100, Some(1_893_015), false),
        ] {
            assert_eq!(says_stopped(code, subcode), expected, "{code}/{subcode:?}");
        }
    }

    #[test]
    fn p11_2_who_stops_them_gets_none() {
        on(Token { stopped: true, ..FRESH }).is(0, Some("P11.2"));
    }
}
