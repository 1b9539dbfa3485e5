//! How many calls of a kind an account may make in a while, counted by the clock.
//!
//! The spans are those of the clock (this second, this hour), not sliding ones: a bot that keeps to the limit never meets
//! it, and a count needs no list of moments.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/overview/rate-limiting>

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;

use super::world::Platform;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pace {
    /// Texts, links, reactions, stickers, and whatever else is no sound or film.
    Text,
    /// Sounds and films.
    Media,
    /// Private replies to what stands below a post.
    PrivateReply,
    /// Private replies to what stands below a broadcast.
    LiveReply,
}

/// The calls of each account in the present span.
#[derive(Default)]
pub(super) struct Rates {
    counts: BTreeMap<(usize, Pace), Count>,
}

#[derive(Default)]
struct Count {
    span: i64,
    calls: u32,
}

impl Pace {
    /// How many calls there may be in how long. Where Meta's pages name two numbers for Instagram, the smaller.
    fn limit(self, platform: Platform) -> (u32, Duration) {
        match self {
            Pace::Text if platform.is_instagram() => (100, SECOND),
            Pace::Text => (300, SECOND),
            Pace::Media => (10, SECOND),
            Pace::PrivateReply => (750, HOUR),
            Pace::LiveReply => (100, SECOND),
        }
    }
}

impl Rates {
    /// Counts a call of the account (by its place in the world).
    ///
    /// # Errors
    ///
    /// When it is one too many: how long to wait for the next span.
    pub(super) fn take(
        &mut self,
        account: usize,
        platform: Platform,
        pace: Pace,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let (most, length) = pace.limit(platform);
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        let span = now.0.div_euclid(millis);
        let count = self.counts.entry((account, pace)).or_default();
        if count.span != span {
            *count = Count { span, calls: 0 };
        }
        count.calls = count.calls.saturating_add(1);
        if count.calls <= most {
            return Ok(());
        }
        Err(length.saturating_sub(Duration::from_millis(now.0.rem_euclid(millis).unsigned_abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_allows_so_many_calls_and_the_next_one_as_many_again() {
        let check = |platform, pace, most: usize, span: i64| {
            let mut rates = Rates::default();
            for start in [0, span] {
                let taken = (0..=most).filter(|_| rates.take(0, platform, pace, Timestamp(start)).is_ok()).count();
                assert_eq!(taken, most, "{pace:?}");
            }
            let last = Timestamp(2 * span - 1);
            assert_eq!(rates.take(0, platform, pace, last), Err(Duration::from_millis(1)));
            assert_eq!(rates.take(1, platform, pace, last), Ok(()));
        };
        check(Platform::Messenger, Pace::Text, 300, 1_000);
        check(Platform::Instagram, Pace::Text, 100, 1_000);
        check(Platform::Messenger, Pace::Media, 10, 1_000);
        check(Platform::Messenger, Pace::PrivateReply, 750, 3_600_000);
        check(Platform::InstagramLogin, Pace::LiveReply, 100, 1_000);
    }
}
