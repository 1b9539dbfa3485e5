//! Meta's published rates, kept.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/overview/rate-limiting#messenger-api>

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::message::Request;
use crate::settings;

/// How much of a second's allowance may leave at once.
const BURST: u32 = 10;

/// Calls of the Conversations API.
const LOOKS_PER_SECOND: usize = 2;

/// The allowances of an account: texts and the like, sounds and videos, and looks into its conversations.
#[derive(Debug)]
pub(super) struct Pace {
    texts: DefaultDirectRateLimiter,
    media: DefaultDirectRateLimiter,
    looks: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Pace {
    pub(super) fn new(sender: &settings::Sender, platform: settings::Platform) -> Pace {
        let texts = if platform.is_instagram() { sender.instagram_texts_per_second } else { sender.texts_per_second };
        Pace {
            texts: limiter(texts),
            media: limiter(sender.media_per_second),
            looks: limiter(LOOKS_PER_SECOND),
            clock: DefaultClock::default(),
        }
    }

    /// Waits for the request's turn.
    pub(super) async fn turn(&self, request: &Request) {
        self.wait(self.limiter(request)).await;
    }

    /// Whether it is the request's turn now. It has had it then.
    pub(super) fn has_turn(&self, request: &Request) -> bool {
        self.limiter(request).check().is_ok()
    }

    fn limiter(&self, request: &Request) -> &DefaultDirectRateLimiter {
        let heavy = request.as_message().is_some_and(|message| message.is_heavy());
        if heavy { &self.media } else { &self.texts }
    }

    /// Waits for the turn of a call of the Conversations API.
    pub(super) async fn look(&self) {
        self.wait(&self.looks).await;
    }

    async fn wait(&self, limiter: &DefaultDirectRateLimiter) {
        while let Err(early) = limiter.check() {
            tokio::time::sleep(early.wait_time_from(self.clock.now())).await;
        }
    }
}

fn limiter(per_second: usize) -> DefaultDirectRateLimiter {
    let rate = u32::try_from(per_second).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
    let burst = NonZeroU32::new(rate.get() / BURST).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(rate).allow_burst(burst))
}
