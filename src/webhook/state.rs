//! What the webhook's routes hold.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::body_memory::BodyMemory;
use super::told::Told;
use crate::accounts::Accounts;
use crate::bot::Interests;
use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::settings::{self, Settings};
use crate::signature::Verifier;
use crate::telemetry::{Metrics, Seldom};

/// The parts of the server that take deliveries in.
#[derive(Debug)]
pub struct Webhook {
    pub(super) app: settings::App,
    pub(super) verifier: Verifier,
    pub(super) accounts: Accounts,
    pub(super) interests: Interests,
    pub(super) max_body: usize,
    pub(super) timeout: Duration,
    /// For the bodies that are being read or kept.
    pub(super) room: BodyMemory,
    /// Held while a large body is read: one at a time, beside the threads that answer.
    pub(super) large: Arc<Semaphore>,
    pub(super) store: Conversations,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) told: Told,
    pub(super) minutely: Minutely,
}

/// What the log tells once a minute.
#[derive(Debug, Default)]
pub(super) struct Minutely {
    pub(super) unsigned: Seldom,
    pub(super) unverified: Seldom,
    pub(super) unreadable: Seldom,
    pub(super) unavailable: Seldom,
}

impl Webhook {
    /// The webhook of the settings' app, for these accounts. It keeps deliveries in `store`.
    pub fn new(
        settings: &Settings,
        accounts: Accounts,
        interests: Interests,
        store: Conversations,
        clock: Clock,
        metrics: Metrics,
    ) -> Webhook {
        let server = &settings.server;
        Webhook {
            app: settings.app.clone(),
            verifier: Verifier::of(settings.app.live_secrets()),
            accounts,
            interests,
            max_body: server.max_body,
            timeout: server.timeout,
            room: BodyMemory::new(server.max_buffered, server.max_body, server.max_connections),
            large: Arc::new(Semaphore::new(1)),
            store,
            clock,
            metrics,
            told: Told::default(),
            minutely: Minutely::default(),
        }
    }
}
