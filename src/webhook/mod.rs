//! What Meta calls: the verification of the callback, and the deliveries.
//!
//! A delivery is answered 200 only when every event in it is on disk (`receive`). Everything that is not the webhook is
//! 404.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks>

mod receive;
mod room;
mod told;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::settings::{self, Settings};
use crate::store::Store;
use crate::telemetry::{Metrics, Seldom};
use room::Room;
use told::Told;

/// What the webhook's routes hold.
#[derive(Debug)]
pub struct Webhook {
    app: settings::App,
    accounts: Accounts,
    max_body: usize,
    timeout: Duration,
    /// For the bodies that are being read or kept.
    room: Room,
    /// Held while a large body is read: one at a time, beside the threads that answer.
    large: Arc<Semaphore>,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    told: Told,
    minutely: Minutely,
}

/// What the log tells once a minute.
#[derive(Debug, Default)]
struct Minutely {
    unsigned: Seldom,
    unverified: Seldom,
    unreadable: Seldom,
    unavailable: Seldom,
}

impl Webhook {
    /// The webhook of the settings' app, for these accounts. It keeps deliveries in `store`.
    pub fn new(settings: &Settings, accounts: Accounts, store: Store, clock: Clock, metrics: Metrics) -> Webhook {
        let server = &settings.server;
        Webhook {
            app: settings.app.clone(),
            accounts,
            max_body: server.max_body,
            timeout: server.timeout,
            room: Room::new(server.max_buffered, server.max_body, server.max_connections),
            large: Arc::new(Semaphore::new(1)),
            store,
            clock,
            metrics,
            told: Told::default(),
            minutely: Minutely::default(),
        }
    }
}

/// The public listener's routes.
pub fn routes(webhook: Webhook) -> Router {
    let methods = get(verify::verify).post(receive::receive).fallback(async || StatusCode::NOT_FOUND);
    Router::new().route("/webhook", methods).with_state(Arc::new(webhook))
}
