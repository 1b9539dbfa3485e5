//! What every answer carries besides its body: the headers, and a refusal in the words of the host that was called.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::super::setup::Said;
use super::super::state::{Shared, State};
use super::super::version::VERSION;
use super::error::GraphError;
use super::request::Request;
use super::{access, oauth};

/// An error as the host that was called says it: Meta's two hosts are one here, and the token tells which is meant.
pub(super) fn in_the_hosts_words(shared: &Shared, request: &Request, error: GraphError) -> GraphError {
    let world = &shared.world;
    let is_by_login = |token: String| access::holder(world, &token).is_some_and(|who| who.is_by_instagram_login(world));
    let is_instagrams = oauth::is_instagrams(&request.path) || request.token().is_some_and(is_by_login);
    if is_instagrams { error.of_instagram() } else { error }
}

/// What the header of a refusal says; what cannot stand in one becomes a blank.
pub(super) fn challenge(error: &GraphError) -> Option<HeaderValue> {
    let text = error.challenge().replace(char::is_control, " ");
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// A new id, by which Meta's support would find the call.
pub(super) fn trace(state: &mut State) -> String {
    (0..11).map(|_| state.wire_rng.alphanumeric()).collect()
}

/// The headers of any answer.
pub(super) fn headers(version: &str, trace: &str, said: &Said) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(VERSION));
    let mut headers = HeaderMap::new();
    headers.insert("facebook-api-version", value(version));
    headers.insert("x-fb-request-id", value(trace));
    headers.insert("x-fb-trace-id", value(trace));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.extend(said.app.as_deref().map(|said| (HeaderName::from_static("x-app-usage"), value(said))));
    let business = HeaderName::from_static("x-business-use-case-usage");
    headers.extend(said.business.as_deref().map(|said| (business, value(said))));
    headers
}
