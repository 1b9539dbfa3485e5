//! What Meta calls: the verification of the callback, and the deliveries.
//!
//! A delivery is answered 200 only when every event in it is on disk (`receive`). Everything that is not the webhook is
//! 404.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks>

mod body_memory;
mod receive;
mod state;
mod told;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
pub use state::Webhook;

/// The public listener's routes.
pub fn routes(webhook: Webhook) -> Router {
    let methods = get(verify::verify).post(receive::receive).fallback(async || StatusCode::NOT_FOUND);
    Router::new().route("/webhook", methods).with_state(Arc::new(webhook))
}
