//! The verification of a callback: a GET that a server of this app, and no other, answers with the challenge.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>

use reqwest::header::USER_AGENT;
use reqwest::{Method, Request, Url};

use super::exchange::{Exchange, Kind, shown_headers};
use super::push::{NAME, answered};
use super::state::Shared;
use super::subscriptions::Subscriptions;

/// Why a callback was not subscribed. Nothing is delivered to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// It is not an `http` or `https` address.
    #[error("the callback {0:?} is not an http or https address")]
    NotAnAddress(String),
    /// It gave no complete answer within five seconds. It may later.
    #[error("the callback does not answer: {0}")]
    Unreachable(String),
    /// It answered with another status than 200: most likely it has another verify token.
    #[error("the callback refused the verification with HTTP {0}; does it have the app's verify token?")]
    Refused(u16),
    /// It answered 200 with something else than the challenge.
    #[error("the callback did not answer with the challenge")]
    WrongChallenge,
}

/// Verifies `callback` with the app's verify token, and delivers everything to it from then on.
pub(super) async fn subscribe(shared: &Shared, callback: &str) -> Result<(), SubscribeError> {
    prove(shared, callback, shared.world.app.verify_token.expose()).await?;
    begin(shared, |subscriptions| subscriptions.set_all(callback));
    Ok(())
}

/// Subscribes as `set` does, and delivers what has waited for it.
pub(super) fn begin(shared: &Shared, set: impl FnOnce(&mut Subscriptions)) {
    let now = shared.clock.now();
    let mut state = shared.state();
    state.subscribe(set);
    state.queue.hurry(now);
    drop(state);
    shared.wake.notify_one();
    tracing::info!("the callback is verified: webhooks are delivered");
}

/// Lets `callback` prove that it has the verify token that whoever subscribes has named.
pub(super) async fn prove(shared: &Shared, callback: &str, token: &str) -> Result<(), SubscribeError> {
    let address = Url::parse(callback).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(mut url) = address else { return Err(SubscribeError::NotAnAddress(callback.to_owned())) };
    let challenge = challenge(shared);
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", token);
    verify(shared, url, &challenge).await
}

async fn verify(shared: &Shared, url: Url, challenge: &str) -> Result<(), SubscribeError> {
    let begun = shared.clock.now();
    let mut exchange = Exchange::begun(Kind::Verify, begun, "GET", url.as_str());
    let mut request = Request::new(Method::GET, url);
    request.headers_mut().insert(USER_AGENT, NAME);
    exchange.request_headers = shown_headers(request.headers());
    let body = answered(shared, request, &mut exchange).await;
    exchange.duration_ms = shared.clock.now().0 - begun.0;
    let verified = match (exchange.status, &exchange.error) {
        (None, error) | (Some(200), error @ Some(_)) => {
            Err(SubscribeError::Unreachable(error.clone().unwrap_or_default()))
        }
        (Some(200), None) if body == challenge.as_bytes() => Ok(()),
        (Some(200), None) => Err(SubscribeError::WrongChallenge),
        (Some(status), _) => Err(SubscribeError::Refused(status)),
    };
    if let (None, Err(error)) = (&exchange.error, &verified) {
        exchange.error = Some(error.to_string());
    }
    shared.record(exchange);
    verified
}

/// Ten digits, as Meta's are. The first may be a zero, which a server that reads them as a number loses.
fn challenge(shared: &Shared) -> String {
    let mut state = shared.state();
    (0..10).map(|_| state.wire_rng.digit(10)).collect()
}
