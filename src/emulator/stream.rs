//! `GET /emulator/stream`: what changes, as Server-Sent Events, so that a page need not ask again and again.

use std::convert::Infallible;

use axum::extract::State as Given;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::server;
use super::site::Site;
use super::state::{Notice, Shared};

/// Everything that happens from now on. A listener that cannot keep up is told to start over.
pub(super) async fn stream(Given(site): Given<Site>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let Site { shared, stop } = site;
    let notices = BroadcastStream::new(shared.watch());
    let known = server::told(&shared).map(Ok);
    let events = stream::iter(known).chain(notices).map(move |notice| {
        let BroadcastStreamRecvError::Lagged(_) = match notice {
            Ok(notice) => return Ok(event(&shared, &notice)),
            Err(lagged) => lagged,
        };
        Ok(named("reset", &json!({})))
    });
    // An endless answer would hold up a graceful end for ever.
    Sse::new(events.take_until(stop.cancelled_owned())).keep_alive(KeepAlive::default())
}

fn event(shared: &Shared, notice: &Notice) -> Event {
    match notice {
        Notice::Chat(key) => {
            let (account, person) = (&shared.world.accounts[key.account].name, &shared.world.people[key.person].name);
            named("chat", &json!({"account": account, "person": person}))
        }
        Notice::Exchange(exchange) => named("exchange", &json!(**exchange)),
        Notice::Clock(now) => named("clock", &json!({"now": now})),
        Notice::Reset => named("reset", &json!({})),
        Notice::Server => named("server", &json!({})),
    }
}

// JSON has no line breaks of its own, so that it is one line of data.
fn named(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
