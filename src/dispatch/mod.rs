//! The way of an event to its handler: take → handle → finish.
//!
//! One loop takes what is due, as much as each account has room for, and gives every event to a turn of its own (`turn`).
//! Order within a conversation is the store's: it gives the next event when the one before is done or dead. Handlers run on
//! a runtime of their own (`runtime`), so that nothing of the user's stops this loop or the intake.
//!
//! What the bot owes the person beside its handler's words (`automatic_replies`) is said in the same transaction: that
//! it is a bot, and the fallback where an automated bot would leave a person without an answer. What no handler can
//! take in time, the fallback answers too (`overdue`).

mod audience;
mod automatic_replies;
mod ending;
mod handled;
mod overdue;
mod retry;
mod runtime;
mod slot;
mod space;
mod turn;

use std::sync::Arc;

use hashbrown::HashMap;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::bot::AnyHandler;
use crate::clock::{Clock, Timestamp};
use crate::conversations::Conversations;
use crate::settings;
use crate::store::{EventDemand, PAUSE, TakenEvent};
use crate::telemetry::Metrics;
use crate::wake::RoomWake;
pub(crate) use audience::Audience;
pub(crate) use handled::HandledAccounts;

use handled::HandledAccount;
use runtime::HandlerRuntime;
use slot::Slot;
use space::Probing;
use turn::TurnOf;

/// For how many accounts' handlers there are threads, should all of them block, where the settings name fewer: others may appear.
const LEAST_ACCOUNTS: usize = 16;

/// The loop's parts.
pub(crate) struct Dispatch {
    store: Conversations,
    accounts: Accounts,
    handlers: FindHandler,
    audience: Audience,
    /// The accounts that are there, as of the last look at the registry.
    handled: HandledAccounts,
    settings: settings::Dispatch,
    clock: Clock,
    metrics: Metrics,
    runtime: HandlerRuntime,
    freed: Arc<RoomWake>,
}

/// Finds an account's handler, or makes it: by its name, and the account's settings. `None` where there is none of that name.
pub(crate) type FindHandler = Box<dyn Fn(&str, &settings::Account) -> Option<Arc<dyn AnyHandler>> + Send + Sync>;

impl Dispatch {
    /// The loop over `accounts`. `audience` says whose words their handlers' errors may repeat.
    ///
    /// # Errors
    ///
    /// When the handlers' threads cannot be started.
    pub(crate) fn new(
        store: Conversations,
        accounts: Accounts,
        (handlers, audience): (FindHandler, Audience),
        settings: settings::Dispatch,
        clock: Clock,
        metrics: Metrics,
    ) -> std::io::Result<Dispatch> {
        let most = accounts.now().iter().count().max(LEAST_ACCOUNTS);
        let runtime = HandlerRuntime::start(settings.slots_per_account.saturating_mul(most))?;
        let (handled, freed) = (HandledAccounts::default(), Arc::default());
        let dispatch =
            Dispatch { store, accounts, handlers, audience, handled, settings, clock, metrics, runtime, freed };
        dispatch.follow_the_registry();
        Ok(dispatch)
    }

    /// The accounts that are handled, for who wants to know what they can take.
    pub(crate) fn handled(&self) -> HandledAccounts {
        self.handled.clone()
    }

    /// Takes accounts on that have appeared, and lets those go that have left.
    fn follow_the_registry(&self) {
        let slots = self.settings.slots_per_account;
        self.handled.follow(&self.accounts.now(), |account| {
            let handler = (self.handlers)(&account.name, &account.settings);
            if handler.is_none() {
                let handler = &account.settings.handler;
                tracing::error!(account = %account.name, handler, "there is no such handler; the account's events wait");
            }
            let habit = self.runtime.habit(&account.settings.handler);
            Some(HandledAccount::new(account, (handler?, habit), slots, self.audience))
        });
    }

