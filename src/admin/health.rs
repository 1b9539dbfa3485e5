//! `/livez`, `/readyz`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Admin;

/// How long the store may take to show that it can write.
const PATIENCE: Duration = Duration::from_secs(3);

/// The process runs.
pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

/// The server takes deliveries and the store can write. That a relay is down shows in the body alone: its events are kept.
pub(super) async fn ready(State(admin): State<Arc<Admin>>) -> (StatusCode, Json<Value>) {
    let relays = relays(&admin);
    match unavailable(&admin).await {
        None => (StatusCode::OK, Json(json!({"status": "ready", "relays": relays}))),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"status": "unavailable", "reason": reason, "relays": relays})),
        ),
    }
}

/// Why no delivery can be kept, where none can.
async fn unavailable(admin: &Admin) -> Option<String> {
    if !admin.readiness.get() {
        return Some("starting or draining".to_owned());
    }
    match tokio::time::timeout(PATIENCE, admin.store.probe()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("the store does not answer".to_owned()),
    }
}

/// Whether each account's relay is up; `since` says from when it is not.
fn relays(admin: &Admin) -> BTreeMap<String, Value> {
    let relays = admin.relays.down_since().into_iter();
    relays
        .map(|(account, since)| (account, json!({"up": since.is_none(), "since": since.map(|at| at.to_string())})))
        .collect()
}
