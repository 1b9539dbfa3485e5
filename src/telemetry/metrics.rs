//! The numbers of one server, by the metrics of the catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hashbrown::{Equivalent, HashMap};
use metrics::{
    Counter, Gauge, Histogram, Label, SharedString, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::HandlerTimes;
use super::catalogue::{ALL, Form, HANDLERS_RUNNING, META_ERRORS, Metric};

const SECONDS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 20.0, 30.0];

/// The values of a row's labels, in the order of their names.
type LabelValues = Vec<String>;

/// How many different codes of Meta's have a row of their own.
const MOST_CODES: usize = 50;

/// The metrics of one server, handed down to whatever counts. A server has its own: two in one process do not mix.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    handle: PrometheusHandle,
    recorder: PrometheusRecorder,
    /// The rows that exist. The recorder finds one too, by a key that has to be made first: ten times as much work.
    rows: RwLock<HashMap<Row, Number>>,
    codes: Mutex<BTreeSet<i64>>,
    /// The rows of each level that are shown.
    shown: Mutex<BTreeMap<&'static str, BTreeSet<LabelValues>>>,
    handler_times: HandlerTimes,
}

/// One row of a metric.
#[derive(PartialEq, Eq, Hash)]
struct Row {
    metric: &'static str,
    values: Box<[Box<str>]>,
}

/// What a [`Row`] is looked up by.
#[derive(Hash)]
struct RowOf<'a> {
    metric: &'static str,
    values: &'a [&'a str],
}

impl Equivalent<Row> for RowOf<'_> {
    fn equivalent(&self, row: &Row) -> bool {
        self.metric == row.metric && self.values.iter().copied().eq(row.values.iter().map(|value| &**value))
    }
}

/// The number of a row.
enum Number {
    Counter(Counter),
    Gauge(Gauge),
    Seconds(Histogram),
}

impl Metrics {
    /// A server's metrics, at zero.
    pub fn new() -> Metrics {
        let recorder = PrometheusBuilder::new()
            .set_buckets(SECONDS)
            .expect("the buckets are a list that is not empty")
            .build_recorder();
        let metrics = Metrics(Arc::new(Inner {
            handle: recorder.handle(),
            recorder,
            rows: RwLock::default(),
            codes: Mutex::default(),
            shown: Mutex::default(),
            handler_times: HandlerTimes::default(),
        }));
        metrics.describe();
        metrics
    }

    /// How long the handler of each of the last events took.
    pub fn handler_times(&self) -> &HandlerTimes {
        &self.0.handler_times
    }

    fn describe(&self) {
        with_local_recorder(&self.0.recorder, || {
            for Metric { name, form, meaning, .. } in ALL {
                match form {
                    Form::Counter => describe_counter!(*name, *meaning),
                    Form::Gauge => describe_gauge!(*name, *meaning),
                    Form::Seconds => describe_histogram!(*name, metrics::Unit::Seconds, *meaning),
                }
            }
        });
        self.show_at_zero(None);
    }

    /// Shows the account's counters and durations at zero before anything is counted: a rate over nothing is no rate.
    pub fn show_account(&self, account: &str) {
        self.show_at_zero(Some(account));
        self.move_by(&HANDLERS_RUNNING, &[account], 0);
    }

    fn show_at_zero(&self, account: Option<&str>) {
        let of_account = account.is_some();
        for metric in ALL.iter().filter(|metric| metric.form != Form::Gauge) {
            let (mine, rest) = match metric.labels {
                ["account", rest @ ..] => (of_account, rest),
                labels => (!of_account, labels),
            };
            let rows: Vec<Option<&str>> = match rest {
                _ if !mine => continue,
                [] => vec![None],
                [_] => metric.values.iter().copied().map(Some).collect(),
                _ => continue,
            };
            for value in rows {
                self.at(metric, &account.into_iter().chain(value).collect::<Vec<_>>(), |_| {});
            }
        }
    }

    /// Counts `count` more. `values` are those of the metric's labels.
    pub fn add(&self, metric: &'static Metric, values: &[&str], count: u64) {
        self.at(metric, values, |number| {
            if let Number::Counter(counter) = number {
                counter.increment(count);
            }
        });
    }

    /// Counts one more.
    pub fn count(&self, metric: &'static Metric, values: &[&str]) {
        self.add(metric, values, 1);
    }

