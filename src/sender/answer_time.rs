//! P7.4: how long people wait for an answer, as a metric.
//!
//! Told by Meta's own answers. A send that came into doubt and is settled by its echo is in neither number: when it arrived,
//! nobody can tell.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::policy::responsiveness;
use crate::store::SendOutcome;
use crate::telemetry::Metrics;
use crate::telemetry::catalogue::{ANSWER_SECONDS, ANSWERS_MISSED};

/// How long a person waited for a send that has ended in this way, where it was sent.
pub(super) fn waited(answers: Option<Timestamp>, outcome: &SendOutcome, now: Timestamp) -> Option<Duration> {
    let is_sent = matches!(outcome, SendOutcome::Sent { .. });
    answers.filter(|_| is_sent).map(|happened_at| now.since(happened_at))
}

/// Counts an answer: one that came, after how long, or one that will not come.
pub(super) fn count(metrics: &Metrics, account: &str, waited: Option<Duration>, in_vain: bool) {
    if let Some(waited) = waited {
        metrics.took(&ANSWER_SECONDS, &[account], waited);
    }
    if in_vain || waited.is_some_and(responsiveness::is_late) {
        metrics.count(&ANSWERS_MISSED, &[account]);
    }
}
