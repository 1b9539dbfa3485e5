//! P4: one private reply to the author of a comment or a visitor's post.
//!
//! The message carries a link to the comment or post by itself (P4.3), and opens no window: the person's answer does (P4.6).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::time::Duration;

use super::ground::Ground;
use super::refusal::{Refusal, refuse};
use super::{Facts, Intent, Right, SEVEN_DAYS};
use crate::clock::Timestamp;

/// The longest broadcast on Instagram. Meta does not tell when one ends earlier; it refuses then.
const LONGEST_BROADCAST: Duration = Duration::from_secs(4 * 3600);

/// P4.1, P4.2, P4.4, P4.5. The first message to this comment or post, in its time.
pub(super) fn check(facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    if intent.request.is_action() {
        return refuse("P4.4", "a comment or post is answered by a message, not by a sender action");
    }
    Ground::of(intent.request)?.is_the_right_alone()?;
    let Some(Right::PrivateReply { at, live, taken_by }) = facts.right else {
        return refuse(
            "P4.1",
            "no comment or post of this id can be answered: none is known, it was removed, or its broadcast is over",
        );
    };
    if taken_by.is_some() && taken_by != intent.send {
        return refuse("P4.1", "this comment or post has had its one private reply");
    }
    if now >= at + SEVEN_DAYS {
        return refuse("P4.2", "more than 7 days have passed since the comment or post");
    }
    if live && now >= at + LONGEST_BROADCAST {
        return refuse("P4.5", "the broadcast is over, and its comments are answered only while it goes on");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::id::SendId;
    use crate::policy::fixture::{Case, DAY, HOUR, OPENED, SECOND};

    const FRESH: Right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };

    fn replies() -> [Case; 2] {
        let to = |recipient: Value| Case::of(json!({"recipient": recipient})).never_opened().right(FRESH);
        [to(json!({"comment_id": "9_77"})), to(json!({"post_id": "104_9"}))]
    }

    fn taken(by: i64) -> Right {
        Right::PrivateReply { at: OPENED, live: false, taken_by: Some(SendId(by)) }
    }

    #[test]
    fn p4_1_a_comment_has_one_private_reply() {
        for case in replies() {
            case.clone().is(0, None);
            case.clone().right(taken(1)).is(0, Some("P4.1"));
            // The send that has taken it may use it, however often it is tried.
            case.clone().right(taken(1)).sent_as(1).is(0, None);
            case.clone().right(taken(1)).sent_as(2).is(0, Some("P4.1"));
            case.clone().right(FRESH).sent_as(2).is(0, None);
            case.facts(|facts| facts.right = None).is(0, Some("P4.1"));
        }
    }

    #[test]
    fn p4_2_within_seven_days() {
        for case in replies() {
            case.is(7 * DAY - SECOND, None);
            case.is(7 * DAY - 1, None);
            case.is(7 * DAY, Some("P4.2"));
            case.is(7 * DAY + SECOND, Some("P4.2"));
        }
    }

    #[test]
    fn p4_4_the_comment_is_the_recipient_and_a_message_the_reply() {
        for form in ["comment_id", "post_id"] {
            let typing = json!({"recipient": {form: "9_77"}, "sender_action": "typing_on"});
            Case::of(typing).right(FRESH).is(0, Some("P4.4"));
        }
        // The author's own id gives nothing by the comment's right.
        Case::of(json!({})).never_opened().right(FRESH).is(0, Some("P0.1"));
        // Nor does another kind of right.
        let token = Right::OneTime { created_at: OPENED, taken_by: None };
        Case::of(json!({"recipient": {"comment_id": "9_77"}})).right(token).is(0, Some("P4.1"));
    }

    #[test]
    fn p4_5_a_comment_below_a_broadcast_is_answered_while_it_may_go_on() {
        let live = Right::PrivateReply { at: OPENED, live: true, taken_by: None };
        let case = Case::of(json!({"recipient": {"comment_id": "9_77"}})).on_instagram().right(live);
        case.is(0, None);
        case.is(4 * HOUR - 1, None);
        case.is(4 * HOUR, Some("P4.5"));
    }
}
