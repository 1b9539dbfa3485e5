//! The server behind the callback, where the emulator was told of its operator's API: `/api/events` and `/api/sends` of a
//! Rejoinder server.
//!
//! What a server does not send crosses no wire: a handler that failed, a message that policy refused. The page asks for it
//! here, so that the browser calls no other origin, and the token stays here. What the server answers is passed on as it is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State as Given};
use axum::http::StatusCode;
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::serve::Site;
use super::state::{Notice, Shared};
use crate::secret::Secret;

/// How long the server has for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many of its newest events and sends are shown.
const NEWEST: &str = "100";

/// Where a server's operator's API is, as soon as the emulator was told.
#[derive(Default)]
pub(super) struct Server(Mutex<Option<Api>>);

#[derive(Clone)]
struct Api {
    base: Url,
    token: Option<Secret>,
}

impl Server {
    /// From here on the API at `base` is asked, with `token` where there is one.
    pub(super) fn is_at(&self, base: Url, token: Option<Secret>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Api { base, token });
    }

    /// Whether there is one to ask.
    pub(super) fn is_known(&self) -> bool {
        self.api().is_some()
    }

    fn api(&self) -> Option<Api> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `GET /emulator/server`: its newest events and sends. What is older than `since`, in the emulated Meta's time, belongs to a
/// world that was reset.
pub(super) async fn newest(Given(site): Given<Site>) -> Result<Json<Value>, Refusal> {
    let (shared, api) = (&site.shared, known(&site.shared)?);
    let list = |what| ask(shared.http.get(api.url(&[what], &[("limit", NEWEST)])), &api);
    let (events, sends) = tokio::try_join!(list("events"), list("sends"))?;
    let since = shared.state().began;
    Ok(Json(json!({"since": since, "events": events["events"], "sends": sends["sends"]})))
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
    let answer = authorized.timeout(PATIENCE).send().await.map_err(|_| api.lost("does not answer"))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|_| api.lost("broke off its answer"))?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| api.lost("answers no JSON"))?;
    if status.is_success() {
        return Ok(body);
    }
    let words = |key: &str| body["error"][key].as_str().map(str::to_owned);
    let message = words("message").unwrap_or_else(|| format!("it answered {status}"));
    Err(Refusal::new(format!("the server: {message}"), words("hint").unwrap_or_default()).status(status))
}

impl Api {
    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn lost(&self, what: &str) -> Refusal {
        let hint = "does it run, and is this its admin.listen?";
        Refusal::new(format!("the server's API at {} {what}", self.base), hint).status(StatusCode::BAD_GATEWAY)
    }
}
