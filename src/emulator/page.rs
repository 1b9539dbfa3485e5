//! The playground: one page, its style and its script, built into the program.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

const HTML: &str = include_str!("playground/index.html");
const CSS: &str = include_str!("playground/playground.css");
const JS: &str = include_str!("playground/playground.js");

// Pictures, sounds and films come from wherever a bot says; everything else from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https: http:; \
    media-src 'self' data: https: http:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`.
pub(super) async fn root() -> Redirect {
    Redirect::temporary("/playground/")
}

/// `GET /playground/`.
pub(super) async fn html() -> Response {
    file("text/html; charset=utf-8", HTML)
}

/// `GET /playground/playground.css`.
pub(super) async fn css() -> Response {
    file("text/css; charset=utf-8", CSS)
}

/// `GET /playground/playground.js`.
pub(super) async fn js() -> Response {
    file("text/javascript; charset=utf-8", JS)
}

/// `GET /favicon.ico`: there is none, and a browser that asks need not complain.
pub(super) async fn favicon() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text).into_response()
}
