//! Every metric: its name, its unit, its labels and what it means. `docs/metrics.md` is made from this.

use std::fmt::Write as _;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A count that only grows.
    Counter,
    /// A level that goes up and down.
    Gauge,
    /// How observed durations are spread, in seconds.
    Seconds,
}

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name in `/metrics`.
    pub name: &'static str,
    /// What kind of number it is.
    pub form: Form,
    /// The names of its labels. Each has few values.
    pub labels: &'static [&'static str],
    /// The values of the last label, where they are known.
    pub values: &'static [&'static str],
    /// What it counts.
    pub meaning: &'static str,
}

const fn metric(
    form: Form,
    name: &'static str,
    (labels, values): (&'static [&'static str], &'static [&'static str]),
    meaning: &'static str,
) -> Metric {
    Metric { name, form, labels, values, meaning }
}

macro_rules! catalogue {
    ($($id:ident: $form:ident $name:literal [$($label:literal),*] [$($value:literal),*] $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $id: Metric = metric(Form::$form, $name, (&[$($label),*], &[$($value),*]), $meaning);
        )*

        /// All of them, in the order of an event's way.
        pub const ALL: &[&Metric] = &[$(&$id),*];
    };
}

catalogue! {
    DELIVERIES: Counter "rejoinder_deliveries_total" ["outcome"] ["kept", "unsigned", "unavailable"]
        "Webhook POSTs: kept and answered 200; without a valid signature (401); could not be kept (503), so that Meta sends them again.";
    STORE_READABLE: Gauge "rejoinder_store_readable" [] []
        "Whether the levels of events and sends could be counted in the store: 1, or 0 where they are those of an earlier call.";
    DELIVERY_SECONDS: Seconds "rejoinder_delivery_seconds" [] []
        "From the last byte of a webhook POST until its events are on disk.";
    EVENTS_RECEIVED: Counter "rejoinder_events_received_total" ["outcome"] ["new", "repeated", "own_echo", "unreadable"]
        "What stood in webhook POSTs: new events; events that Meta had delivered before; echoes of this server's own sends; items that could not be parsed, which are quarantined.";
    EVENTS_PENDING: Gauge "rejoinder_events_pending" ["account"] []
        "Events that no handler has finished yet.";
    EVENTS_WAITING: Gauge "rejoinder_events_waiting" ["account", "reason"] ["due", "running", "order", "retry", "echo", "relay_down", "paused"]
        "Pending events by what they wait for: a free handler; the handler that has them; an earlier event of their conversation; their next try; a send in doubt of which they may be the echo; a relay that is down; the end of the account's pause.";
    EVENTS_OLDEST: Gauge "rejoinder_events_oldest_seconds" ["account"] []
        "Seconds since the oldest pending event arrived. A replayed event counts from its first arrival.";
    EVENTS_DEAD: Gauge "rejoinder_events_dead" ["account"] []
        "Events whose handler failed for the last time. They are listed until they are replayed or forgotten.";
    EVENTS_QUARANTINED: Gauge "rejoinder_events_quarantined" ["account"] []
        "Items that could not be parsed and are kept. The account is empty where an item names none.";
    HANDLED: Counter "rejoinder_handled_total" ["account", "kind", "outcome"] ["done", "failed", "late", "dead"]
        "Tries of handlers: done; failed, so that the event comes again; late for a person who waits, so that the fallback answered; failed for the last time.";
    HANDLERS_RUNNING: Gauge "rejoinder_handlers_running" ["account"] []
        "Handlers at work.";
    HANDLER_SECONDS: Seconds "rejoinder_handler_seconds" ["account"] []
        "How long a handler took.";
    RELAY_UP: Gauge "rejoinder_relay_up" ["account"] []
        "Whether the account's relay is up: 1, or 0 while its events wait.";
    SENDS: Counter "rejoinder_sends_total" ["account", "outcome"] ["sent", "refused", "failed", "in_doubt", "held", "postponed"]
        "Attempts to send: accepted by Meta; refused by policy; not taken by Meta, or a typing indicator while Meta is down; without an answer that tells whether it arrived; given up in doubt until an operator decides; postponed by a throttle or an outage.";
    SENDS_REFUSED: Counter "rejoinder_sends_refused_total" ["account", "rule"] []
        "Sends that policy refused, by the rule in docs/policy.md.";
    META_ERRORS: Counter "rejoinder_meta_errors_total" ["account", "code"] []
        "Sends that Meta rejected, by Meta's error code. After 50 different codes the others count as `other`.";
    SEND_SECONDS: Seconds "rejoinder_send_seconds" ["account"] []
        "How long Meta took to answer a send.";
    SENDS_WAITING: Gauge "rejoinder_sends_waiting" ["account", "reason"] ["due", "sending", "order", "postponed", "throttled", "meta_down", "paused"]
        "Sends that are not settled, by what they wait for: their turn; Meta's answer; an earlier send of their conversation; the time of their next attempt; the end of Meta's throttling; Meta to answer again; the end of the account's pause.";
    SENDS_IN_DOUBT: Gauge "rejoinder_sends_in_doubt" ["account"] []
        "Sends of which it is not known yet whether they arrived. The server looks for evidence.";
    SENDS_HELD: Gauge "rejoinder_sends_held" ["account"] []
        "Sends of which it could not be found out whether they arrived, and the sends of the same turn behind them. An operator releases or drops them.";
    DOUBTS: Counter "rejoinder_doubts_total" ["account", "outcome"] ["arrived", "sent_again"]
        "Sends in doubt that were settled: a look into the conversation showed them; or they are sent again, because the conversation did not show them, Meta takes them once, or `on_doubt` is `resend`.";
    ANSWER_SECONDS: Seconds "rejoinder_answer_seconds" ["account"] []
        "From an event's timestamp to Meta's acceptance of its first answer, for automated bots.";
    ANSWERS_MISSED: Counter "rejoinder_answers_missed_total" ["account"] []
        "Events of automated bots that were answered after more than 30 seconds, or whose answer was refused or failed.";
}

