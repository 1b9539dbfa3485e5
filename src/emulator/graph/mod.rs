//! The Graph API, as far as sending needs it: `POST /{version}/{node}/messages`.
//!
//! `access` says who calls and `fields` what with; `messages` takes the call through its checks: `call` and `recipient` give
//! it its form, `rules` (with `tags` and `rightful`) say whether it may go, `limits` and its neighbours whether it is made as
//! it must be. What passes them all is sent by `send`.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

mod access;
mod action;
mod buttons;
mod call;
mod error;
mod fields;
mod limits;
mod media;
mod messages;
mod part;
mod quick_replies;
mod recipient;
mod rightful;
mod rules;
mod send;
mod tags;
mod template;

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State as Given};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

use super::exchange::{Exchange, Kind, shown_headers};
use super::faults::SendFault;
use super::refusal::Refusal;
use super::serve::{NoAnswer, Site};
use super::state::{Notice, Shared, State};
use super::world::ChatKey;

use call::Fields;
use error::GraphError;

pub(super) use fields::LARGEST_UPLOAD;

/// The version that answers where the path names none.
const VERSION: &str = "v26.0";

/// How late the `slow` fault answers.
const SLOW: Duration = Duration::from_secs(3);

/// `POST /{version}/{node}/messages`.
pub(super) async fn versioned(
    Given(site): Given<Site>,
    Path((version, node)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let number = version.strip_prefix('v').and_then(|version| version.split_once('.'));
    let is_number = |part: &str| !part.is_empty() && part.len() < 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !number.is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
        return Refusal::not_found(uri.path()).into_response();
    }
    answer(&site, &version, Request { node, uri, headers, body }).await
}

/// `POST /{node}/messages`.
pub(super) async fn unversioned(
    Given(site): Given<Site>,
    Path(node): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    answer(&site, VERSION, Request { node, uri, headers, body }).await
}

struct Request {
    node: String,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
}

/// What has become known about a call on its way through the checks.
#[derive(Default)]
struct Progress {
    account: Option<usize>,
    chat: Option<ChatKey>,
    fault: Option<SendFault>,
}

async fn answer(site: &Site, version: &str, request: Request) -> Response {
    let shared = &site.shared;
    let begun = shared.clock.now();
    let mut progress = Progress::default();
    let (result, trace) = {
        let mut state = shared.state();
        let result = handle(shared, &mut state, &request, &mut progress);
        (result, trace(&mut state))
    };
    if let (Ok(_), Some(key)) = (&result, progress.chat) {
        shared.tell(Notice::Chat(key));
    }
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, Value::Object(body)),
        Err(error) => (StatusCode::BAD_REQUEST, error.body(&trace)),
    };
    // Before the wait: a client that does not wait so long takes this task with it.
    shared.record(exchange(shared, begun, &request, &progress, (status, &body)));
    if progress.fault == Some(SendFault::Slow) {
        tokio::select! {
            () = tokio::time::sleep(SLOW) => {}
            () = site.stop.cancelled() => {}
        }
    }
    let response = (status, graph_headers(version, &trace), Json(body)).into_response();
    if progress.fault == Some(SendFault::LostAnswer) { NoAnswer::instead_of(response) } else { response }
}

/// A call and its answer, for the record.
fn exchange(
    shared: &Shared,
    begun: Timestamp,
    request: &Request,
    progress: &Progress,
    (status, body): (StatusCode, &Value),
) -> Exchange {
    let world = &shared.world;
    let lost = progress.fault == Some(SendFault::LostAnswer);
    let error = match progress.fault {
        Some(SendFault::LostAnswer) => Some("the answer is lost: a scripted fault"),
        Some(SendFault::Slow) => Some("answered 3 s late: a scripted fault"),
        Some(_) => Some("refused by a scripted fault"),
        None => None,
    };
    Exchange {
        account: progress.account.map(|at| world.accounts[at].name.clone()),
        person: progress.chat.map(|key| world.people[key.person].name.clone()),
        request_headers: shown_headers(&request.headers),
        request: request.body.as_ref().map_or(Value::Null, |body| fields::shown(&request.headers, body)),
        status: (!lost).then_some(status.as_u16()),
        response: if lost { Value::Null } else { body.clone() },
        duration_ms: shared.clock.now().0 - begun.0,
        error: error.map(str::to_owned),
        ..Exchange::begun(Kind::Graph, begun, "POST", &request.uri.to_string())
    }
}

/// Takes a call through the checks and carries it out.
fn handle(
    shared: &Shared,
    state: &mut State,
    request: &Request,
    progress: &mut Progress,
) -> Result<Map<String, Value>, GraphError> {
    let read = match &request.body {
        Ok(body) => call::fields(&request.uri, &request.headers, body),
        Err(_) => Err(GraphError::parameter("The body is larger than 26 MiB or was cut off")),
    };
    // The token is looked at first, even where the body cannot be read.
    let for_token = read.as_ref().map_or_else(|_| call::query(&request.uri), Fields::clone);
    let accounts = access::accounts(&shared.world, &request.node, &request.headers, &for_token)?;
    progress.account = accounts.first().copied();
    messages::handle(shared, state, &accounts, &read?, progress)
}

fn trace(state: &mut State) -> String {
    (0..11).map(|_| state.rng.alphanumeric()).collect()
}

fn graph_headers(version: &str, trace: &str) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(VERSION));
    let mut headers = HeaderMap::new();
    headers.insert("facebook-api-version", value(version));
    headers.insert("x-fb-request-id", value(trace));
    headers.insert("x-fb-trace-id", value(trace));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers
}
