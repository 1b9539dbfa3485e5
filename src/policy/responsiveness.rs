//! P7: an automated bot answers, and within 30 seconds.
//!
//! Any text, quick reply, button and menu click asks for an answer, and whatever else comes as a message (P7.1); of those an
//! account's bot that is declared automated owes one (P7.5, P7.6). Get Started is excluded (P7.2).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use std::time::Duration;

use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Postback};
use crate::settings::Bot;

/// P7.4. How long the person may wait, from the event's timestamp to an accepted send.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How much of it is the handler's: the rest is for the fallback's way to Meta.
const FOR_THE_HANDLER: Duration = Duration::from_secs(25);

/// What a handler has at the least, however late an event comes.
const LEAST: Duration = Duration::from_secs(5);

/// After how much work the person sees the typing indicator.
pub const TYPING_AFTER: Duration = Duration::from_secs(1);

/// No event that arrives now can become overdue sooner than this.
pub const NOTHING_OVERDUE_WITHIN: Duration = LEAST;

/// Whether an account's bot owes answers at all (P7.5).
pub fn applies(bot: Bot) -> bool {
    bot == Bot::Automated
}

/// Until when an event must be answered by its handler, before the fallback answers; `None` when no person waits for an answer.
pub fn answer_by(bot: Bot, envelope: &Envelope, received_at: Timestamp) -> Option<Timestamp> {
    let asks = match &envelope.event {
        Event::Message(_) => true,
        Event::Postback(postback) => !is_get_started(postback),
        _ => false,
    };
    if !applies(bot) || !asks || !envelope.is_act() {
        return None;
    }
    // A time in the future is a clock that goes wrong; it makes no person wait longer.
    let happened_at = envelope.at.map_or(received_at, |at| at.min(received_at));
    Some((happened_at + FOR_THE_HANDLER).max(received_at + LEAST))
}

/// P7.2. Get Started, by Meta's own title of the button or by the payload of Meta's own examples. Nothing else tells it from
/// another button: its title is in the person's language, its payload the developer's. One that is not recognised is answered
/// like any other, which no rule forbids.
fn is_get_started(postback: &Postback) -> bool {
    postback.title.trim().eq_ignore_ascii_case("Get Started") || postback.payload == "GET_STARTED"
}

/// How long a handler may take from when its event was taken.
pub fn deadline(answer_by: Option<Timestamp>, own: Duration, taken_at: Timestamp) -> Duration {
    match answer_by {
        Some(answer_by) => own.min(answer_by.since(taken_at).max(LEAST)),
        None => own,
    }
}

/// Whether a try at `next` would be in time.
pub fn leaves_time(answer_by: Timestamp, next: Timestamp) -> bool {
    next + LEAST <= answer_by
}

