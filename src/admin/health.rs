//! `/livez`, `/readyz`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::Admin;
use crate::clock::Rfc3339;

/// How long the store may take to show that it can write.
const PATIENCE: Duration = Duration::from_secs(3);

/// What `/livez` answers.
#[derive(Serialize)]
pub(super) struct Live {
    status: &'static str,
}

/// What `/readyz` answers.
#[derive(Serialize)]
pub(super) struct Ready {
    status: &'static str,
    /// Why no delivery can be kept, where none can.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// By the accounts' names.
    relays: BTreeMap<String, Relay>,
}

#[derive(Serialize)]
struct Relay {
    up: bool,
    /// From when it is down.
    since: Option<Rfc3339>,
}

/// The process runs.
pub(super) async fn live() -> Json<Live> {
    Json(Live { status: "live" })
}

/// The server takes deliveries and the store can write. That a relay is down shows in the body alone: its events are kept.
pub(super) async fn ready(State(admin): State<Arc<Admin>>) -> (StatusCode, Json<Ready>) {
    let relays = relays(&admin);
    let reason = unavailable(&admin).await;
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    (code, Json(Ready { status, reason, relays }))
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

fn relays(admin: &Admin) -> BTreeMap<String, Relay> {
    let relays = admin.relays.down_since().into_iter();
    relays.map(|(account, since)| (account, Relay { up: since.is_none(), since: since.map(Rfc3339::from) })).collect()
}
