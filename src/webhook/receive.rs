//! `POST /webhook`: a delivery.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::SemaphorePermit;

use super::Webhook;
use crate::clock::Timestamp;
use crate::event::{self, Envelope, Unreadable};
use crate::policy::responsiveness;
use crate::signature;
use crate::store::{Delivery, Intake};

/// How often the log tells of deliveries without a valid signature.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Verify the bytes, read them, keep what is in them; then, and only then, 200.
pub(super) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(signature) = only_signature(&headers) else { return webhook.unsigned() };
    let (body, _held) = match tokio::time::timeout(webhook.timeout, webhook.read(body)).await {
        Ok(Ok(read)) => read,
        Ok(Err(status)) => return status,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    if !signature::verify(webhook.app.live_secrets(), signature, &body) {
        return webhook.unsigned();
    }
    webhook.keep(&body).await
}

/// The signature, given exactly once.
fn only_signature(headers: &HeaderMap) -> Option<&[u8]> {
    let mut given = headers.get_all(signature::HEADER).iter();
    let only = given.next()?;
    given.next().is_none().then(|| only.as_bytes())
}

impl Webhook {
    /// Says nothing of what was expected. Anybody can call; the log tells of it once a minute.
    fn unsigned(&self) -> StatusCode {
        self.metrics.deliveries_unsigned.increment(1);
        let (now, told) = (self.clock.now(), Timestamp(self.unsigned_told.load(Ordering::Relaxed)));
        if now.since(told) >= TELL_AGAIN {
            self.unsigned_told.store(now.0, Ordering::Relaxed);
            tracing::warn!("a delivery without a valid signature was turned away; is app.secret the app's secret?");
        }
        StatusCode::UNAUTHORIZED
    }

    /// The body, and the room that it takes among those that are held at the same time.
    async fn read(&self, mut body: Body) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), StatusCode> {
        if body.size_hint().lower() > self.max_body as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let (mut bytes, mut held) = (Vec::new(), None::<SemaphorePermit<'_>>);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            if bytes.len() + data.len() > self.max_body {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            let length = u32::try_from(data.len()).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
            let room = self.room.try_acquire_many(length).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            match &mut held {
                Some(held) => held.merge(room),
                None => held = Some(room),
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, held))
    }

    async fn keep(&self, body: &[u8]) -> StatusCode {
        let started = tokio::time::Instant::now();
        let received_at = self.clock.now();
        let items = event::read(body).into_iter().map(|item| self.intake(item, received_at)).collect();
        match self.store.append(Delivery { received_at, items }).await {
            Ok(appended) => {
                self.metrics.deliveries_accepted.increment(1);
                self.metrics.delivery_seconds.record(started.elapsed().as_secs_f64());
                self.metrics.events_new.increment(appended.new as u64);
                self.metrics.events_repeated.increment(appended.repeated as u64);
                self.metrics.events_quarantined.increment(appended.quarantined as u64);
                tracing::debug!(?appended, "a delivery was kept");
                StatusCode::OK
            }
            Err(error) => {
                self.metrics.deliveries_unavailable.increment(1);
                tracing::error!(%error, "a delivery could not be kept; Meta will bring it again");
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    fn intake(&self, item: Result<Envelope, Unreadable>, received_at: Timestamp) -> Intake {
        match item {
            Ok(envelope) => match self.accounts.get(&envelope.account) {
                Some((platform, bot)) => {
                    self.told.of_event(*platform, &envelope);
                    match responsiveness::answer_by(*bot, &envelope, received_at) {
                        Some(until) => Intake::Awaited(envelope, until),
                        None => Intake::Handled(envelope),
                    }
                }
                None => {
                    self.told.of_unknown(&envelope.account);
                    Intake::Kept(envelope)
                }
            },
            Err(piece) => {
                tracing::warn!(
                    reason = piece.reason,
                    "a signed delivery has a piece that cannot be read; it is quarantined"
                );
                Intake::Unreadable(piece)
            }
        }
    }
}
