//! `handler = "relay"`: a bot in any language, behind one HTTP call.
//!
//! Each event is posted to the relay, signed as the Standard Webhooks specification says ([`request`](self)); its answer is
//! what the bot says and remembers. While a relay is down (`outage`) none of its events dies: those that have failed are tried one
//! at a time, and so are all of them where the relay is not there.
//!
//! Standard Webhooks: <https://www.standardwebhooks.com>

mod answer;
mod health;
mod history;
mod outage;
mod request;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::{StatusCode, Url};

use crate::bot::{AnyHandler, Capacity, Context, Interest, Observation};
use crate::clock::{Clock, Timestamp};
use crate::event::Event;
use crate::fetch::{Answer, Fetch, FetchError};
use crate::id::EventId;
use crate::settings::{self, RelayKinds};
use crate::telemetry::RelaySign;
use answer::{UnknownKeys, Wanted};
use health::Health;
use outage::Met;
use request::Signer;
pub use schema::schema;

/// The relay of one account.
pub struct Relay {
    url: String,
    signer: Option<Signer>,
    kinds: RelayKinds,
    limit: usize,
    unknown_keys: UnknownKeys,
    fetch: Fetch,
    health: Arc<Health>,
    clock: Clock,
}

impl Relay {
    /// The relay that `account` names, or the common one. `None` where neither has an address.
    /// `sign` shows whether it is up.
    pub fn of(
        account: &settings::Account,
        common: &settings::Relay,
        sign: RelaySign,
        fetch: Fetch,
        clock: Clock,
    ) -> Option<Relay> {
        let own = &account.relay;
        Some(Relay {
            url: own.url.clone().or_else(|| common.url.clone())?,
            signer: own.secret.as_ref().or(common.secret.as_ref()).and_then(Signer::new),
            kinds: own.kinds.or(common.kinds).unwrap_or(RelayKinds::Acts),
            limit: common.max_answer,
            unknown_keys: UnknownKeys::default(),
            fetch,
            health: Arc::new(Health::new(sign)),
            clock,
        })
    }

    /// One call. `read` says whether what the relay wants can be done; where it cannot, the answer is of no use.
    async fn call<T>(
        &self,
        observation: &Observation,
        read: impl FnOnce(Wanted) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let body = request::body(observation)?;
        // By the machine's time: a verifier holds it against its own.
        let now = Clock::system().now();
        let headers = request::headers(self.signer.as_ref(), observation.turn(), now, &body)?;
        // Dropped unended when the deadline passes or the server stops.
        let call = self.health.begin(observation.turn(), &self.clock);
        let result = self.fetch.post(&self.url, headers, body, self.limit).await;
        let failing = failing(&result);
        let answered = result.map_err(|error| self.unanswered(error)).and_then(answer::read);
        if let Ok(wanted) = &answered {
            self.unknown_keys.tell(wanted);
        }
        let wanted = answered.and_then(read);
        call.ended(if wanted.is_ok() { Met::Answer } else { failing });
        wanted
    }

    /// The error with its causes, and a hint where no connection came about. The hint has the relay's scheme, host and port
    /// alone: the rest of an address may be secret.
    fn unanswered(&self, error: FetchError) -> anyhow::Error {
        let is_unreachable = matches!(error, FetchError::Unreachable { .. });
        let error = anyhow::Error::from(error);
        match Url::parse(&self.url) {
            Ok(url) if is_unreachable => {
                anyhow::anyhow!("{error:#}; is the bot running at {}?", url.origin().ascii_serialization())
            }
            _ => error,
        }
    }
}

/// What a call has met, if it brought nothing of use.
fn failing(result: &Result<Answer, FetchError>) -> Met {
    match result {
        Err(FetchError::Unreachable { .. }) => Met::Absence,
        Ok(Answer { status, .. }) | Err(FetchError::TooLong { status, .. }) => {
            if UNAVAILABLE.contains(status) {
                Met::Absence
            } else {
                Met::Unusable
            }
        }
        Err(_) => Met::Silence,
    }
}

/// By these a relay, or what stands before it, says that it is unavailable.
const UNAVAILABLE: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

impl AnyHandler for Relay {
    fn handle<'a>(&'a self, ctx: &'a mut Context, _: &'a Event) -> BoxFuture<'a, anyhow::Result<()>> {
        async move {
            let recipient = ctx.recipient().clone();
            let read = |wanted: Wanted| Ok((wanted.requests(&recipient)?, wanted));
            let (replies, wanted) = self.call(ctx, read).await?;
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
                self.call(ctx, Ok).await?.remember(ctx)?;
            }
            Ok(())
        }
        .boxed()
    }

    fn interest(&self) -> Interest {
        match self.kinds {
            RelayKinds::All => Interest::Everything,
            RelayKinds::Acts => Interest::Acts,
        }
    }

    fn capacity(&self) -> Capacity {
        self.health.capacity(&self.clock)
    }

    fn failed(&self, event: EventId, attempt: u32) -> bool {
        self.health.failed((event, attempt), &self.clock)
    }

    fn down_within(&self, from: Timestamp, to: Timestamp) -> Duration {
        self.health.down_within(from, to, &self.clock)
    }
}
