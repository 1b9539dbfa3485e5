//! `GET /webhook`: Meta asks whether this callback is ours.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Webhook;

#[derive(Deserialize)]
pub(super) struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// 200 and the challenge as it came, which need not be a number; 403 for a wrong word, 400 where one is missing.
pub(super) async fn verify(
    State(webhook): State<Arc<Webhook>>,
    query: Result<Query<Verification>, QueryRejection>,
) -> Response {
    let Ok(Query(Verification { mode: Some(mode), token: Some(token), challenge: Some(challenge) })) = query else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if mode != "subscribe" || !same(&token, webhook.app.verify_token.expose()) {
        if let Some(times) = webhook.minutely.unverified.times() {
            tracing::warn!(times, "a verification of the callback was refused: the mode or the verify token is wrong");
        }
        return StatusCode::FORBIDDEN.into_response();
    }
    tracing::info!("the callback was verified");
    ([(CONTENT_TYPE, "text/plain"), (X_CONTENT_TYPE_OPTIONS, "nosniff")], challenge).into_response()
}

/// Compares by hash: the time it takes tells nothing of where two words differ.
fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}
