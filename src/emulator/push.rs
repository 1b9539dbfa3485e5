//! Delivers the webhooks: one loop that takes what may go, a bounded number of attempts at a time, every attempt on record.
//!
//! A delivery counts when the callback answers 200 within five seconds of real time. Redirects are not followed and the
//! answer's body is of no interest, as with Meta.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks>

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::clock::Timestamp;
use crate::signature;

use super::escape::escape;
use super::exchange::{BODY, Exchange, Kind, shown_body, shown_headers};
use super::legacy;
use super::queue::{Attempt, Settled};
use super::state::{Notice, Shared, State};
use super::version::VERSION;
use super::world::ChatKey;

/// How long the callback has for its answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The same while the clock stands: what takes long then is the machine, and the clock would never come to the next attempt.
const PATIENCE_OF_A_CLOCK_THAT_STANDS: Duration = Duration::from_secs(60);

/// How many deliveries are under way at the same time.
const CONCURRENCY: usize = 32;

/// Under which name every request to the callback comes.
pub(super) const NAME: HeaderValue = HeaderValue::from_static("facebookexternalua");

/// The version by which a payload was built.
const API_VERSION: &str = "facebook-api-version";

/// The client for the callback. On a machine without any certificate authorities it still reaches callbacks by HTTP.
pub(super) fn client() -> reqwest::Client {
    let builder = || {
        let redirect = reqwest::redirect::Policy::none();
        reqwest::Client::builder().redirect(redirect).no_proxy().connect_timeout(PATIENCE_OF_A_CLOCK_THAT_STANDS)
    };
    builder()
        .build()
        .or_else(|_| builder().tls_certs_only([]).build())
        .expect("a client that trusts nobody can be built")
}

/// Delivers until `stop`. Deliveries that are under way then are cut off.
pub(super) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut attempts = JoinSet::new();
    loop {
        let due = start(&shared, &mut attempts);
        tokio::select! {
            () = stop.cancelled() => break,
            () = shared.wake.notified() => {}
            Some(_) = attempts.join_next() => {}
            () = shared.clock.sleep_until_due(due) => {}
        }
    }
    attempts.shutdown().await;
}

/// Starts what may go now. Returns when to look again, if nothing happens before.
fn start(shared: &Arc<Shared>, attempts: &mut JoinSet<()>) -> Option<Timestamp> {
    let now = shared.clock.now();
    let mut state = shared.state();
    if !state.subscriptions.has_begun() {
        return None;
    }
    while attempts.len() < CONCURRENCY {
        let Some(next) = state.queue.start(&shared.world, now) else { return state.queue.next_due() };
        let object = shared.world.accounts[next.lane.account].platform.object();
        let callback =
            state.subscriptions.callback(object).expect("what waits is of a kind with a callback").to_owned();
        attempts.spawn(attempt(shared.clone(), callback, next));
    }
    None
}

async fn attempt(shared: Arc<Shared>, callback: String, attempt: Attempt) {
    let body = escape(&attempt.body);
    let begun = shared.clock.now();
    let mut exchange = Exchange::begun(Kind::Webhook, begun, "POST", &callback);
    exchange.account = Some(shared.world.accounts[attempt.lane.account].name.clone());
    exchange.person = attempt.lane.person.map(|person| shared.world.people[person].name.clone());
    exchange.request = shown_body(&body);
    exchange.attempt = attempt.number;
    if attempt.lost {
        exchange.error = Some("lost on the way: a scripted fault".into());
    } else {
        deliver(&shared, &callback, body, &mut exchange).await;
    }
    let now = shared.clock.now();
    exchange.duration_ms = now.0 - begun.0;
    let delivered = exchange.status == Some(200);
    if !delivered {
        let (status, number) = (exchange.status, attempt.number);
        tracing::info!(account = exchange.account, status, attempt = number, "a delivery failed and is tried again");
    }
    let mut state = shared.state();
    match state.queue.settle(attempt.id, delivered, now) {
        // What was under way during a reset belongs to what was forgotten.
        Settled::Forgotten => return,
        Settled::Kept => {}
        Settled::GivenUp { unsubscribed } => unsubscribe(&shared, &mut state, &unsubscribed),
    }
    let kept = state.exchanges.keep(exchange);
    shared.tell(Notice::Exchange(kept));
    if delivered {
        let changed: BTreeSet<ChatKey> = attempt.messages.iter().map(|(chat, _)| *chat).collect();
        attempt.messages.iter().for_each(|(chat, mid)| state.chat(*chat).delivered(mid));
        changed.into_iter().for_each(|chat| shared.tell(Notice::Chat(chat)));
    }
}

/// The callback has failed for an hour: what it has missed is lost, and nothing more is told of these accounts until they are
/// subscribed again.
fn unsubscribe(shared: &Shared, state: &mut State, accounts: &[usize]) {
    tracing::warn!("a delivery is given up: the callback has failed for an hour");
    for &account in accounts {
        state.subscriptions.cut_off(account);
        let account = &shared.world.accounts[account].name;
        tracing::warn!(account, "webhooks disabled: the app is unsubscribed from the account and must subscribe again");
    }
}

async fn deliver(shared: &Shared, callback: &str, body: Vec<u8>, exchange: &mut Exchange) {
    let secret = &shared.world.app.secret;
    let (signed, legacy_signed) = (signature::sign(secret, &body), legacy::sign(secret, &body));
    let request = shared
        .http
        .post(callback)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, NAME)
        .header(API_VERSION, VERSION)
        .header(legacy::HEADER, legacy_signed)
        .header(signature::HEADER, signed)
        .body(body)
        .build();
    match request {
        Ok(request) => {
            exchange.request_headers = shown_headers(request.headers());
            answered(shared, request, exchange).await;
        }
        Err(error) => exchange.error = Some(chain(error)),
    }
}

/// Sends the request and notes the answer in `exchange`. Returns the answer's body, as far as it is kept.
pub(super) async fn answered(shared: &Shared, request: reqwest::Request, exchange: &mut Exchange) -> Vec<u8> {
    let mut body = Vec::new();
    let call = async {
        let mut response = shared.http.execute(request).await?;
        exchange.status = Some(response.status().as_u16());
        read(&mut response, &mut body, BODY).await
    };
    let patience = if shared.clock.stands() { PATIENCE_OF_A_CLOCK_THAT_STANDS } else { PATIENCE };
    let ended = timeout(patience, call).await;
    exchange.response = shown_body(&body);
    exchange.error = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(chain(error)),
        Err(_) => Some(format!("no complete answer within {} s", patience.as_secs())),
    };
    body
}

/// Reads an answer's body into `body`, and no further than one piece beyond `most` bytes.
pub(super) async fn read(response: &mut reqwest::Response, body: &mut Vec<u8>, most: usize) -> reqwest::Result<()> {
    while body.len() <= most {
        match response.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(())
}

/// The error with its causes. The address is left out: it may carry the verify token.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
