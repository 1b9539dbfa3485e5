//! `handler = "relay"`: a bot in any language, behind one HTTP call.
//!
//! Each event is posted to the relay, signed as the Standard Webhooks specification says ([`request`](self)); its answer is
//! what the bot says and remembers. A relay that is not there, says itself that it cannot, or fails many times in a row is
//! probed by one call at a time, with growing pauses, until it answers again. Meanwhile its events wait, and none of them dies.
//!
//! Standard Webhooks: <https://www.standardwebhooks.com>

mod answer;
mod health;
mod request;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::StatusCode;

use crate::bot::{AnyHandler, Capacity, Context, Observation};
use crate::clock::{Clock, Timestamp};
use crate::event::Event;
use crate::fetch::{Fetch, FetchError};
use crate::settings::{self, RelayKinds};
use answer::Wanted;
use health::{Ended, Health};
use request::Signer;

/// The relay of one account.
pub struct Relay {
    url: String,
    signer: Option<Signer>,
    kinds: RelayKinds,
    limit: usize,
    fetch: Fetch,
    health: Arc<Health>,
    clock: Clock,
}

impl Relay {
    /// The relay that `account` names, or the common one. `None` where neither has an address.
    pub fn of(account: &settings::Account, common: &settings::Relay, fetch: Fetch, clock: Clock) -> Option<Relay> {
        let own = &account.relay;
        Some(Relay {
            url: own.url.clone().or_else(|| common.url.clone())?,
            signer: own.secret.as_ref().or(common.secret.as_ref()).and_then(Signer::new),
            kinds: own.kinds.or(common.kinds).unwrap_or(RelayKinds::Acts),
            limit: common.max_answer,
            fetch,
            health: Arc::new(Health::default()),
            clock,
        })
    }

    /// One call: what the relay wants said and remembered.
    async fn call(&self, observation: &Observation) -> anyhow::Result<Wanted> {
        let body = request::body(observation)?;
        // By the machine's time: a verifier holds it against its own.
        let now = Clock::system().now();
        let headers = request::headers(self.signer.as_ref(), observation.turn(), now, &body)?;
        // Counts as a failure when it is dropped unended: the deadline has passed.
        let call = self.health.begin(&self.clock);
        let result = self.fetch.post(&self.url, headers, body, self.limit).await;
        let status = match &result {
            Ok(answer) => Some(answer.status),
            Err(FetchError::TooLong { status, .. }) => Some(*status),
            Err(_) => None,
        };
        let wanted = result.map_err(anyhow::Error::from).and_then(answer::read);
        call.ended(match (&wanted, status) {
            (Ok(_), _) => Ended::Well,
            (Err(_), None) => Ended::Down,
            (Err(_), Some(status)) if UNAVAILABLE.contains(&status) => Ended::Down,
            (Err(_), Some(_)) => Ended::Badly,
        });
        wanted
    }
}

/// What no event can be the cause of.
const UNAVAILABLE: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

impl AnyHandler for Relay {
    fn handle<'a>(&'a self, ctx: &'a mut Context, _: &'a Event) -> BoxFuture<'a, anyhow::Result<()>> {
        async move {
            let wanted = self.call(ctx).await?;
            let replies = wanted.requests(ctx.recipient())?;
            wanted.remember(ctx)?;
            for reply in replies {
                ctx.send(reply);
            }
            Ok(())
        }
        .boxed()
    }

    fn observe<'a>(&'a self, ctx: &'a mut Observation, _: &'a Event) -> BoxFuture<'a, anyhow::Result<()>> {
        async move {
            if self.kinds == RelayKinds::All {
                // What is only observed cannot be replied to; what the relay remembers of it, it may.
                self.call(ctx).await?.remember(ctx)?;
            }
            Ok(())
        }
        .boxed()
    }

    fn capacity(&self, now: Timestamp) -> Capacity {
        self.health.capacity(now)
    }
}
