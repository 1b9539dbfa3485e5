//! What Meta calls: the verification of the callback, and the deliveries.
//!
//! A delivery is answered 200 only when every event in it is on disk (`receive`). Everything that is not the webhook is
//! 404.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks>

mod receive;
mod verify;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;

use crate::clock::Clock;
use crate::id::AccountId;
use crate::settings;
use crate::store::Store;
use crate::telemetry::Metrics;

/// What the webhook's routes hold.
#[derive(Debug)]
pub struct Webhook {
    /// The secrets that sign deliveries, and the word that verifies the callback.
    pub app: settings::App,
    /// The accounts whose events are handled.
    pub accounts: HashSet<AccountId>,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// How long a body may take to arrive.
    pub timeout: Duration,
    /// Where deliveries are kept.
    pub store: Store,
    /// The present moment.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
}

/// The public listener's routes.
pub fn routes(webhook: Webhook) -> Router {
    Router::new().route("/webhook", get(verify::verify).post(receive::receive)).with_state(Arc::new(webhook))
}
