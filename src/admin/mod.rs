//! What an operator calls: health, metrics, and what is in the store.
//!
//! `/livez`, `/readyz` and `/metrics` never need the token, and answer under any name; `/api` asks for the token where one is
//! set, and answers only under its own names and no page but its own ([`Guard`](crate::listener::Guard)). Lists are newest first, ids are
//! strings, times are RFC 3339 in UTC with milliseconds.

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
mod readiness;
mod sends;
mod state;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::listener::guard;
use state::LONGEST_BODY;

pub use readiness::Readiness;
pub use state::Admin;

/// The operator's routes.
pub fn routes(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    let api = Router::new()
        .route("/api/events", get(events::list))
        .route("/api/events/{id}", get(events::one))
        .route("/api/events/{id}/replay", post(events::replay))
        .route("/api/sends", get(sends::list))
        .route("/api/sends/{id}", get(sends::one))
        .route("/api/sends/{id}/release", post(sends::release))
        .route("/api/sends/{id}/drop", post(sends::discard))
        .route("/api/accounts/{name}/sends", post(self::post::post))
        .route("/api/conversations/{account}/{person}", get(conversations::one))
        .route("/api/openapi.json", get(openapi::description))
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
