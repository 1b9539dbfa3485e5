//! P7.4: how long people wait for an answer, as a metric.
//!
//! Told by Meta's own answers. A send that came into doubt and is settled by its echo is in neither number: when it arrived,
//! nobody can tell.

use crate::clock::Timestamp;
use crate::policy::responsiveness;
use crate::store::Outcome;
use crate::telemetry::Metrics;

/// Counts a send that was to answer what happened at `happened_at`.
pub(super) fn time(metrics: &Metrics, happened_at: Option<Timestamp>, outcome: &Outcome, now: Timestamp) {
    let Some(happened_at) = happened_at else { return };
    let waited = now.since(happened_at);
    let missed = match outcome {
        Outcome::Sent { .. } => {
            metrics.answer_seconds.record(waited.as_secs_f64());
            responsiveness::is_late(waited)
        }
        Outcome::Refused { .. } | Outcome::Failed { .. } => true,
        Outcome::InDoubt { .. } | Outcome::Held { .. } | Outcome::Later { .. } => false,
    };
    if missed {
        metrics.answers_missed.increment(1);
    }
}
