//! What an operator calls: health, metrics, and what is in the store.
//!
//! `/livez`, `/readyz` and `/metrics` never need the token, and answer under any name; `/api` asks for the token where one is
//! set, and answers only under its own names and no page but its own ([`Guard`](crate::listener::Guard)). Lists are newest
//! first, ids are strings, times are RFC 3339 in UTC with milliseconds.

mod auth;
mod conversations;
mod error;
mod events;
mod health;
mod mask;
mod metrics;
mod openapi;
mod page;
mod post;
mod queued;
mod readiness;
mod relay_schema;
mod sends;
mod state;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Extension, Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::listener::guard;
use state::LONGEST_BODY;

pub(crate) use readiness::Readiness;
pub(crate) use state::Admin;

/// The operator's routes.
pub(crate) fn routes(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    let (api, description) = api().split_for_parts();
    let description = openapi::with_what_every_call_answers(description);
    let api = api
        .layer(Extension(Arc::new(description)))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), auth::require_token))
        .route_layer(middleware::from_fn_with_state(admin.guard.clone(), guard));
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(self::metrics::metrics))
        .merge(api)
        .with_state(admin)
}

/// What is under `/api`, by the paths that stand at the handlers.
fn api() -> OpenApiRouter<Arc<Admin>> {
    OpenApiRouter::with_openapi(openapi::root())
        .routes(routes!(events::list))
        .routes(routes!(events::one))
        .routes(routes!(events::replay))
        .routes(routes!(sends::list))
        .routes(routes!(sends::one))
        .routes(routes!(sends::release))
        .routes(routes!(sends::discard))
        .routes(routes!(post::post))
        .routes(routes!(conversations::one))
        .routes(routes!(openapi::description))
        .routes(routes!(relay_schema::schema))
}
