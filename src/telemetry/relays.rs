//! Which accounts' relays are up: for the log, the metrics and `/readyz`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Metrics;
use super::catalogue::RELAY_UP;
use crate::clock::Timestamp;

/// Why a relay counts as down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownBecause {
    /// No connection came about, or it answered 502, 503 or 504.
    Unavailable,
    /// The first tries of events of several conversations failed one after the other, and none succeeded between them.
    EverythingFails,
}

/// The relays of one server, by their accounts' names. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Relays(Arc<Mutex<BTreeMap<String, Option<Timestamp>>>>);

/// One account's relay, for the code that finds out whether it is up. It counts as up at first.
#[derive(Debug)]
pub struct RelaySign {
    account: Arc<str>,
    metrics: Metrics,
    relays: Relays,
}

impl Relays {
    /// The sign of one account's relay.
    pub fn sign(&self, account: &str, metrics: &Metrics) -> RelaySign {
        let sign = RelaySign { account: account.into(), metrics: metrics.clone(), relays: self.clone() };
        sign.set(None);
        sign
    }

    /// Each account that has a relay, and since when that is down. `None` where it is up.
    pub fn down_since(&self) -> BTreeMap<String, Option<Timestamp>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Option<Timestamp>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RelaySign {
    /// The relay has gone down.
    pub fn goes_down(&self, because: DownBecause, now: Timestamp) {
        self.set(Some(now));
        let because = match because {
            DownBecause::Unavailable => "it cannot be reached, or says that it is unavailable",
            DownBecause::EverythingFails => "events of several conversations failed in a row",
        };
        // Whose event showed it does not matter: the line stands in no span.
        tracing::warn!(parent: None, account = %self.account, because, "the relay is down; events wait for it");
    }

    /// The relay is up again.
    pub fn comes_up(&self, was_down_for: Duration) {
        self.set(None);
        let down_for = Duration::from_secs(was_down_for.as_secs());
        tracing::info!(parent: None, account = %self.account, down_for = %humantime::format_duration(down_for), "the relay is up again");
    }

    fn set(&self, down_since: Option<Timestamp>) {
        self.metrics.set(&RELAY_UP, &[&self.account], u64::from(down_since.is_none()));
        self.relays.lock().insert(self.account.to_string(), down_since);
    }
}
