//! P1: the standard messaging window.
//!
//! What opens it is a fact of each kind of event ([`Event::opens`](crate::event::Event::opens)). Meta's policy page of 28
//! September 2026 speaks of "up to 7 days" after some advertisements (P1.14) and tells neither the conditions nor how a server
//! learns of them; the 24 hours that are always right stay.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use super::Window;
use super::refusal::{Refusal, refuse};
use crate::clock::Timestamp;

/// P1.1. Inside the window anything may be said, promotional or not (P1.11); outside it, nothing without another right.
pub(super) fn check(window: &Window, now: Timestamp) -> Result<(), Refusal> {
    if window.is_open(now) {
        return Ok(());
    }
    refuse("P1.1", "more than 24 hours have passed since the person last opened the window")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::fixture::{Case, DAY, SECOND, template};

    #[test]
    fn p1_1_the_window_is_open_for_24_hours() {
        for wish in [
            json!({}),
            json!({"messaging_type": "RESPONSE"}),
            json!({"messaging_type": "UPDATE"}),
            json!({"sender_action": "typing_on"}),
            json!({"sender_action": "mark_seen"}),
            json!({"sender_action": "react", "payload": {"message_id": "m_1", "reaction": "love"}}),
        ] {
            for case in [Case::of(wish.clone()), Case::of(wish.clone()).on_instagram()] {
                case.is(0, None);
                case.is(DAY - SECOND, None);
                case.is(DAY - 1, None);
                case.is(DAY, Some("P1.1"));
                case.is(DAY + SECOND, Some("P1.1"));
            }
        }
    }

    #[test]
    fn p1_11_inside_the_window_anything_may_be_said() {
        for kind in ["generic", "coupon", "product", "receipt", "customer_feedback"] {
            Case::of(template(kind)).is(0, None);
            Case::of(template(kind)).is(DAY, Some("P1.1"));
        }
    }
}
