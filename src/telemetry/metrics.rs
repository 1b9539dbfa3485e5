//! Every metric, by name.

use std::sync::Arc;

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::HandlerTimes;

const RELAY_UP: &str = "rejoinder_relay_up";

const SECONDS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 20.0, 30.0];

/// The metrics of one server, handed down to whoever counts. A server has its own: two in one process do not mix.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    recorder: Arc<PrometheusRecorder>,
    /// Deliveries that were signed and kept.
    pub deliveries_accepted: Counter,
    /// Requests without a valid signature.
    pub deliveries_unsigned: Counter,
    /// Deliveries that could not be kept and were answered 503.
    pub deliveries_unavailable: Counter,
    /// How long it took from the last byte of a delivery to its being on disk.
    pub delivery_seconds: Histogram,
    /// Events that were new.
    pub events_new: Counter,
    /// Events that Meta had delivered before.
    pub events_repeated: Counter,
    /// Pieces that could not be read.
    pub events_quarantined: Counter,
    /// Events that were handled.
    pub events_done: Counter,
    /// Tries that failed.
    pub events_failed: Counter,
    /// Events that were given up.
    pub events_dead: Counter,
    /// Handlers at work.
    pub handlers_running: Gauge,
    /// How long a handler took.
    pub handler_seconds: Histogram,
    /// The same for each of the last events.
    pub handler_times: HandlerTimes,
    /// Sends that Meta took.
    pub sends_sent: Counter,
    /// Sends that policy forbade.
    pub sends_refused: Counter,
    /// Sends that Meta did not take.
    pub sends_failed: Counter,
    /// Sends that came into doubt.
    pub sends_in_doubt: Counter,
    /// Sends that are held for somebody to decide.
    pub sends_held: Counter,
    /// Sends that were settled by a look into the conversation: it had arrived.
    pub doubts_arrived: Counter,
    /// Sends that were settled by a look into the conversation: it had not.
    pub doubts_not_arrived: Counter,
    /// Sends that were put back, to be tried later.
    pub sends_postponed: Counter,
    /// How long Meta took to answer a send.
    pub send_seconds: Histogram,
    /// How long people waited for an automated bot's answer.
    pub answer_seconds: Histogram,
    /// Answers of automated bots that came too late, or not at all.
    pub answers_missed: Counter,
}

impl Metrics {
    /// A server's metrics, at zero.
    pub fn new() -> Metrics {
        let recorder = PrometheusBuilder::new()
            .set_buckets(SECONDS)
            .expect("the buckets are a list that is not empty")
            .build_recorder();
        let recorder = Arc::new(recorder);
        metrics::with_local_recorder(&*recorder, || Metrics::describe(Arc::clone(&recorder)))
    }

    /// Whether an account's relay is up: 1, or 0.
    pub fn relay_up(&self, account: &str) -> Gauge {
        metrics::with_local_recorder(&*self.recorder, || gauge!(RELAY_UP, "account" => account.to_owned()))
    }

    fn describe(recorder: Arc<PrometheusRecorder>) -> Metrics {
        describe_gauge!(RELAY_UP, "Whether the account's relay is up: 1, or 0 while its events wait");
        Metrics {
            handle: recorder.handle(),
            recorder,
            deliveries_accepted: count("rejoinder_deliveries_accepted_total", "Deliveries that were signed and kept"),
            deliveries_unsigned: count("rejoinder_deliveries_unsigned_total", "Requests without a valid signature"),
            deliveries_unavailable: count("rejoinder_deliveries_unavailable_total", "Deliveries answered 503"),
            delivery_seconds: time("rejoinder_delivery_seconds", "From a delivery's last byte to its being on disk"),
            events_new: count("rejoinder_events_new_total", "Events that were new"),
            events_repeated: count("rejoinder_events_repeated_total", "Events that Meta had delivered before"),
            events_quarantined: count("rejoinder_events_quarantined_total", "Pieces that could not be read"),
            events_done: count("rejoinder_events_done_total", "Events that were handled"),
            events_failed: count("rejoinder_events_failed_total", "Tries of a handler that failed"),
            events_dead: count("rejoinder_events_dead_total", "Events that were given up"),
            handlers_running: level("rejoinder_handlers_running", "Handlers at work"),
            handler_seconds: time("rejoinder_handler_seconds", "How long a handler took"),
            handler_times: HandlerTimes::default(),
            sends_sent: count("rejoinder_sends_sent_total", "Sends that Meta took"),
            sends_refused: count("rejoinder_sends_refused_total", "Sends that policy forbade"),
            sends_failed: count("rejoinder_sends_failed_total", "Sends that Meta did not take"),
            sends_held: count("rejoinder_sends_held_total", "Sends in doubt that were given up and are held"),
            doubts_arrived: count("rejoinder_doubts_arrived_total", "Sends in doubt that the conversation showed"),
            doubts_not_arrived: count(
                "rejoinder_doubts_not_arrived_total",
                "Sends in doubt that the conversation did not show",
            ),
            sends_in_doubt: count("rejoinder_sends_in_doubt_total", "Sends that came into doubt"),
            sends_postponed: count("rejoinder_sends_postponed_total", "Sends that were put back"),
            send_seconds: time("rejoinder_send_seconds", "How long Meta took to answer a send"),
            answer_seconds: time(
                "rejoinder_answer_seconds",
                "From an event's timestamp to Meta's acceptance of its first answer, for automated bots",
            ),
            answers_missed: count(
                "rejoinder_answers_missed_total",
                "Events of automated bots that were answered after more than 30 seconds, or whose answer was refused or failed",
            ),
        }
    }

    /// All of them, in Prometheus' text form.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what was observed, so that a server nobody asks does not grow. To be called now and then.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Metrics")
    }
}

fn count(name: &'static str, description: &'static str) -> Counter {
    describe_counter!(name, description);
    let counter = counter!(name);
    // A counter that was never touched is not shown, and a rate over nothing is no rate.
    counter.absolute(0);
    counter
}

fn level(name: &'static str, description: &'static str) -> Gauge {
    describe_gauge!(name, description);
    gauge!(name)
}

fn time(name: &'static str, description: &'static str) -> Histogram {
    describe_histogram!(name, metrics::Unit::Seconds, description);
    histogram!(name)
}
