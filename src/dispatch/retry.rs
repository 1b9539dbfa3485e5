//! Whether an event whose handler failed comes again, and when.

use crate::clock::Timestamp;
use crate::settings;

/// The next try: after a wait that grows from try to try, unless it would come later than `retry_for` after the first
/// failure. `attempt` is the try that just failed, from 1.
pub(super) fn next_try(
    settings: &settings::Dispatch,
    attempt: u32,
    first_failed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let next = now + settings.retry.wait(attempt);
    (next <= first_failed_at.unwrap_or(now) + settings.retry_for).then_some(next)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
            let first = (attempt > 1).then_some(start);
            let Some(next) = next_try(&settings, attempt, first, now) else { break };
            waits.push(next.since(now).as_secs());
            now = next;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    }
}
