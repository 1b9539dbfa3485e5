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
pub struct Relays(Arc<Mutex<BTreeMap<Arc<str>, Sign>>>);

/// Since when a relay is down, and which of the account's signs says so: an account that leaves and appears again has another.
#[derive(Clone, Debug)]
struct Sign {
    by: Arc<()>,
    down_since: Option<Timestamp>,
}

/// One account's relay, for the code that finds out whether it is up. It counts as up at first.
#[derive(Debug)]
pub struct RelaySign {
    account: Arc<str>,
    own: Arc<()>,
    metrics: Metrics,
    relays: Relays,
}

impl Relays {
    /// The sign of one account's relay.
    pub fn sign(&self, account: &str, metrics: &Metrics) -> RelaySign {
        let sign =
            RelaySign { account: account.into(), own: Arc::default(), metrics: metrics.clone(), relays: self.clone() };
        sign.set(None);
        sign
    }

    /// Each account that has a relay, and since when that is down. `None` where it is up.
    pub fn down_since(&self) -> BTreeMap<String, Option<Timestamp>> {
        self.lock().iter().map(|(account, sign)| (account.to_string(), sign.down_since)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Sign>> {
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
        let sign = Sign { by: Arc::clone(&self.own), down_since };
        self.relays.lock().insert(Arc::clone(&self.account), sign);
    }
}

impl Drop for RelaySign {
    /// The account has left, or has another relay: nothing of this one is down any more.
    fn drop(&mut self) {
        let mut relays = self.relays.lock();
        if relays.get(&self.account).is_some_and(|sign| Arc::ptr_eq(&sign.by, &self.own)) {
            relays.remove(&self.account);
            self.metrics.set(&RELAY_UP, &[&self.account], 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_is_down_no_more_and_what_came_in_its_place_stays() {
        let (relays, metrics) = (Relays::default(), Metrics::new());
        let first = relays.sign("shop", &metrics);
        first.goes_down(DownBecause::Unavailable, Timestamp(7));
        assert_eq!(relays.down_since()["shop"], Some(Timestamp(7)));
        let second = relays.sign("shop", &metrics);
        second.goes_down(DownBecause::Unavailable, Timestamp(9));
        drop(first);
        assert_eq!(relays.down_since()["shop"], Some(Timestamp(9)));
        drop(second);
        assert!(relays.down_since().is_empty());
        assert!(metrics.render().contains("rejoinder_relay_up{account=\"shop\"} 1"));
    }
}
