//! Whether an event whose handler failed comes again, and when.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::policy::responsiveness;
use crate::settings;
use crate::store::Next;

/// The next try: after a wait that grows from try to try, unless the event would have been failing for longer than `retry_for`
/// by then. `failing_for` is how long it has been already; `None` where the failure does not count against it, which ends
/// nothing. `attempt` is the try that just failed, from 1.
pub(super) fn next_try(
    settings: &settings::Dispatch,
    attempt: u32,
    failing_for: Option<Duration>,
    now: Timestamp,
) -> Option<Timestamp> {
    let wait = settings.retry.wait(attempt);
    let is_over = failing_for.is_some_and(|failing_for| failing_for + wait > settings.retry_for);
    (!is_over).then_some(now + wait)
}

/// What becomes of the event, and whether the fallback answers it now. Where an answer is awaited, only a try that would be in
/// time is waited for: else the fallback answers, and the event is done if its handler was late, dead if it failed. A failure
/// that is not the event's own (`counts`) ends nothing: the event is handled when that is over, however late.
pub(super) fn after_failure(
    retry_at: Option<Timestamp>,
    answer_by: Option<Timestamp>,
    is_late: bool,
    counts: bool,
) -> (Next, bool) {
    let retry = retry_at.map_or(Next::Dead, Next::Retry);
    let Some(answer_by) = answer_by else { return (retry, false) };
    match retry_at {
        Some(at) if !is_late && responsiveness::leaves_time(answer_by, at) => (retry, false),
        _ if !counts => (retry, true),
        _ if is_late => (Next::Done, true),
        _ => (Next::Dead, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Percent, Retry};

    #[test]
    fn tries_come_further_and_further_apart_until_the_time_is_up() {
        let settings = settings::Dispatch {
            retry_for: Duration::from_secs(120),
            retry: Retry { first: Duration::from_secs(1), most: Duration::from_secs(30), jitter: Percent(0) },
            slots_per_account: 1,
            max_sends: 1,
            max_state: 1,
        };
        let start = Timestamp(1_000_000);
        let (mut now, mut waits) = (start, Vec::new());
        for attempt in 1.. {
            let Some(next) = next_try(&settings, attempt, Some(now.since(start)), now) else { break };
            waits.push(next.since(now).as_secs());
            now = next;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        let short = settings::Dispatch { retry_for: Duration::ZERO, ..settings };
        assert_eq!(next_try(&short, 9, Some(Duration::ZERO), now), None);
        assert_eq!(next_try(&short, 9, None, now), Some(now + Duration::from_secs(30)), "it does not count");
    }

    #[test]
    fn where_an_answer_is_awaited_the_event_is_tried_again_only_in_time() {
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let again = |seconds| Next::Retry(at(seconds));
        for (retry_at, answer_by, is_late, counts, expected) in [
            // No person waits: the usual.
            (Some(1), None, false, true, (again(1), false)),
            (Some(1), None, true, true, (again(1), false)),
            (None, None, false, true, (Next::Dead, false)),
            // A person waits.
            (Some(20), Some(25), false, true, (again(20), false)),
            (Some(21), Some(25), false, true, (Next::Dead, true)),
            (None, Some(25), false, true, (Next::Dead, true)),
            (Some(1), Some(25), true, true, (Next::Done, true)),
            // The handler is down as a whole.
            (Some(20), Some(25), false, false, (again(20), false)),
            (Some(21), Some(25), false, false, (again(21), true)),
            (Some(1), Some(25), true, false, (again(1), true)),
        ] {
            let found = after_failure(retry_at.map(at), answer_by.map(at), is_late, counts);
            assert_eq!(found, expected, "{retry_at:?} {answer_by:?} {is_late} {counts}");
        }
    }
}
