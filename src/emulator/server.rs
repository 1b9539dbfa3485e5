//! The server behind the callback, where the emulator was told of its operator's API: `/api/events` and `/api/sends` of a
//! Rejoinder server.
//!
//! What a server does not send crosses no wire: a handler that failed, a message that policy refused. The page asks for it
//! here, so that the browser calls no other origin, and the token stays here. What the server answers is passed on as it is, but
//! for times: they are told by the emulator's clock, which may have been moved where the server's was not.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State as Given};
use axum::http::StatusCode;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::push;
use super::refusal::Refusal;
use super::server_api::Api;
use super::site::Site;
use super::state::{Notice, Shared};

/// How long the server has for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read.
const LARGEST: usize = 8 * 1024 * 1024;

/// How many of its newest events and sends are shown.
const NEWEST: &str = "100";

/// `GET /emulator/server`: its newest events and sends, with their times by the emulator's clock. What is older than `since`
/// belongs to a world that was reset.
pub(super) async fn newest(Given(site): Given<Site>) -> Result<Json<Value>, Refusal> {
    let (shared, api) = (&site.shared, known(&site.shared)?);
    let (events, sends) =
        tokio::try_join!(list(shared, &api, "events", "received_at"), list(shared, &api, "sends", "at"))?;
    let since = shared.state().began;
    Ok(Json(json!({"since": since, "events": events, "sends": sends})))
}

/// One of the server's lists; `time` is the key of the time in it.
async fn list(shared: &Shared, api: &Api, what: &str, time: &str) -> Result<Vec<Value>, Refusal> {
    let mut answer = ask(shared.http.get(api.url(&[what], &[("limit", NEWEST)])), api).await?;
    let Some(Value::Array(mut rows)) = answer.get_mut(what).map(Value::take) else {
        return Err(api.lost("answers without a list"));
    };
    rows.iter_mut().filter_map(|row| row.get_mut(time)).for_each(|time| api.tell_by_our_clock(time));
    Ok(rows)
}

/// `POST /emulator/server/events/{id}/replay`: the server handles an event again.
pub(super) async fn replay(Given(site): Given<Site>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let api = known(&site.shared)?;
    ask(site.shared.http.post(api.url(&["events", &id, "replay"], &[])), &api).await.map(Json)
}

/// What those who watch are told, as soon as there is a server to ask.
pub(super) fn told(shared: &Shared) -> Option<Notice> {
    shared.server.is_known().then_some(Notice::Server)
}

fn known(shared: &Shared) -> Result<Api, Refusal> {
    shared.server.api().ok_or_else(|| {
        let hint = "name the operator's API of a Rejoinder server when the emulator starts: --server-api URL";
        Refusal::new("no server is known here", hint).status(StatusCode::NOT_FOUND)
    })
}

async fn ask(request: RequestBuilder, api: &Api) -> Result<Value, Refusal> {
    let authorized = match &api.token {
        Some(token) => request.bearer_auth(token.expose()),
        None => request,
    };
    let mut answer = authorized.timeout(PATIENCE).send().await.map_err(|_| api.lost("does not answer"))?;
    let (status, mut body) = (answer.status(), Vec::new());
    push::read(&mut answer, &mut body, LARGEST).await.map_err(|_| api.lost("broke off its answer"))?;
    if body.len() > LARGEST {
        return Err(api.lost("answers more than 8 MiB"));
    }
    let body: Value = serde_json::from_slice(&body).map_err(|_| api.lost("answers no JSON"))?;
    if status.is_success() {
        return Ok(body);
    }
    let words = |key: &str| body["error"][key].as_str().map(str::to_owned);
    let message = words("message").unwrap_or_else(|| format!("it answered {status}"));
    Err(Refusal::new(format!("the server: {message}"), words("hint").unwrap_or_default()).status(status))
}
