//! `/metrics`, with the levels of what waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use super::Admin;
use crate::accounts::{Account, Directory};
use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::store::{Backlog, EventStatus, OpenEvents, OpenSends, SendStatus};
use crate::telemetry::catalogue::{
    EVENTS_DEAD, EVENTS_OLDEST, EVENTS_PENDING, EVENTS_QUARANTINED, EVENTS_WAITING, Metric, SENDS_HELD, SENDS_IN_DOUBT,
    SENDS_WAITING, STORE_READABLE,
};

/// Prometheus' text form. Where the store cannot be read the levels stay as they were, and one says so.
pub(super) async fn metrics(State(admin): State<Arc<Admin>>) -> impl IntoResponse {
    let now = admin.clock.now();
    let backlog = admin.store.backlog(now).await;
    admin.metrics.set(&STORE_READABLE, &[], u64::from(backlog.is_ok()));
    match backlog {
        Ok(backlog) => show(&admin, &backlog, now),
        Err(error) => tracing::debug!(%error, "the store could not be read for the metrics"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render())
}

fn show(admin: &Admin, backlog: &Backlog, now: Timestamp) {
    let accounts = admin.accounts.now();
    accounts.iter().for_each(|account| admin.metrics.show_account(&account.name));
    let (mut levels, relays) = (Levels::of(&accounts), admin.relays.down_since());
    for events in &backlog.events {
        levels.add_events(&relays, &accounts, events, now);
    }
    for sends in &backlog.sends {
        levels.add_sends(&accounts, sends, now);
    }
    for (metric, rows) in levels.0 {
        admin.metrics.show(metric, rows);
    }
}

type Rows = BTreeMap<Vec<String>, u64>;

/// By account, since when its relay is down; `None` where it is up.
type DownSince = BTreeMap<String, Option<Timestamp>>;

/// The rows of each metric.
struct Levels(Vec<(&'static Metric, Rows)>);

impl Levels {
    /// Zero for every account: what is absent from a graph looks like a server that is not watched.
    fn of(accounts: &Directory) -> Levels {
        let metrics = [
            &EVENTS_PENDING,
            &EVENTS_WAITING,
            &EVENTS_OLDEST,
            &EVENTS_DEAD,
            &EVENTS_QUARANTINED,
            &SENDS_WAITING,
            &SENDS_IN_DOUBT,
            &SENDS_HELD,
        ];
        Levels(metrics.map(|metric| (metric, zeros(metric, accounts))).into())
    }

    fn row(&mut self, metric: &'static Metric, labels: &[&str]) -> &mut u64 {
        let index = self.0.iter().position(|(known, _)| *known == metric).expect("a metric of the list");
        self.0[index].1.entry(labels.iter().map(|label| (*label).to_owned()).collect()).or_default()
    }

    fn add_events(&mut self, relays: &DownSince, accounts: &Directory, events: &OpenEvents, now: Timestamp) {
        let account = events.account.as_ref().and_then(|id| accounts.with_id(id));
        let name = name(account.map(|account| &**account), events.account.as_ref());
        match events.status {
            EventStatus::Dead => *self.row(&EVENTS_DEAD, &[name]) += events.count,
            EventStatus::Quarantined => *self.row(&EVENTS_QUARANTINED, &[name]) += events.count,
            status => {
                let is_relay_down = relays.get(name).is_some_and(Option::is_some);
                let reason = match status {
                    EventStatus::Running => "running",
                    EventStatus::Waiting => "order",
                    EventStatus::Parked => "echo",
                    _ if account.is_none_or(|account| account.is_paused) => "paused",
                    _ if is_relay_down => "relay_down",
                    _ if events.is_later => "retry",
                    _ => "due",
                };
                *self.row(&EVENTS_PENDING, &[name]) += events.count;
                *self.row(&EVENTS_WAITING, &[name, reason]) += events.count;
                let oldest = self.row(&EVENTS_OLDEST, &[name]);
                *oldest = (*oldest).max(now.since(events.oldest).as_secs());
            }
        }
    }

    fn add_sends(&mut self, accounts: &Directory, sends: &OpenSends, now: Timestamp) {
        let account = accounts.with_id(&sends.account);
        let name = name(account.map(|account| &**account), Some(&sends.account));
        match sends.status {
            SendStatus::Held => *self.row(&SENDS_HELD, &[name]) += sends.count,
            SendStatus::InDoubt => *self.row(&SENDS_IN_DOUBT, &[name]) += sends.count,
            status => {
                let reason = match (status, account) {
                    (SendStatus::Sending, _) => "sending",
                    (SendStatus::Waiting, _) => "order",
                    (_, None) => "paused",
                    (_, Some(account)) if account.is_paused => "paused",
                    (_, Some(account)) if account.client.down_at().is_some() => "meta_down",
                    (_, Some(account)) if account.client.open_at() > now => "throttled",
                    _ if sends.is_later => "postponed",
                    _ => "due",
                };
                *self.row(&SENDS_WAITING, &[name, reason]) += sends.count;
            }
        }
    }
}

fn zeros(metric: &Metric, accounts: &Directory) -> Rows {
    let rows = accounts.iter().flat_map(|account| {
        let name = account.name.to_string();
        match metric.values {
            [] => vec![vec![name]],
            values => values.iter().map(|value| vec![name.clone(), (*value).to_owned()]).collect(),
        }
    });
    rows.map(|row| (row, 0)).collect()
}

/// The account's name; its id where it has left, and nothing where an item names none.
fn name<'a>(account: Option<&'a Account>, id: Option<&'a AccountId>) -> &'a str {
    account.map_or(id.map_or("", AccountId::as_str), |account| &account.name)
}
