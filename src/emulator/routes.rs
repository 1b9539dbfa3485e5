//! Which path leads where, and who may call it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};

use crate::listener::{self, Guard};

use super::site::Site;
use super::{control, graph, linking, page, server, stream};

/// The largest request that is read.
const LARGEST_BODY: usize = 1024 * 1024;

/// The Graph API is for bots anywhere, and for no page of strangers; the rest is for a person at this machine.
pub(super) fn router(site: Site, guard: Guard) -> Router {
    let pages = Router::new()
        .route("/playground/", get(page::html))
        .route("/playground/{*file}", get(page::file).fallback(control::nothing))
        // The way back from a login page, which is elsewhere. Its token cannot be guessed.
        .route("/emulator/linking/{token}", get(linking::finish))
        .route_layer(from_fn_with_state(guard.clone().with_links(), listener::guard));
    let control = Router::new()
        .route("/emulator/world", get(control::world))
        .route("/emulator/act", post(control::act))
        .route("/emulator/chats/{account}/{person}", get(control::chat))
        .route("/emulator/exchanges", get(control::exchanges))
        .route("/emulator/stream", get(stream::stream))
        .route("/emulator/clock", get(control::clock).post(control::advance))
        .route("/emulator/faults", get(control::pending).post(control::faults))
        .route("/emulator/subscribe", get(control::subscription).post(control::subscribe))
        .route("/emulator/reset", post(control::reset))
        .route("/emulator/terms", post(control::terms))
        .route("/emulator/linking", post(linking::begin))
        .route("/emulator/server", get(server::newest))
        .route("/emulator/server/events/{id}/replay", post(server::replay))
        .route("/emulator/{*rest}", any(control::nothing))
        .route_layer(from_fn_with_state(guard.clone(), listener::guard));
    let graph = Router::new()
        .route("/", get(root).post(graph::graph))
        .fallback(any(graph::graph))
        .layer(DefaultBodyLimit::max(graph::LARGEST_UPLOAD))
        // A link leads to the playground by `/`.
        .layer(from_fn_with_state(guard.for_programs().with_links(), listener::guard));
    Router::new()
        .route("/favicon.ico", get(page::favicon))
        .merge(pages)
        .merge(control)
        .merge(graph)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(site)
}

/// What calls the address itself: a program that asks about several objects, or a person's browser.
async fn root(site: axum::extract::State<Site>, request: axum::extract::Request) -> axum::response::Response {
    if !graph::is_about_several(request.uri()) {
        return page::root().await.into_response();
    }
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    graph::graph(site, method, uri, headers, Ok(Bytes::new())).await
}