/// Whether an answer has kept the person waiting for too long.
pub fn is_late(waited: Duration) -> bool {
    waited > LIMIT
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn envelope(list: &str, content: Value) -> Envelope {
        let mut item =
            json!({"sender": {"id": "7200000000000011"}, "recipient": {"id": "104000000000001"}, "timestamp": NOW.0});
        item.as_object_mut().expect("an object").extend(content.as_object().expect("an object").clone());
        let body = json!({"object": "page", "entry": [{"id": "104000000000001", "time": NOW.0, list: [item]}]});
        event::read(body.to_string().as_bytes()).remove(0).expect("an event")
    }

    fn text() -> Envelope {
        envelope("messaging", json!({"message": {"mid": "m_1", "text": "hi"}}))
    }

    #[test]
    fn p7_1_texts_quick_replies_buttons_and_whatever_comes_as_a_message_are_answered_and_nothing_else() {
        for (content, expected) in [
            (json!({"message": {"mid": "m_1", "text": "hi"}}), true),
            (json!({"message": {"mid": "m_1", "text": "L", "quick_reply": {"payload": "L"}}}), true),
            (json!({"message": {"mid": "m_1", "attachments": [{"type": "image", "payload": {"url": "u"}}]}}), true),
            (json!({"postback": {"mid": "m_1", "title": "Help", "payload": "HELP"}}), true),
            (json!({"message": {"mid": "m_1", "is_deleted": true}}), false),
            (json!({"message": {"mid": "m_1", "text": "hi", "is_echo": true}}), false),
            (json!({"reaction": {"action": "react", "mid": "m_1", "reaction": "love"}}), false),
            (json!({"message_edit": {"mid": "m_1", "text": "hi", "num_edit": 1}}), false),
            (json!({"referral": {"ref": "x", "source": "SHORTLINK", "type": "OPEN_THREAD"}}), false),
            (json!({"optin": {"ref": "x"}}), false),
            (json!({"read": {"watermark": 1}}), false),
        ] {
            let by = answer_by(Bot::Automated, &envelope("messaging", content.clone()), NOW);
            assert_eq!(by, expected.then_some(NOW + seconds(25)), "{content}");
        }
        let beside = envelope("standby", json!({"message": {"mid": "m_1", "text": "hi"}}));
        assert_eq!(answer_by(Bot::Automated, &beside, NOW), None, "another app has the conversation");
    }

    #[test]
    fn p7_2_get_started_is_excluded_as_far_as_it_can_be_told() {
        for (title, payload, excluded) in [
            ("Get Started", "GET_STARTED", true),
            ("Get started", "WELCOME", true),
            ("Los geht’s", "GET_STARTED", true),
            ("Los geht’s", "WELCOME", false),
            ("Get Started Guide", "GUIDE", false),
        ] {
            let tap = envelope("messaging", json!({"postback": {"mid": "m_1", "title": title, "payload": payload}}));
            assert_eq!(answer_by(Bot::Automated, &tap, NOW).is_none(), excluded, "{title} {payload}");
        }
    }

    #[test]
    fn p7_5_only_who_is_declared_automated_owes_answers() {
        assert!(answer_by(Bot::Automated, &text(), NOW).is_some());
        assert_eq!(answer_by(Bot::Hybrid, &text(), NOW), None);
        assert_eq!(answer_by(Bot::Manual, &text(), NOW), None);
    }

    #[test]
    fn p7_4_the_handler_has_25_seconds_of_the_30_and_5_at_the_least() {
        for (late, left) in [(0, 25), (1, 24), (19, 6), (20, 5), (21, 5), (3600, 5)] {
            let received_at = NOW + seconds(late);
            assert_eq!(answer_by(Bot::Automated, &text(), received_at), Some(received_at + seconds(left)), "{late}");
        }
        assert_eq!(answer_by(Bot::Automated, &text(), NOW - seconds(9)), Some(NOW + seconds(16)), "a clock goes wrong");
    }

    #[test]
    fn a_deadline_is_cut_and_never_under_5_seconds() {
        for (answer_by, own, expected) in [
            (None, 20, 20),
            (None, 120, 120),
            (Some(25), 20, 20),
            (Some(25), 120, 25),
            (Some(19), 20, 19),
            (Some(6), 20, 6),
            (Some(4), 20, 5),
            (Some(-100), 20, 5),
            (Some(4), 3, 3),
        ] {
            let by = answer_by.map(|left: i64| Timestamp(NOW.0 + left * 1000));
            assert_eq!(deadline(by, seconds(own), NOW), seconds(expected), "{answer_by:?} {own}");
        }
    }

    #[test]
    fn another_try_is_made_only_while_it_has_its_5_seconds() {
        assert!(leaves_time(NOW, NOW - seconds(6)));
        assert!(leaves_time(NOW, NOW - seconds(5)));
        assert!(!leaves_time(NOW, NOW - seconds(4)));
        assert!(!leaves_time(NOW, NOW));
    }

    #[test]
    fn p7_4_an_answer_is_late_after_30_seconds() {
        assert!(!is_late(seconds(29)));
        assert!(!is_late(seconds(30)));
        assert!(is_late(Duration::from_millis(30_001)));
        assert!(is_late(seconds(31)));
    }
}
