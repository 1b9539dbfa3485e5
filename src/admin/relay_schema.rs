//! `/api/relay.schema.json`: what a relay is asked, and what it may answer, for its author's tools.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::Admin;

/// What a relay is asked and what it may answer.
///
/// JSON Schema of 2020-12: `$defs.Request` is the body that is posted to a relay, `$defs.Answer` the body that it answers.
#[utoipa::path(
    get,
    path = "/api/relay.schema.json",
    operation_id = "describe_relay",
    tag = "documents",
    responses((status = 200, description = "JSON Schema.", body = Object))
)]
pub(super) async fn schema(State(admin): State<Arc<Admin>>) -> Response {
    Json(&admin.relay_schema).into_response()
}
