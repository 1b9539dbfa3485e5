//! `POST /webhook`: a delivery.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Webhook;
use crate::event::{self, Envelope, Unreadable};
use crate::signature;
use crate::store::{Delivery, Intake};

/// Verify the bytes, read them, keep what is in them; then, and only then, 200.
pub(super) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(signature) = only_signature(&headers) else { return webhook.unsigned() };
    let body = match webhook.read(body).await {
        Ok(body) => body,
        Err(status) => return status,
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
    /// Says nothing of what was expected.
    fn unsigned(&self) -> StatusCode {
        self.metrics.deliveries_unsigned.increment(1);
        tracing::warn!("a delivery without a valid signature was turned away; is app.secret the app's secret?");
        StatusCode::UNAUTHORIZED
    }

    async fn read(&self, body: Body) -> Result<Bytes, StatusCode> {
        let reading = tokio::time::timeout(self.timeout, Limited::new(body, self.max_body).collect());
        match reading.await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }

    async fn keep(&self, body: &[u8]) -> StatusCode {
        let started = tokio::time::Instant::now();
        let items = event::read(body).into_iter().map(|item| self.intake(item)).collect();
        match self.store.append(Delivery { received_at: self.clock.now(), items }).await {
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

    fn intake(&self, item: Result<Envelope, Unreadable>) -> Intake {
        match item {
            Ok(envelope) if self.accounts.contains(&envelope.account) => Intake::Handled(envelope),
            Ok(envelope) => {
                let account = &envelope.account;
                tracing::warn!(%account, "an event came for an account that is not configured; it is kept, not handled");
                Intake::Kept(envelope)
            }
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
