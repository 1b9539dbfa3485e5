//! What becomes of a send, after an attempt and in doubt. Pure: the loops do what is decided here, and so does their simulation.

use std::time::Duration;

use super::evidence::Evidence;
use crate::clock::Timestamp;
use crate::graph::{Accepted, CallError};
use crate::message::{Recipient, Request};
use crate::settings::{self, OnDoubt};
use crate::store::{SendOutcome, TakenDoubt, TakenSend};

/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How many looks a doubt has had before it is given up.
const FEWEST_LOOKS: u32 = 3;

/// The longest that a throttled send is set aside. The account itself waits as long as Meta says, by steady time; a server that is
/// started meanwhile does not know how long that was, and asks again.
const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// The longest wait that a send is given, so that what is due later than that was written by a clock that was ahead.
pub(crate) fn longest_wait(settings: &settings::Sender) -> Duration {
    [LONGEST_THROTTLE, LOOK_EVERY, settings.retry.most, settings.echo_wait, settings.give_up_after]
        .into_iter()
        .max()
        .unwrap_or_default()
}

/// Meta's code for what is not allowed: a second private reply, among others, which have subcodes.
const NOT_ALLOWED: i64 = 10;

/// Meta's code for a second private reply to an Instagram comment, whatever its subcode.
const ALREADY_REPLIED: i64 = 10_900;

/// Meta's code for a parameter that is not valid: a token that has been used, among others, which mostly have subcodes.
const NOT_VALID: i64 = 100;

/// What becomes of a send after an attempt. `open_at`: when the account may send again.
pub(crate) fn after(
    result: Result<Accepted, CallError>,
    send: &TakenSend,
    retry: &settings::Retry,
    open_at: Timestamp,
    now: Timestamp,
) -> SendOutcome {
    match result {
        Ok(Accepted { message_id }) => SendOutcome::Sent { message_id },
        // A sender action is tried once: late it would be of no use.
        Err(error) if send.request.is_action() => SendOutcome::Failed { reason: error.reason().clone() },
        Err(CallError::NotSent { reason }) => SendOutcome::Later { at: now + retry.wait(send.attempts + 1), reason },
        Err(CallError::Throttled { reason, .. }) => {
            SendOutcome::Later { at: open_at.min(now + LONGEST_THROTTLE), reason }
        }
        // Meta refuses the second because it has the first.
        Err(CallError::Rejected { code, subcode, .. })
            if send.was_in_doubt && says_that_it_was_taken(code, subcode, &send.request) =>
        {
            SendOutcome::Sent { message_id: None }
        }
        Err(CallError::Rejected { reason, .. }) => SendOutcome::Failed { reason },
        Err(CallError::Doubt { reason, answered }) => SendOutcome::InDoubt { reason, silent: !answered },
    }
}

/// What is known besides the conversation when a doubt is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubtSignals {
    /// Since when evidence could be looked for: this process's start.
    pub(crate) looking_since: Timestamp,
    /// When a signed delivery was last kept.
    pub(crate) last_delivery_at: Timestamp,
    /// When Meta was last seen to be down, where one send of the account after another fails.
    pub(crate) down_at: Option<Timestamp>,
    /// What the account wants done in the end.
    pub(crate) on_doubt: OnDoubt,
}

/// What becomes of a send in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is known yet: it is looked at again.
    Look(Timestamp),
    /// It is known, or nothing ever will be.
    Settle(SendOutcome),
}

/// What can be said of a send in doubt before anybody looks. `None`: it is time to look.
pub(crate) fn first(doubt: &TakenDoubt, settings: &settings::Sender, now: Timestamp) -> Option<Verdict> {
    if is_taken_once(&doubt.request) && doubt.doubts < settings.attempts {
        let at = now + settings.retry.wait(doubt.doubts);
        let reason = "it may be sent twice: Meta takes it once".into();
        return Some(Verdict::Settle(SendOutcome::Later { at, reason }));
    }
    // One without an answer may still arrive, and be told of by its echo.
    let look_at = if doubt.silent { doubt.since + settings.echo_wait } else { doubt.attempted_at };
    (now < look_at).then_some(Verdict::Look(look_at))
}

