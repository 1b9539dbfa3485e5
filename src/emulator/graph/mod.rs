//! The Graph API: the Send API, `POST /{version}/{node}/messages`, and what else a bot asks of Meta.
//!
//! A send goes through the checks in the order that `sending` tells. Nothing here knows who calls.
//!
//! In reading order:
//!
//! - `request`, `path`: version and object of an address. `access`: whose token it is. `error`: what a refusal looks like.
//! - `fields`: what a call carries. `sending` takes a send through its checks: `call` and `recipient` give it its form, `rules`
//!   (with `tags` and `rightful`) say whether it may go, `limits` and its neighbours whether it is made as it must be; `send`
//!   brings it to the person.
//! - `endpoint`: which endpoint answers any other call; `multiple`: about several objects at once; `ask`, `select`, `object`:
//!   what they all need. Then a file for each family of endpoints.
//! - `batch`, `references`: several calls in one. `reply`: what every answer carries besides its body.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

mod access;
mod account;
mod accounts;
mod action;
mod app;
mod ask;
mod attachment_id;
mod batch;
mod buttons;
mod call;
mod constant;
mod conversation;
mod conversations;
mod endpoint;
mod error;
mod facts;
mod fetched;
mod fields;
mod frame;
mod labels;
mod limits;
mod linking;
mod media;
mod menu;
mod messages;
mod moderation;
mod multiple;
mod node;
mod notifications;
mod oauth;
mod object;
mod part;
mod path;
mod people;
mod personas;
mod profile;
mod progress;
mod properties;
mod quick_replies;
mod recipient;
mod references;
mod reply;
mod request;
mod rightful;
mod rules;
mod select;
mod send;
mod sending;
mod subscribed;
mod tags;
mod template;
mod templates;
mod threads;
mod uploads;

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Given;
use axum::extract::rejection::BytesRejection;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::listener::NoAnswer;

use super::exchange::{Exchange, Kind, hidden, shown_headers};
use super::faults::SendFault;
use super::site::Site;
use super::state::{Notice, Shared, State};

use ask::Answer;
use progress::Progress;
use request::Request;

pub(super) use fields::LARGEST_UPLOAD;

/// How late the `slow` fault answers.
const SLOW: Duration = Duration::from_secs(3);

/// A call of several objects names none in its path: `GET /?ids=`. Anything else there wants the playground.
pub(super) fn is_about_several(uri: &Uri) -> bool {
    call::query(uri).contains_key("ids")
}

/// Any call, at any path.
pub(super) async fn graph(
    Given(site): Given<Site>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    answer(&site, Request::new(method, uri, headers, body)).await
}

async fn answer(site: &Site, request: Request) -> Response {
    let shared = &site.shared;
    let begun = shared.clock.now();
    let mut progress = Progress::default();
    let verified = if request.is_subscription() { Some(app::subscribe(shared, &request).await) } else { None };
    let (result, trace, said) = {
        let mut state = shared.state();
        let result = verified.unwrap_or_else(|| lead(shared, &mut state, &request, &mut progress));
        let said = state.setup.usage.count(&shared.world, progress.account, progress.throttled, begun);
        (result, reply::trace(&mut state), said)
    };
    if let (Ok(_), Some(key)) = (&result, progress.chat) {
        shared.tell(Notice::Chat(key));
    }
    let mut headers = reply::headers(request.version, &trace, &said);
    let (status, body) = match result.map_err(|error| reply::in_the_hosts_words(shared, &request, error)) {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => {
            headers.extend(reply::challenge(&error).map(|challenge| (WWW_AUTHENTICATE, challenge)));
            (StatusCode::BAD_REQUEST, error.body(&trace))
        }
    };
    // Before the wait: a client that does not wait so long takes this task with it.
    shared.record(exchange(shared, begun, &request, &progress, (status, &body)));
    if progress.fault == Some(SendFault::Slow) {
        tokio::select! {
            () = tokio::time::sleep(SLOW) => {}
            () = site.stop.cancelled() => {}
        }
    }
    let response = (status, headers, Json(body)).into_response();
    if progress.fault == Some(SendFault::LostAnswer) { NoAnswer::instead_of(response) } else { response }
}

/// Leads a call to where it is answered.
fn lead(shared: &Shared, state: &mut State, request: &Request, progress: &mut Progress) -> Answer {
    if request.is_send() {
        sending::answer(shared, state, request, progress).map(Value::Object)
    } else if request.is_batch() {
        batch::answer(shared, state, request, progress)
    } else {
        endpoint::answer(shared, state, request, progress)
    }
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
    // Other calls than sends have tokens inside: in the parts of a batch, in lists of accounts, in links from page to page.
    let shown = |value: Value| if request.is_send() { value } else { hidden(value) };
    Exchange {
        account: progress.account.map(|at| world.accounts[at].name.clone()),
        person: progress.chat.map(|key| world.people[key.person].name.clone()),
        request_headers: shown_headers(&request.headers),
        request: request.body.as_ref().map_or(Value::Null, |body| shown(fields::shown(&request.headers, body))),
        status: (!lost).then_some(status.as_u16()),
        response: if lost { Value::Null } else { shown(body.clone()) },
        duration_ms: shared.clock.now().0 - begun.0,
        error: error.map(str::to_owned),
        ..Exchange::begun(Kind::Graph, begun, request.method.as_str(), &request.uri.to_string())
    }
}
