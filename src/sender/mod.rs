//! The way of a send: take → pace → decide → sending → send → settle.
//!
//! The first send of a turn is marked as sending with the end of its event, where it can leave at once as far as can be foreseen.
//! What it then turns out cannot leave is planned again, as if it had not been marked.
//!
//! One loop takes what is due, as much as each account has room for, and gives every send to an attempt of its own
//! (`attempt`). What came into doubt is settled by evidence beside it (`doubts`, `evidence`). What becomes of a send is
//! decided in `verdict`. The order within a conversation is the store's: it gives the next send when the one before is
//! settled.

mod answer_time;
mod attempt;
mod doubts;
pub(crate) mod evidence;
mod flight;
pub(crate) mod verdict;

use std::sync::Arc;

use hashbrown::HashMap;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Account, Accounts};
use crate::clock::{Clock, Timestamp};
use crate::conversations::Conversations;
use crate::settings;
use crate::store::{PAUSE, SendDemand, TakenSend};
use crate::telemetry::Metrics;
pub(crate) use verdict::longest_wait;

use attempt::Attempt;
use doubts::Doubts;
use flight::Flight;

/// The loop's parts.
#[derive(Debug)]
pub(crate) struct Sender {
    /// The outbox.
    pub store: Conversations,
    /// The accounts, each with the client that it sends through.
    pub accounts: Accounts,
    /// How much at a time.
    pub settings: settings::Sender,
    /// The present moment.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
}

impl Sender {
    /// Sends what is planned until `stop`, then waits for what is on its way.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let doubts = Doubts {
            store: self.store.clone(),
            accounts: self.accounts.clone(),
            settings: self.settings.clone(),
            looking_since: self.clock.steady(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
        };
        tokio::join!(self.send(stop.clone()), doubts.run(stop));
    }

    async fn send(self, stop: CancellationToken) {
        let (mut flight, mut changes) = (Flight::default(), self.accounts.changes());
        while !stop.is_cancelled() {
            let next_due = self.launch(&mut flight).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.store.sends_ready() => {}
                () = changes.next() => {}
                () = flight.landed() => {}
                () = self.clock.sleep_until_due(next_due) => {}
            }
        }
        flight.all_landed().await;
        // What was marked as on its way and was not taken any more.
        for send in self.store.take_leaving() {
            self.store.stays_planned(send.id, "the server stopped before it left", self.clock.now()).await;
        }
    }

    /// Takes what there is room for and sets it off. Returns when there will be more to take.
    async fn launch(&self, flight: &mut Flight) -> Option<Timestamp> {
        let now = self.clock.now();
        let accounts = self.accounts.now();
        for send in self.store.take_leaving() {
            match accounts.with_id(&send.account) {
                Some(account) => self.set_off(flight, account, send),
                None => self.store.stays_planned(send.id, "its account has left", now).await,
            }
        }
        let busy: Vec<_> =
            self.store.accounts_with_sends().iter().filter_map(|id| accounts.with_id(id).cloned()).collect();
        // Until it is known that there is room: an attempt may land meanwhile.
        flight.wait_for_room(true);
        let demands = self.demands(&busy, flight, now);
        // After the demands: an account that is shut meanwhile counts as shut here too.
        let shut = busy.iter().map(|account| account.client.open_at()).filter(|open_at| *open_at > now).min();
        let mut room: HashMap<_, _> = demands.iter().map(|demand| (demand.account.clone(), demand.slots)).collect();
        let demands = demands.into_iter().filter(|demand| demand.slots > 0).collect();
        match self.store.take_sends(demands, now).await {
            Ok(taken) => {
                for send in taken.items {
                    if let Some(account) = accounts.with_id(&send.account) {
                        room.entry(send.account.clone()).and_modify(|room| *room -= 1);
                        self.set_off(flight, account, send);
                    }
                }
                flight.wait_for_room(room.values().any(|room| *room == 0));
                [taken.next_due, shut].into_iter().flatten().min()
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read; sends wait");
                Some(now + PAUSE)
            }
        }
    }

    fn set_off(&self, flight: &mut Flight, account: &Arc<Account>, send: TakenSend) {
        let account = Arc::clone(account);
        let (store, clock, metrics) = (self.store.clone(), self.clock.clone(), self.metrics.clone());
        let (id, account_id, retry) = (send.id, send.account.clone(), self.settings.retry);
        let accounts = self.accounts.clone();
        let attempt = Attempt { accounts, store, account, clock, metrics, retry, send };
        flight.launch(id, account_id, attempt.run());
    }

    fn demands(&self, accounts: &[Arc<Account>], flight: &Flight, now: Timestamp) -> Vec<SendDemand> {
        let able = accounts.iter().filter(|account| !account.is_paused);
        able.map(|account| {
            let in_flight = flight.of_account(account.id());
            // One that is shut may be opened by what comes of a send that is under way.
            let most = match account.client.open_at() > now {
                true => 0,
                false if account.client.down_at().is_some() => 1,
                false => self.settings.slots_per_account,
            };
            let slots = most.saturating_sub(in_flight.len());
            SendDemand { account: account.id().clone(), slots, in_flight }
        })
        .collect()
    }
}
