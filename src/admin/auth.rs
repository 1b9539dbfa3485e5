//! `Authorization: Bearer <admin.token>`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Admin;
use super::error::ApiError;

/// Lets a request pass that carries the token, or any where none is set.
pub(super) async fn require_token(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match &admin.token {
        Some(token) if !bears(given, token.expose()) => ApiError::unauthorized().into_response(),
        _ => next.run(request).await,
    }
}

/// Compares by hash: the time it takes tells nothing of where two tokens differ. The scheme's case does not count.
fn bears(given: &str, token: &str) -> bool {
    let Some((scheme, given)) = given.split_once(' ') else { return false };
    scheme.eq_ignore_ascii_case("bearer") && Sha256::digest(given.trim()) == Sha256::digest(token)
}
