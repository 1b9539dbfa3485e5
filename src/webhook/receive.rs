//! `POST /webhook`: a delivery.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

use super::Webhook;
use super::body_memory::BodyReservation;
use crate::accounts::Directory;
use crate::bot::Interest;
use crate::clock::Timestamp;
use crate::event::{self, Envelope, Unreadable};
use crate::policy::responsiveness;
use crate::signature;
use crate::store::{Intake, WebhookBatch};
use crate::telemetry::catalogue::{DELIVERIES, DELIVERY_SECONDS, EVENTS_RECEIVED};
use crate::trace::{self, Trace};

/// From how many bytes on a body is read on a thread of its own: longer ones would keep a thread from answering others.
const LARGE: usize = 64 * 1024;

/// Verify the bytes, read them, keep what is in them; then, and only then, 200.
pub(super) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(signature) = only_signature(&headers) else { return webhook.unsigned() };
    let mut place = webhook.room.place();
    let body = match tokio::time::timeout(webhook.timeout, webhook.read(body, &mut place)).await {
        Ok(Ok(body)) => body,
        Ok(Err(status)) => return status,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    let started = tokio::time::Instant::now();
    match webhook.read_verified(signature, body, trace(&headers)).await {
        Some(delivery) => webhook.keep(delivery, started).await,
        None => webhook.unsigned(),
    }
}

/// The signature, given exactly once and in the form of one: without it the body is not even read.
fn only_signature(headers: &HeaderMap) -> Option<&[u8]> {
    let mut given = headers.get_all(signature::HEADER).iter();
    let only = given.next()?.as_bytes();
    (given.next().is_none() && signature::is_well_formed(only)).then_some(only)
}

/// The trace that the proxy before this server has begun; a new one where none has.
fn trace(headers: &HeaderMap) -> Trace {
    let mut given = headers.get_all(trace::HEADER).iter();
    let only = given.next().filter(|_| given.next().is_none()).and_then(|header| header.to_str().ok());
    only.and_then(Trace::of_header).unwrap_or_else(Trace::random)
}

impl Webhook {
    /// Says nothing of what was expected.
    fn unsigned(&self) -> StatusCode {
        self.metrics.count(&DELIVERIES, &["unsigned"]);
        if let Some(times) = self.minutely.unsigned.times() {
            tracing::warn!(
                times,
                "a delivery without a valid signature was turned away; is app.secret the app's secret?"
            );
        }
        StatusCode::UNAUTHORIZED
    }

    /// The body, while there is room for it.
    async fn read(&self, mut body: Body, place: &mut BodyReservation<'_>) -> Result<Vec<u8>, StatusCode> {
        if body.size_hint().lower() > self.max_body as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let mut bytes = Vec::new();
        loop {
            let frame = tokio::select! {
                () = place.given_up() => return Err(StatusCode::SERVICE_UNAVAILABLE),
                frame = body.frame() => frame,
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            if bytes.len() + data.len() > self.max_body {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            place.grow(data.len()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            bytes.extend_from_slice(&data);
        }
        place.is_whole();
        Ok(bytes)
    }

    /// What is in a body; none where the signature is not the body's.
    async fn read_verified(self: &Arc<Self>, signature: &[u8], body: Vec<u8>, trace: Trace) -> Option<WebhookBatch> {
        if body.len() <= LARGE {
            return self.verified(signature, &body, trace);
        }
        let turn = Arc::clone(&self.large).acquire_owned().await.expect("the semaphore is never closed");
        let (webhook, signature) = (Arc::clone(self), signature.to_vec());
        let read = tokio::task::spawn_blocking(move || {
            // To the end of the work, though the caller may go away before.
            let _turn = turn;
            webhook.verified(&signature, &body, trace)
        });
        read.await.expect("reading a body does not panic")
    }

    fn verified(&self, signature: &[u8], body: &[u8], trace: Trace) -> Option<WebhookBatch> {
        if !self.verifier.verify(signature, body) {
            return None;
        }
        let received_at = self.clock.now();
        let accounts = self.accounts.now();
        let items = event::read(body).into_iter().map(|item| self.intake(&accounts, item, received_at)).collect();
        Some(WebhookBatch { received_at, trace, items })
    }

    async fn keep(&self, delivery: WebhookBatch, started: tokio::time::Instant) -> StatusCode {
        let trace = delivery.trace;
        match self.store.append(delivery).await {
            Ok(appended) => {
                self.metrics.count(&DELIVERIES, &["kept"]);
                self.metrics.took(&DELIVERY_SECONDS, &[], started.elapsed());
                for (outcome, count) in [
                    ("new", appended.new),
                    ("repeated", appended.repeated),
                    ("own_echo", appended.own_echoes),
                    ("unreadable", appended.quarantined),
                ] {
                    if count > 0 {
                        self.metrics.add(&EVENTS_RECEIVED, &[outcome], count as u64);
                    }
                }
                tracing::debug!(%trace, ?appended, "a delivery was kept");
                StatusCode::OK
            }
            Err(error) => {
                self.metrics.count(&DELIVERIES, &["unavailable"]);
                if let Some(times) = self.minutely.unavailable.times() {
                    tracing::error!(%trace, %error, times, "a delivery could not be kept; Meta will bring it again");
                }
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    fn intake(&self, accounts: &Directory, item: Result<Envelope, Unreadable>, received_at: Timestamp) -> Intake {
        match item {
            Ok(envelope) => match accounts.with_id(&envelope.account) {
                Some(account) => {
                    self.told.of_event(account.settings.platform, &envelope);
                    let is_wanted = match self.interests.of(&envelope.account) {
                        Interest::Acts => envelope.is_act(),
                        Interest::Nothing => false,
                        _ => true,
                    };
                    match responsiveness::answer_by(account.settings.bot, &envelope, received_at) {
                        Some(until) => Intake::Awaited(envelope, until),
                        None if is_wanted => Intake::Handled(envelope),
                        None => Intake::Kept(envelope),
                    }
                }
                None => {
                    self.told.of_unknown(&envelope.account);
                    Intake::Kept(envelope)
                }
            },
            Err(piece) => {
                if let Some(times) = self.minutely.unreadable.times() {
                    let reason = piece.reason;
                    tracing::warn!(
                        reason,
                        times,
                        "a signed delivery has a piece that cannot be read; it is quarantined"
                    );
                }
                Intake::Unreadable(piece)
            }
        }
    }
}
