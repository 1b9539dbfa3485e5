//! Single-use rights (a private reply, a one-time token): which planned send may use one.

use super::{Facts, Intent, LastSent, Origin, Refusal, Right, Standing, decision, private_reply};
use crate::clock::Timestamp;
use crate::id::SendId;
use crate::message::{Recipient, Request};

/// Whether a send that is being planned may take the right that its recipient names. A private reply is decided here already,
/// so that of several replies in one turn the first is sent and the others are refused at once: the first that can be sent at
/// all, for one that never can must not take the right from those behind it. A token can only be used from outside, by a post,
/// and a post is decided whole.
pub fn may_take(standing: &Standing, facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    match intent.request.recipient {
        Recipient::CommentId(_) | Recipient::PostId(_) => {
            decision::whatever_the_facts(standing, intent.request)?;
            private_reply::check(facts, intent, now)
        }
        _ => Ok(()),
    }
}

/// The decision on all parts of one request, in their order: the right that one part takes the next has not.
pub fn check_parts(
    standing: &Standing,
    mut facts: Facts,
    origin: Origin,
    parts: &[(SendId, Request)],
    now: Timestamp,
) -> Result<(), Refusal> {
    for (send, request) in parts {
        decision::check(standing, &facts, Intent { send: Some(*send), origin, request }, now)?;
        facts.right = facts.right.map(|right| right.taken(*send, now));
    }
    Ok(())
}

impl Right {
    /// The right once `send` has taken it.
    pub(crate) fn taken(self, send: SendId, now: Timestamp) -> Right {
        let taken_by = Some(send);
        match self {
            Right::PrivateReply { at, live, .. } => Right::PrivateReply { at, live, taken_by },
            Right::OneTime { created_at, .. } => Right::OneTime { created_at, taken_by },
            Right::Marketing { expires_at, stopped, .. } => {
                Right::Marketing { last_sent: LastSent::At(now), last_sent_by: taken_by, expires_at, stopped }
            }
        }
    }

    /// The right as it was before any of these sends took it.
    pub(crate) fn before<'a>(self, sends: impl IntoIterator<Item = &'a SendId>) -> Right {
        match self {
            Right::PrivateReply { at, live, taken_by: Some(taken_by) } => {
                let is_own = sends.into_iter().any(|send| *send == taken_by);
                Right::PrivateReply { at, live, taken_by: (!is_own).then_some(taken_by) }
            }
            right => right,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::fixture::{Case, DAY, OPENED, SECOND, right_of_a_token, template};
    use crate::settings::Feature;

    const FRESH: Right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };

    fn taken(by: i64) -> Right {
        Right::PrivateReply { at: OPENED, live: false, taken_by: Some(SendId(by)) }
    }

    fn to(recipient: Value, right: Right) -> Case {
        Case::of(json!({"recipient": recipient})).never_opened().right(right)
    }

    #[test]
    fn what_one_part_takes_the_next_has_not() {
        let (one_time, marketing) = right_of_a_token();
        for (recipient, right, rule) in [
            (json!({"comment_id": "9_77"}), FRESH, "P4.1"),
            (json!({"post_id": "104_9"}), FRESH, "P4.1"),
            (json!({"one_time_notif_token": "4711"}), one_time, "P5.2"),
            (json!({"notification_messages_token": "8012"}), marketing, "P11.2"),
        ] {
            let case = to(recipient, right);
            assert_eq!(case.parts(1), None);
            assert_eq!(case.parts(2), Some(rule));
        }
        assert_eq!(Case::of(json!({})).parts(3), None, "the window is for any number");
        assert_eq!(Case::of(json!({})).never_opened().parts(1), Some("P0.1"));
    }

    #[test]
    fn a_private_reply_is_decided_when_it_is_planned() {
        for recipient in [json!({"comment_id": "9_77"}), json!({"post_id": "104_9"})] {
            let case = |right| to(recipient.clone(), right).sent_as(1);
            assert_eq!(case(FRESH).takes(0), None);
            assert_eq!(case(taken(1)).takes(0), None);
            assert_eq!(case(taken(2)).takes(0), Some("P4.1"));
            assert_eq!(case(FRESH).takes(7 * DAY - SECOND), None);
            assert_eq!(case(FRESH).takes(7 * DAY + SECOND), Some("P4.2"));
        }
        // What can never be sent takes no right.
        let with = |fields: Value| {
            let mut wish = json!({"recipient": {"comment_id": "9_77"}});
            wish.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
            Case::of(wish).never_opened().right(FRESH).sent_as(1)
        };
        let (persona, sticker) = (json!({"persona_id": "31"}), json!({"message": {"sticker_id": "369"}}));
        for fields in [persona, sticker, template("receipt")] {
            assert_eq!(with(fields.clone()).takes(0), None);
            assert_eq!(with(fields).on_instagram().takes(0), Some("P12"));
        }
        assert_eq!(with(template("list")).takes(0), Some("100"));
        assert_eq!(with(json!({"access_token": "x"})).takes(0), Some("P0.9"));
        assert_eq!(with(json!({"messaging_type": "SPONSORED"})).takes(0), Some("P10.1"));
        let asking = with(template("notification_messages"));
        assert_eq!(asking.clone().takes(0), None);
        assert_eq!(asking.without(Feature::Marketing).takes(0), Some("P11.1"));
        // Whatever else is decided when it leaves.
        assert_eq!(Case::of(json!({})).never_opened().takes(0), None);
    }

    #[test]
    fn a_right_is_what_it_was_before_these_sends_took_it() {
        let own = [SendId(1), SendId(2)];
        for (right, before) in [(FRESH, FRESH), (taken(2), FRESH), (taken(3), taken(3))] {
            assert_eq!(right.before(&own), before);
        }
        assert_eq!(taken(1).before(&[]), taken(1));
        let (one_time, _) = right_of_a_token();
        let used = one_time.taken(SendId(1), OPENED);
        assert_eq!(used.before(&own), used, "no turn answers on a token");
    }
}
