//! The way of an event to its handler: take → handle → finish.
//!
//! One loop takes what is due, as much as each account has room for, and gives every event to a turn of its own (`turn`).
//! Order within a conversation is the store's: it gives the next event when the one before is done or dead. Handlers run on
//! a runtime of their own (`runtime`), so that nothing of the user's stops this loop or the intake.

mod retry;
mod runtime;
mod turn;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bot::AnyHandler;
use crate::clock::{Clock, Timestamp};
use crate::id::AccountId;
use crate::message::TextLimit;
use crate::settings;
use crate::store::{Room, Store, TakenEvent};
use crate::telemetry::Metrics;
use runtime::HandlerRuntime;
use turn::TurnOf;

/// How long the loop waits for a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// An account whose events are handled.
pub struct Served {
    /// Its name in the settings.
    pub name: Arc<str>,
    /// Its handler.
    pub(crate) handler: Arc<dyn AnyHandler>,
    /// How long a handler may take.
    pub deadline: Duration,
    /// How long a text may be on its platform.
    pub text_limit: TextLimit,
    slots: Arc<Semaphore>,
}

impl Served {
    pub(crate) fn new(name: &str, account: &settings::Account, handler: Arc<dyn AnyHandler>, slots: usize) -> Served {
        Served {
            name: name.into(),
            handler,
            deadline: account.handler_deadline,
            text_limit: account.platform.text_limit(),
            slots: Arc::new(Semaphore::new(slots)),
        }
    }
}

/// The loop's parts.
pub struct Dispatch {
    store: Store,
    accounts: HashMap<AccountId, Arc<Served>>,
    settings: settings::Dispatch,
    clock: Clock,
    metrics: Metrics,
    runtime: HandlerRuntime,
    freed: Arc<Notify>,
}

/// A handler's place among those of its account. It is held until the handler has really ended: one that blocks its thread
/// beyond its deadline uses up its own account's places, and nobody else's.
struct Slot {
    _permit: OwnedSemaphorePermit,
    freed: Arc<Notify>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.freed.notify_one();
    }
}

impl Dispatch {
    /// The loop over `accounts`.
    pub fn new(
        store: Store,
        accounts: HashMap<AccountId, Arc<Served>>,
        settings: settings::Dispatch,
        clock: Clock,
        metrics: Metrics,
    ) -> std::io::Result<Dispatch> {
        let runtime = HandlerRuntime::start(settings.slots_per_account.saturating_mul(accounts.len()))?;
        Ok(Dispatch { store, accounts, settings, clock, metrics, runtime, freed: Arc::new(Notify::new()) })
    }

    /// Handles events until `stop`, then waits for the turns that run.
    pub async fn run(self, stop: CancellationToken) {
        let mut turns = JoinSet::new();
        while !stop.is_cancelled() {
            let next_due = self.launch(&mut turns).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.store.events_ready() => {}
                () = self.freed.notified() => {}
                () = until(&self.clock, next_due) => {}
            }
            while turns.try_join_next().is_some() {}
        }
        while turns.join_next().await.is_some() {}
    }

    /// Takes what there is room for and gives each its turn. Returns when there will be more to take.
    async fn launch(&self, turns: &mut JoinSet<()>) -> Option<Timestamp> {
        let room = self.room();
        if room.is_empty() {
            return None;
        }
        match self.store.take(room, self.clock.now()).await {
            Ok(taken) => {
                for event in taken.items {
                    if let Some(turn) = self.turn(event) {
                        turns.spawn(turn.run());
                    }
                }
                taken.next_due
            }
            Err(error) => {
                tracing::warn!(%error, "the inbox could not be read; events wait");
                Some(self.clock.now() + STORE_PAUSE)
            }
        }
    }

    fn turn(&self, event: TakenEvent) -> Option<TurnOf> {
        let served = Arc::clone(self.accounts.get(&event.account)?);
        // Only this loop takes places, and it took no more events than there were.
        let permit = Arc::clone(&served.slots).try_acquire_owned().ok()?;
        Some(TurnOf {
            slot: Slot { _permit: permit, freed: Arc::clone(&self.freed) },
            served,
            event,
            store: self.store.clone(),
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            handlers: self.runtime.handle(),
        })
    }

    fn room(&self) -> Vec<Room> {
        let room = self
            .accounts
            .iter()
            .map(|(account, served)| Room { account: account.clone(), slots: served.slots.available_permits() });
        room.filter(|room| room.slots > 0).collect()
    }
}

async fn until(clock: &Clock, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => clock.sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
