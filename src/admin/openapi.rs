//! `/api/openapi.json`: the description of the API, in the words of OpenAPI 3.1. A test holds it to the routes.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

const DESCRIPTION: &str = include_str!("openapi.json");

/// The description.
pub(super) async fn description() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DESCRIPTION)
}