/// The reference page: a table of all metrics.
pub fn page() -> String {
    let mut page = PREFACE.to_owned();
    for Metric { name, form, labels, values, meaning } in ALL {
        let (form, unit) = match form {
            Form::Counter => ("counter", ""),
            Form::Gauge if name.ends_with("_seconds") => ("gauge", "seconds"),
            Form::Gauge => ("gauge", ""),
            Form::Seconds => ("histogram", "seconds"),
        };
        let mut labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        if let (Some(last), false) = (labels.last_mut(), values.is_empty()) {
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            *last = format!("{last}: {}", values.join(" "));
        }
        let _ = writeln!(page, "| `{name}` | {form} | {unit} | {} | {meaning} |", labels.join(", "));
    }
    page
}

const PREFACE: &str = "\
# Metrics

`GET /metrics` on the operator's listener answers in Prometheus' text format. This page is made from
`src/telemetry/catalogue.rs`; a test fails when the two differ.

`account` is the account's name in the settings, `kind` the kind of the event, `rule` the number of a rule in
[policy.md](policy.md), `code` Meta's error code. The levels of events and sends are counted in the store at the moment of the call.
While the store cannot be read they stay as they were, and `rejoinder_store_readable` is 0.

| Name | Form | Unit | Labels | Meaning |
| --- | --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_and_labels_are_few() {
        for Metric { name, form, labels, values, .. } in ALL {
            assert!(name.starts_with("rejoinder_"), "{name}");
            assert_eq!(name.ends_with("_total"), *form == Form::Counter, "{name}");
            assert!(*form != Form::Seconds || name.ends_with("_seconds"), "{name}");
            let known = ["account", "kind", "outcome", "rule", "code", "reason"];
            assert!(labels.iter().all(|label| known.contains(label)), "{name}");
            assert!(values.is_empty() || !labels.is_empty(), "{name}");
        }
        let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    /// `UPDATE_DOCS=1 cargo test --lib metrics_page` writes the page anew.
    #[test]
    fn the_metrics_page_is_what_the_catalogue_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).expect("the page can be written");
        }
        assert_eq!(std::fs::read_to_string(path).expect("docs/metrics.md"), page());
    }
}