/// What becomes of a send in doubt on this evidence.
pub(crate) fn judge(
    doubt: &TakenDoubt,
    evidence: Evidence,
    around: DoubtSignals,
    settings: &settings::Sender,
    now: Timestamp,
) -> Verdict {
    match evidence {
        Evidence::Arrived(id) => return Verdict::Settle(SendOutcome::Sent { message_id: Some(id) }),
        // An intake that hears nothing may have missed the echo; one that hears would have heard it.
        Evidence::Absent if around.last_delivery_at > doubt.attempted_at => {
            return absent(doubt, around, settings, now);
        }
        Evidence::Absent | Evidence::None => {}
    }
    // The time before this process looked does not count, nor does the time in which Meta could not be asked.
    let begun = doubt.attempted_at.max(around.looking_since).max(around.down_at.unwrap_or(doubt.attempted_at));
    let give_up_at = begun + settings.give_up_after;
    if now < give_up_at {
        return Verdict::Look((now + LOOK_EVERY).min(give_up_at));
    }
    // Where many are in doubt each waits long for its turn to be looked at.
    if doubt.looks + 1 < FEWEST_LOOKS {
        return Verdict::Look(now + LOOK_EVERY);
    }
    match around.on_doubt {
        OnDoubt::Resend if doubt.doubts < settings.attempts => {
            let reason = "nobody can tell whether it arrived, and on_doubt is resend".into();
            Verdict::Settle(SendOutcome::Later { at: now, reason })
        }
        OnDoubt::Resend | OnDoubt::Hold => {
            Verdict::Settle(SendOutcome::Held { reason: "nobody can tell whether it arrived".into() })
        }
    }
}

/// It is sent again, after a while; unless Meta takes others and has not taken this one for so many times.
fn absent(doubt: &TakenDoubt, around: DoubtSignals, settings: &settings::Sender, now: Timestamp) -> Verdict {
    if doubt.doubts >= settings.attempts && around.down_at.is_none() {
        let reason = format!("it did not arrive in {} attempts: {}", doubt.doubts, doubt.reason);
        return Verdict::Settle(SendOutcome::Failed { reason: reason.into() });
    }
    let reason = "it did not arrive: it is not in the conversation".into();
    Verdict::Settle(SendOutcome::Later { at: now + settings.retry.wait(doubt.doubts), reason })
}

/// Whether Meta refuses by this code what it has taken before: a second reply to a comment or post by other codes than a second
/// message on a token. The common codes say so only without a subcode.
fn says_that_it_was_taken(code: i64, subcode: Option<i64>, request: &Request) -> bool {
    match request.recipient {
        Recipient::CommentId(_) | Recipient::PostId(_) => {
            code == ALREADY_REPLIED || (code == NOT_ALLOWED && subcode.is_none())
        }
        Recipient::OneTimeNotifToken(_) => code == NOT_VALID && subcode.is_none(),
        _ => false,
    }
}

