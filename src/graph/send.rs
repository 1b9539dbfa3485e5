//! The Send API. The one call that takes a permit.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use reqwest::Method;

use super::breaker::BreakerPermit;
use super::call::{Call, Endpoint};
use super::client::Client;
use super::error::CallError;
use super::response::{self, Accepted};
use crate::policy::Permit;

/// Answers to a send are a few hundred bytes; what is longer is not one.
const LONGEST: usize = 64 * 1024;

impl Client {
    /// Sends what the permit allows; the pass says that Meta is there to take it.
    ///
    /// # Errors
    ///
    /// By what the caller can do: [`CallError`].
    pub async fn send(&self, permit: Permit, pass: BreakerPermit) -> Result<Accepted, CallError> {
        let now = self.clock.now();
        if !permit.is_valid(now) || permit.outgoing().account != self.account {
            return Err(CallError::NotSent { reason: "the permit has expired".into() });
        }
        let body = serde_json::to_vec(&permit.outgoing().request).map_err(|error| CallError::Rejected {
            code: 0,
            subcode: None,
            reason: format!("it cannot be written as JSON: {error}").into(),
        })?;
        let is_action = permit.outgoing().request.is_action();
        let call =
            Call { method: Method::POST, to: Endpoint::Prepared { query: &[] }, body: Some(body), longest: LONGEST };
        let result = self.caller.call(call).await.and_then(|answer| response::accepted(&answer, is_action));
        self.learn(&result, is_action);
        drop(pass);
        result
    }

    /// What an answer says of Meta. Sender actions say nothing of messages: Meta may take the one and not the other.
    fn learn(&self, result: &Result<Accepted, CallError>, is_action: bool) {
        let now = self.clock.steady();
        match result {
            Err(CallError::Throttled { after, .. }) => self.gate.shut(*after, now),
            _ if is_action => {}
            Ok(_) => {
                self.gate.succeeded();
                self.breaker.answered();
            }
            Err(CallError::Rejected { .. }) => self.breaker.answered(),
            Err(CallError::NotSent { .. } | CallError::Doubt { .. }) => self.breaker.failed(now),
        }
    }
}