    /// Sets a level.
    #[expect(clippy::cast_precision_loss, reason = "a level is far below 2^52")]
    pub fn set(&self, metric: &'static Metric, values: &[&str], level: u64) {
        self.at(metric, values, |number| {
            if let Number::Gauge(gauge) = number {
                gauge.set(level as f64);
            }
        });
    }

    /// Sets all rows of a level: one that is not among them any more is zero.
    pub fn show(&self, metric: &'static Metric, rows: BTreeMap<LabelValues, u64>) {
        let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = shown.entry(metric.name).or_default();
        let gone = shown.iter().filter(|row| !rows.contains_key(*row)).map(|row| (row, 0));
        for (row, level) in rows.iter().map(|(row, level)| (row, *level)).chain(gone) {
            self.set(metric, &row.iter().map(String::as_str).collect::<Vec<_>>(), level);
        }
        shown.extend(rows.into_keys());
    }

    /// Moves a level up or down.
    pub fn move_by(&self, metric: &'static Metric, values: &[&str], steps: i32) {
        self.at(metric, values, |number| {
            if let Number::Gauge(gauge) = number {
                gauge.increment(f64::from(steps));
            }
        });
    }

    /// Observes how long something took.
    pub fn took(&self, metric: &'static Metric, values: &[&str], time: Duration) {
        self.at(metric, values, |number| {
            if let Number::Seconds(histogram) = number {
                histogram.record(time.as_secs_f64());
            }
        });
    }

    /// Does something with the number of a row, which exists from then on.
    fn at(&self, metric: &'static Metric, values: &[&str], act: impl Fn(&Number)) {
        let row = RowOf { metric: metric.name, values };
        if let Some(number) = self.0.rows.read().unwrap_or_else(PoisonError::into_inner).get(&row) {
            return act(number);
        }
        let labels = labels(metric, values);
        let number = with_local_recorder(&self.0.recorder, || match metric.form {
            Form::Counter => Number::Counter(counter!(metric.name, labels)),
            Form::Gauge => Number::Gauge(gauge!(metric.name, labels)),
            Form::Seconds => Number::Seconds(histogram!(metric.name, labels)),
        });
        act(&number);
        let row = Row { metric: metric.name, values: values.iter().map(|value| (*value).into()).collect() };
        self.0.rows.write().unwrap_or_else(PoisonError::into_inner).insert(row, number);
    }

    /// Counts a send that Meta rejected.
    pub fn meta_error(&self, account: &str, code: i64) {
        let is_shown = {
            let mut codes = self.0.codes.lock().unwrap_or_else(PoisonError::into_inner);
            codes.contains(&code) || (codes.len() < MOST_CODES && codes.insert(code))
        };
        let code = if is_shown { code.to_string() } else { "other".to_owned() };
        self.count(&META_ERRORS, &[account, &code]);
    }

    /// All of them, in Prometheus' text form.
    pub fn render(&self) -> String {
        self.0.handle.render()
    }

    /// Folds what was observed, so that a server whose metrics are never read does not grow. To be called now and then.
    pub fn upkeep(&self) {
        self.0.handle.run_upkeep();
    }
}

fn labels(metric: &'static Metric, values: &[&str]) -> Vec<Label> {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let label = |(name, value): (&&'static str, &&str)| Label::new(*name, SharedString::from((*value).to_owned()));
    metric.labels.iter().zip(values).map(label).collect()
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

#[cfg(test)]
mod tests {
    use super::super::catalogue::{DELIVERIES, SENDS};
    use super::*;

    #[test]
    fn counters_of_known_labels_are_shown_at_zero_and_codes_are_bounded() {
        let metrics = Metrics::new();
        metrics.show_account("shop");
        metrics.count(&SENDS, &["shop", "sent"]);
        metrics.count(&DELIVERIES, &["kept"]);
        (0..100).for_each(|code| metrics.meta_error("shop", code));
        let text = metrics.render();
        for line in [
            "rejoinder_deliveries_total{outcome=\"kept\"} 1",
            "rejoinder_deliveries_total{outcome=\"unsigned\"} 0",
            "rejoinder_sends_total{account=\"shop\",outcome=\"sent\"} 1",
            "rejoinder_sends_total{account=\"shop\",outcome=\"held\"} 0",
            "rejoinder_answers_missed_total{account=\"shop\"} 0",
            "rejoinder_meta_errors_total{account=\"shop\",code=\"49\"} 1",
            "rejoinder_meta_errors_total{account=\"shop\",code=\"other\"} 50",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("code=\"50\""), "{text}");
    }
}