/// Whether Meta refuses the second, so that nothing is said twice by sending it again.
fn is_taken_once(request: &Request) -> bool {
    matches!(request.recipient, Recipient::CommentId(_) | Recipient::PostId(_) | Recipient::OneTimeNotifToken(_))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::id::{AccountId, MessageId, PersonId, SendId};
    use crate::message::{Action, Message, Reason};
    use crate::policy::Origin;
    use crate::store::KnownMessages;

    const LEFT: Timestamp = Timestamp(1_790_000_000_400);
    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> settings::Sender {
        settings::Sender {
            echo_wait: 10 * SECOND,
            give_up_after: 120 * SECOND,
            attempts: 12,
            retry: settings::Retry { first: SECOND, most: 60 * SECOND, jitter: settings::Percent(0) },
            slots_per_account: 1,
            texts_per_second: 1,
            instagram_texts_per_second: 1,
            media_per_second: 1,
        }
    }

    fn ada() -> Recipient {
        Recipient::Id(PersonId::new("7200000000000011"))
    }

    fn hello(recipient: Recipient) -> Request {
        Request::message(recipient, Message::text("hello"))
    }

    fn doubt(request: Request, doubts: u32) -> TakenDoubt {
        TakenDoubt {
            id: SendId(1),
            account: AccountId::new("104000000000001"),
            person: PersonId::new("7200000000000011"),
            request,
            attempts: doubts + 20,
            attempted_at: LEFT,
            since: LEFT,
            doubted_since: LEFT,
            doubts,
            looks: FEWEST_LOOKS,
            silent: false,
            reason: "error 2".into(),
            has_messages: false,
            bound: KnownMessages::default(),
            cause: None,
        }
    }

    const fn around(heard: i64, on_doubt: OnDoubt) -> DoubtSignals {
        let last_delivery_at = Timestamp(LEFT.0 + heard);
        DoubtSignals { looking_since: Timestamp(LEFT.0 - 60_000), last_delivery_at, down_at: None, on_doubt }
    }

    fn at(seconds: u64) -> Timestamp {
        LEFT + Duration::from_secs(seconds)
    }

    fn look(seconds: u64) -> Verdict {
        Verdict::Look(at(seconds))
    }

    #[track_caller]
    fn check(evidence: Evidence, around: DoubtSignals, after: u64, expected: &Verdict) {
        assert_eq!(judge(&doubt(hello(ada()), 1), evidence, around, &settings(), at(after)), *expected);
    }

    fn later(seconds: u64, reason: &str) -> Verdict {
        Verdict::Settle(SendOutcome::Later { at: at(seconds), reason: reason.into() })
    }

    fn held() -> Verdict {
        Verdict::Settle(SendOutcome::Held { reason: "nobody can tell whether it arrived".into() })
    }

    const ABSENT: &str = "it did not arrive: it is not in the conversation";

    #[test]
    fn it_is_sent_again_only_where_its_absence_is_certain() {
        let arrived = Verdict::Settle(SendOutcome::Sent { message_id: Some(MessageId::new("m_1")) });
        check(Evidence::Arrived(MessageId::new("m_1")), around(-1, OnDoubt::Hold), 500, &arrived);
        check(Evidence::Absent, around(1, OnDoubt::Hold), 1, &later(2, ABSENT));
        check(Evidence::Absent, around(0, OnDoubt::Hold), 1, &look(6));
        check(Evidence::None, around(1, OnDoubt::Hold), 1, &look(6));
        check(Evidence::None, around(1, OnDoubt::Hold), 118, &look(120));
        check(Evidence::None, around(1, OnDoubt::Hold), 120, &held());
        check(Evidence::Absent, around(0, OnDoubt::Hold), 120, &held());
        let resend = later(120, "nobody can tell whether it arrived, and on_doubt is resend");
        check(Evidence::None, around(1, OnDoubt::Resend), 120, &resend);
    }

    #[test]
    fn the_time_in_which_nobody_could_know_does_not_count() {
        let down = |seconds| DoubtSignals { down_at: Some(at(seconds)), ..around(1, OnDoubt::Hold) };
        check(Evidence::None, down(500), 500, &look(505));
        check(Evidence::None, down(500), 620, &held());
        let started = |seconds| DoubtSignals { looking_since: at(seconds), ..around(1, OnDoubt::Hold) };
        check(Evidence::None, started(500), 500, &look(505));
        check(Evidence::None, started(500), 620, &held());
    }

    #[test]
    fn nothing_is_given_up_that_nobody_has_looked_at() {
        for (looks, verdict) in [(0, look(505)), (1, look(505)), (2, held())] {
            let doubt = TakenDoubt { looks, ..doubt(hello(ada()), 1) };
            assert_eq!(judge(&doubt, Evidence::None, around(1, OnDoubt::Hold), &settings(), at(500)), verdict);
        }
    }

    #[test]
    fn what_meta_does_not_take_again_and_again_is_given_up_while_it_takes_others() {
        let judged = |doubts, around| judge(&doubt(hello(ada()), doubts), Evidence::Absent, around, &settings(), at(1));
        let up = around(1, OnDoubt::Hold);
        assert_eq!(judged(11, up), later(61, ABSENT));
        let reason = "it did not arrive in 12 attempts: error 2".into();
        assert_eq!(judged(12, up), Verdict::Settle(SendOutcome::Failed { reason }));
        assert_eq!(judged(12, DoubtSignals { down_at: Some(at(1)), ..up }), later(61, ABSENT));
        let blind = judge(&doubt(hello(ada()), 12), Evidence::None, around(1, OnDoubt::Resend), &settings(), at(120));
        assert_eq!(blind, held());
    }

    #[test]
    fn silence_waits_for_the_echo_and_what_meta_takes_once_waits_for_nothing() {
        let silent = TakenDoubt { silent: true, ..doubt(hello(ada()), 1) };
        assert_eq!(first(&silent, &settings(), at(9)), Some(look(10)));
        assert_eq!(first(&silent, &settings(), at(10)), None);
        // Marked with the end of its turn, it left later.
        let left_late = TakenDoubt { since: at(4), ..silent };
        assert_eq!(first(&left_late, &settings(), at(10)), Some(look(14)));
        assert_eq!(first(&doubt(hello(ada()), 1), &settings(), at(0)), None);
        for recipient in [Recipient::CommentId("9_7".into()), Recipient::OneTimeNotifToken("47".into())] {
            let again = first(&doubt(hello(recipient), 1), &settings(), at(0));
            assert_eq!(again, Some(later(1, "it may be sent twice: Meta takes it once")));
        }
        // Meta takes it at no time at all.
        assert_eq!(first(&doubt(hello(Recipient::CommentId("9_7".into())), 12), &settings(), at(0)), None);
    }

    fn send(request: Request, was_in_doubt: bool) -> TakenSend {
        TakenSend {
            id: SendId(1),
            account: AccountId::new("104000000000001"),
            person: PersonId::new("7200000000000011"),
            attempts: 1,
            was_in_doubt,
            origin: Origin::Bot,
            request: Arc::new(request),
            answers: None,
            is_marked: false,
            cause: None,
        }
    }

    #[test]
    fn an_attempt_ends_by_what_meta_said() {
        let after = |error: &CallError, send: &TakenSend| {
            super::after(Err(error.clone()), send, &settings().retry, at(30), at(0))
        };
        let reason = || Reason::from("r");
        let not_sent = CallError::NotSent { reason: reason() };
        let throttled = CallError::Throttled { after: None, reason: reason() };
        let silent = CallError::Doubt { answered: false, reason: reason() };
        let rejected = |code, subcode| CallError::Rejected { code, subcode, reason: reason() };
        let (text, failed) = (send(hello(ada()), true), SendOutcome::Failed { reason: reason() });
        assert_eq!(after(&not_sent, &text), SendOutcome::Later { at: at(2), reason: reason() });
        assert_eq!(after(&throttled, &text), SendOutcome::Later { at: at(30), reason: reason() });
        assert_eq!(after(&silent, &text), SendOutcome::InDoubt { reason: reason(), silent: true });
        assert_eq!(after(&rejected(10, None), &text), failed);
        let dots = send(Request::action(ada(), Action::TypingOn), false);
        for error in [not_sent, throttled, silent] {
            assert_eq!(after(&error, &dots), failed);
        }
    }

    #[test]
    fn what_meta_takes_once_is_sent_where_meta_says_that_it_has_it() {
        let to = |recipient| hello(recipient);
        let comment = || to(Recipient::CommentId("9_7".into()));
        let post = || to(Recipient::PostId("104_9".into()));
        let token = || to(Recipient::OneTimeNotifToken("47".into()));
        let marketing = || to(Recipient::NotificationMessagesToken("80".into()));
        let (sent, failed) = (SendOutcome::Sent { message_id: None }, SendOutcome::Failed { reason: "r".into() });
        for (request, was_in_doubt, code, subcode, expected) in [
            (comment(), true, 10, None, &sent),
            (comment(), false, 10, None, &failed),
            (comment(), true, 10, Some(2_018_278), &failed),
            (comment(), true, 100, None, &failed),
            (comment(), true, 10_900, None, &sent),
            (comment(), true, 10_900, Some(2_018_278), &sent),
            (comment(), false, 10_900, None, &failed),
            (token(), true, 10_900, None, &failed),
            (post(), true, 10, None, &sent),
            (post(), true, 100, None, &failed),
            (token(), true, 100, None, &sent),
            (token(), false, 100, None, &failed),
            (token(), true, 100, Some(2_018_001), &failed),
            (token(), true, 10, None, &failed),
            (marketing(), true, 100, None, &failed),
            (marketing(), true, 10, None, &failed),
            (to(ada()), true, 100, None, &failed),
        ] {
            let rejected = CallError::Rejected { code, subcode, reason: "r".into() };
            let what = format!("{code}/{subcode:?} to {:?}", request.recipient);
            let outcome = super::after(Err(rejected), &send(request, was_in_doubt), &settings().retry, at(30), at(0));
            assert_eq!(outcome, *expected, "{what}");
        }
    }
}
