//! What the server says about itself: log lines and metrics.
//!
//! Both are quiet about people: no token, secret, signature, message text or raw body has a way into them. Log lines are a
//! sentence and fields; the same thing has the same field name everywhere (`account`, `event`, `send`, `code`).

mod metrics;
mod relays;

pub use metrics::Metrics;
pub use relays::{DownBecause, RelaySign, Relays};

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends log lines to stderr, filtered by `RUST_LOG`, and by `default` where that is not set. Does nothing when the process
/// has a subscriber already.
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let _ = lines.try_init();
}
