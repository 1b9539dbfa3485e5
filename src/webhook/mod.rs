//! What Meta calls: the verification of the callback, and the deliveries.
//!
//! A delivery is answered 200 only when every event in it is on disk (`receive`). Everything that is not the webhook is
//! 404.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks>

mod receive;
mod told;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::id::AccountId;
use crate::settings::{self, Settings};
use crate::store::Store;
use crate::telemetry::Metrics;
use told::Told;

/// What the webhook's routes hold.
#[derive(Debug)]
pub struct Webhook {
    app: settings::App,
    /// The accounts: where they are, and who answers there.
    accounts: HashMap<AccountId, (settings::Platform, settings::Bot)>,
    max_body: usize,
    timeout: Duration,
    /// The bytes of bodies that may still be held.
    room: Semaphore,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    unsigned_told: AtomicI64,
    told: Told,
}

impl Webhook {
    /// The webhook of the settings' app and accounts, which keeps deliveries in `store`.
    pub fn new(settings: &Settings, store: Store, clock: Clock, metrics: Metrics) -> Webhook {
        Webhook {
            app: settings.app.clone(),
            accounts: settings
                .accounts
                .values()
                .map(|account| (account.id.clone(), (account.platform, account.bot)))
                .collect(),
            max_body: settings.server.max_body,
            timeout: settings.server.timeout,
            room: Semaphore::new(settings.server.max_buffered.min(Semaphore::MAX_PERMITS)),
            store,
            clock,
            metrics,
            unsigned_told: AtomicI64::new(i64::MIN),
            told: Told::default(),
        }
    }
}

/// The public listener's routes.
pub fn routes(webhook: Webhook) -> Router {
    let methods = get(verify::verify).post(receive::receive).fallback(async || StatusCode::NOT_FOUND);
    Router::new().route("/webhook", methods).with_state(Arc::new(webhook))
}
