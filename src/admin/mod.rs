//! What an operator calls: health, metrics, and what is in the store.
//!
//! `/livez`, `/readyz` and `/metrics` never need the token; `/api` does where one is set. Lists are newest first, ids are
//! strings, times are RFC 3339 in UTC with milliseconds.

mod auth;
mod error;
mod events;
mod health;
mod page;
mod sends;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};

use crate::id::AccountId;
use crate::secret::Secret;
use crate::store::Store;
use crate::telemetry::Metrics;
pub use health::Readiness;

/// What the operator's routes hold.
#[derive(Debug)]
pub struct Admin {
    /// What `/api` asks for, where set.
    pub token: Option<Secret>,
    /// The accounts' ids, by name.
    pub accounts: BTreeMap<String, AccountId>,
    /// What is shown.
    pub store: Store,
    /// What was counted.
    pub metrics: Metrics,
    /// Whether the server is ready.
    pub readiness: Readiness,
}

impl Admin {
    fn name_of(&self, id: &AccountId) -> Option<&str> {
        self.accounts.iter().find(|(_, account)| *account == id).map(|(name, _)| name.as_str())
    }
}

/// The operator's routes.
pub fn routes(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    let api = Router::new()
        .route("/api/events", get(events::list))
        .route("/api/events/{id}", get(events::one))
        .route("/api/sends", get(sends::list))
        .route("/api/sends/{id}", get(sends::one))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), auth::require_token));
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(api)
        .with_state(admin)
}