    /// Handles events until `stop`, then waits for the turns that run.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let (mut turns, mut changes) = (JoinSet::new(), self.accounts.changes());
        let mut overdue_at = Some(self.clock.now());
        while !stop.is_cancelled() {
            let next_due = self.launch(&mut turns).await;
            let now = self.clock.now();
            if overdue_at.is_some_and(|at| at <= now) {
                overdue_at = overdue::answer(&self.store, &self.handled, now).await;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.store.events_ready() => {}
                () = changes.next() => overdue_at = Some(Timestamp(i64::MIN)),
                () = self.freed.woken() => {}
                // At once, whatever the clock shows: it may just have been set back.
                () = self.store.answers_ready() => overdue_at = Some(Timestamp(i64::MIN)),
                () = self.clock.sleep_until_due([next_due, overdue_at].into_iter().flatten().min()) => {}
            }
            while turns.try_join_next().is_some() {}
        }
        while turns.join_next().await.is_some() {}
    }

    /// Takes what there is room for and gives each its turn. Returns when there will be more to take.
    async fn launch(&self, turns: &mut JoinSet<()>) -> Option<Timestamp> {
        self.follow_the_registry();
        let now = self.clock.now();
        // Until it is known that there is room: a place may become free meanwhile.
        self.freed.wait(true);
        let (demands, reopens) = self.demands(now);
        let mut room: HashMap<_, _> =
            demands.iter().map(|(demand, probing)| (demand.account.clone(), (demand.slots, *probing))).collect();
        let demands: Vec<_> = demands.into_iter().map(|(demand, _)| demand).filter(|demand| demand.slots > 0).collect();
        if demands.is_empty() {
            self.freed.wait(!room.is_empty());
            return reopens;
        }
        match self.store.take(demands, now).await {
            Ok(taken) => {
                for event in taken.items {
                    let of_account = room.get_mut(&event.account);
                    let is_probe = of_account.is_some_and(|(left, probing)| {
                        *left -= 1;
                        probing.holds(event.has_failed)
                    });
                    if let Some(turn) = self.turn(event, is_probe, now) {
                        // In a box: a task is moved several times.
                        turns.spawn(Box::pin(turn.run()));
                    }
                }
                self.freed.wait(room.values().any(|(left, probing)| *left == 0 || *probing != Probing::None));
                [taken.next_due, reopens].into_iter().flatten().min()
            }
            Err(error) => {
                tracing::warn!(%error, "the inbox could not be read; events wait");
                Some(self.clock.now() + PAUSE)
            }
        }
    }

    fn turn(&self, event: TakenEvent, is_probe: bool, taken_at: Timestamp) -> Option<Box<TurnOf>> {
        let served = self.handled.get(&event.account)?;
        // Only this loop takes places, and it took no more events than there were.
        let permit = Arc::clone(&served.slots).try_acquire_owned().ok()?;
        let probe = if is_probe { served.probes(self.clock.steady()) } else { None };
        Some(Box::new(TurnOf {
            slot: Slot { permit: Some(permit), probe, freed: Arc::clone(&self.freed) },
            served,
            event,
            taken_at,
            store: self.store.clone(),
            accounts: self.accounts.clone(),
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            handlers: self.runtime.place(),
        }))
    }

    /// The accounts that can take events on, which of those are probes, and when an account can take more than now.
    fn demands(&self, now: Timestamp) -> (Vec<(EventDemand, Probing)>, Option<Timestamp>) {
        let (mut demands, mut reopens) = (Vec::new(), None::<Timestamp>);
        for (account, served) in self.handled.able_among(self.store.accounts_with_events()) {
            let (free, patience) = (served.slots.available_permits(), served.patience(&self.clock));
            let space = space::space(served.handler.capacity(), free, patience, now);
            reopens = [reopens, space.changes_at].into_iter().flatten().min();
            demands.push((EventDemand { account, slots: space.slots, takes: space.takes }, space.probing));
        }
        (demands, reopens)
    }
}
