//! P6: the automated experience says that it is one.
//!
//! Which law asks for it where is not ours to know: an account's bot discloses itself unless the operator says otherwise
//! (P6.1, P6.5, P6.7), in the operator's words (P6.6). Accounts that people alone answer (`bot = "manual"`) never disclose.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

use std::time::Duration;

use crate::clock::Timestamp;
use crate::settings::Bot;

/// What has happened in a conversation since the bot last disclosed itself there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinceDisclosed {
    /// Whether it ever did. A disclosing message that was refused, or has failed, was none.
    pub disclosed: bool,
    /// When either side last said something.
    pub said_at: Option<Timestamp>,
    /// The longest pause between two things said.
    pub silence: Duration,
    /// Whether a person, or another app, has spoken for the account, or had the conversation.
    pub others_spoke: bool,
}

/// Whether a bot of this kind discloses itself at all.
pub fn applies(bot: Bot, enabled: bool) -> bool {
    enabled && bot != Bot::Manual
}

/// By which rule the bot discloses itself before what it says now; `None` when the person knows to whom they talk. `after`
/// is the pause which counts as significant: Meta names none.
pub fn due(since: &SinceDisclosed, after: Duration, now: Timestamp) -> Option<&'static str> {
    let pause = since.said_at.map_or(Duration::ZERO, |said_at| now.since(said_at));
    match since {
        SinceDisclosed { disclosed: false, .. } => Some("P6.2"),
        _ if since.silence.max(pause) >= after => Some("P6.3"),
        SinceDisclosed { others_spoke: true, .. } => Some("P6.4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);
    const AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

    fn known() -> SinceDisclosed {
        SinceDisclosed { disclosed: true, said_at: Some(NOW), silence: Duration::ZERO, others_spoke: false }
    }

    #[track_caller]
    fn check(since: SinceDisclosed, expected: Option<&str>) {
        assert_eq!(due(&since, AFTER, NOW), expected, "{since:?}");
    }

    #[test]
    fn p6_1_and_p6_7_bots_disclose_themselves_unless_the_operator_says_otherwise_and_people_never_do() {
        for (bot, enabled, expected) in [
            (Bot::Automated, true, true),
            (Bot::Hybrid, true, true),
            (Bot::Manual, true, false),
            (Bot::Automated, false, false),
            (Bot::Hybrid, false, false),
            (Bot::Manual, false, false),
        ] {
            assert_eq!(applies(bot, enabled), expected, "{bot:?} {enabled}");
        }
    }

    #[test]
    fn p6_2_at_the_start_of_a_conversation_and_not_again_while_it_goes_on() {
        check(SinceDisclosed::default(), Some("P6.2"));
        check(SinceDisclosed { disclosed: false, ..known() }, Some("P6.2"));
        check(known(), None);
    }

    #[test]
    fn p6_3_after_a_pause_that_has_been_and_after_one_that_lasts() {
        check(SinceDisclosed { silence: AFTER - SECOND, ..known() }, None);
        check(SinceDisclosed { silence: AFTER, ..known() }, Some("P6.3"));
        check(SinceDisclosed { silence: AFTER + SECOND, ..known() }, Some("P6.3"));
        check(SinceDisclosed { said_at: Some(NOW - AFTER + SECOND), ..known() }, None);
        check(SinceDisclosed { said_at: Some(NOW - AFTER), ..known() }, Some("P6.3"));
        // A clock that was set back makes no pause.
        check(SinceDisclosed { said_at: Some(NOW + SECOND), ..known() }, None);
    }

    #[test]
    fn p6_4_when_the_bot_takes_over_from_somebody() {
        check(SinceDisclosed { others_spoke: true, ..known() }, Some("P6.4"));
    }
}
