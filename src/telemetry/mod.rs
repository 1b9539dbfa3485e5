//! What the server says about itself: log lines and metrics.
//!
//! Both are quiet about people: no token, secret, signature, message text or raw body has a way into them. Log lines are a
//! sentence and fields; the same thing has the same field name everywhere (`account`, `event`, `send`, `code`), and what a line is
//! about stands in its span ([`spans`]).

pub mod catalogue;
mod handled;
mod metrics;
mod plain;
mod relays;
mod seldom;
pub mod spans;

pub use handled::HandlerTimes;
pub use metrics::Metrics;
pub use relays::{DownBecause, RelaySign, Relays};
pub use seldom::Seldom;

use std::io::IsTerminal;

use plain::Plain;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// A sentence and its fields.
    Text,
    /// One JSON object.
    Json,
}

/// Sends log lines to stderr, filtered by `RUST_LOG`, and by `default` where that is not set or cannot be read, which is then the
/// first thing said. Does nothing when the process has a subscriber already.
pub fn init(default: &str, lines: Lines) {
    let given = std::env::var_os("RUST_LOG").unwrap_or_default();
    let (filter, unreadable) = match filter(&given.to_string_lossy()) {
        Ok(filter) => (filter, None),
        Err(unreadable) => (None, Some(unreadable)),
    };
    let filter = with_spans(filter.unwrap_or_else(|| EnvFilter::new(default)));
    let colours = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let started = match lines {
        Lines::Text if colours => subscriber.try_init(),
        Lines::Text => subscriber.fmt_fields(Plain).try_init(),
        Lines::Json => subscriber.json().flatten_event(true).with_span_list(false).try_init(),
    };
    if started.is_ok()
        && let Some(directive) = unreadable
    {
        tracing::warn!(?directive, "RUST_LOG cannot be read; what is logged by default is logged: {default}");
    }
}

/// The filter that `RUST_LOG` describes, if it describes any; else the first directive that is none.
fn filter(given: &str) -> Result<Option<EnvFilter>, String> {
    if given.trim().is_empty() {
        return Ok(None);
    }
    EnvFilter::builder().parse(given).map(Some).map_err(|_| {
        let unreadable = given.split(',').find(|directive| directive.parse::<Directive>().is_err());
        unreadable.unwrap_or(given).to_owned()
    })
}

/// The filter, with the spans let through: one that names other targets alone would take their fields from the lines.
fn with_spans(filter: EnvFilter) -> EnvFilter {
    filter.add_directive(spans::DIRECTIVE.parse().expect("a directive"))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::id::EventId;
    use crate::trace::Trace;

    /// What is written is kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_keeps_the_fields_of_its_span_whatever_the_filter_names() {
        for given in ["info", "rejoinder::telemetry=warn", "warn,rejoinder::telemetry::tests=info"] {
            let (kept, filter) = (Kept::default(), filter(given).expect("a filter").expect("a filter"));
            let written = kept.clone();
            let lines = tracing_subscriber::fmt().with_env_filter(with_spans(filter)).with_ansi(false);
            tracing::subscriber::with_default(lines.with_writer(move || written.clone()).finish(), || {
                let _span = spans::event(EventId(7), "shop", "message", 1, Trace::random()).entered();
                tracing::warn!("a handler failed");
            });
            let line = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text");
            assert!(
                line.contains("event{account=\"shop\" event=7 kind=\"message\" attempt=1 trace="),
                "{given}: {line}"
            );
        }
    }

    #[test]
    fn a_line_without_colours_is_what_it_is_by_default() {
        let said = |is_plain: bool| {
            let kept = Kept::default();
            let written = kept.clone();
            let lines = tracing_subscriber::fmt().without_time().with_ansi(false).with_writer(move || written.clone());
            let say = || {
                let trace = Trace::from_bytes(&[7; 17]).expect("a trace");
                let _span = spans::event(EventId(7), "a \"shop\"", "message", 1, trace).entered();
                let (code, nothing) = (Some(4), None::<i64>);
                tracing::warn!(code, nothing, r#type = "x\u{1b}[0m", ?trace, "a handler\u{1b}[0m {}", "failed");
                tracing::info!(log.target = "a crate that logs", only = true);
            };
            match is_plain {
                true => tracing::subscriber::with_default(lines.fmt_fields(Plain).finish(), say),
                false => tracing::subscriber::with_default(lines.finish(), say),
            }
            String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text")
        };
        assert_eq!(said(true), said(false));
        assert_eq!(said(true).lines().count(), 2);
    }

    #[test]
    fn a_directive_that_is_none_is_named() {
        for (given, unreadable) in [
            ("rejoinder=loud", "rejoinder=loud"),
            ("info,rejoinder::store=verbose,warn", "rejoinder::store=verbose"),
            ("info,[", "["),
        ] {
            assert_eq!(filter(given).expect_err("no filter"), unreadable);
        }
        assert!(filter("").expect("none").is_none());
        for given in ["info", "warn,rejoinder::store=error", "rejoinder[event{account=shop}]=debug", "off"] {
            assert!(filter(given).expect("a filter").is_some());
        }
    }
}
