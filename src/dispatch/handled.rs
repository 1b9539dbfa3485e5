//! The accounts whose events are handled: the handler of each, its places, and its probe.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::automatic_replies::AutomaticReplySettings;
use super::runtime::Habit;
use super::{Audience, space};
use crate::accounts::{Account, Directory};
use crate::bot::{AnyHandler, Interest};
use crate::clock::{Clock, Steady, Timestamp};
use crate::id::AccountId;
use crate::policy::Standing;
use crate::store::Takes;

/// The accounts that are handled now. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct HandledAccounts(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    /// The registry as it was when it was last followed.
    followed: Arc<Directory>,
    accounts: HashMap<AccountId, Arc<HandledAccount>>,
}

impl HandledAccounts {
    /// Takes on what has appeared in the registry, with what `make` makes of it, and lets go what has left it.
    pub(super) fn follow(&self, registry: &Arc<Directory>, make: impl Fn(&Account) -> Option<HandledAccount>) {
        if Arc::ptr_eq(&self.read().followed, registry) {
            return;
        }
        let followed = registry.iter().filter_map(|account| {
            // Another account under the same id has another standing.
            let known = self.get(account.id()).filter(|known| Arc::ptr_eq(&known.standing, &account.standing));
            let handled = known.or_else(|| make(account).map(Arc::new))?;
            handled.resumed_at.set(account.resumed_at);
            Some((account.id().clone(), handled))
        });
        let accounts = followed.collect();
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *state = State { followed: Arc::clone(registry), accounts };
    }

    pub(super) fn get(&self, account: &AccountId) -> Option<Arc<HandledAccount>> {
        self.read().accounts.get(account).cloned()
    }

    /// Which events the handler of an account is given; of one that has just appeared, all.
    pub(crate) fn interest(&self, account: &AccountId) -> Interest {
        self.read().accounts.get(account).map_or(Interest::Everything, |handled| handled.handler.interest())
    }

    /// Those that are not paused.
    pub(super) fn able(&self) -> Vec<(AccountId, Arc<HandledAccount>)> {
        let state = self.read();
        let able = state.followed.iter().filter(|account| !account.is_paused).map(|account| account.id());
        able.filter_map(|id| Some((id.clone(), Arc::clone(state.accounts.get(id)?)))).collect()
    }

    /// Those of these that are not paused.
    pub(super) fn able_among(&self, accounts: Vec<AccountId>) -> Vec<(AccountId, Arc<HandledAccount>)> {
        let state = self.read();
        let is_able = |id: &AccountId| state.followed.with_id(id).is_some_and(|account| !account.is_paused);
        let able = accounts.into_iter().filter(is_able);
        able.filter_map(|id| state.accounts.get(&id).map(|handled| (id.clone(), Arc::clone(handled)))).collect()
    }

    /// Which events the handler of each takes before the clock moves. `None`: none.
    pub(crate) fn take(&self, registry: &Directory, now: Timestamp) -> Vec<(AccountId, Option<Takes>)> {
        let takes = |(id, handled): (&AccountId, &Arc<HandledAccount>)| {
            let is_able = registry.with_id(id).is_some_and(|account| !account.is_paused);
            (id.clone(), if is_able { handled.takes(now) } else { None })
        };
        self.read().accounts.iter().map(takes).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for HandledAccounts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.read().accounts.keys()).finish()
    }
}

/// An account whose events are handled.
pub(super) struct HandledAccount {
    /// Its name.
    pub(super) name: Arc<str>,
    pub(super) handler: Arc<dyn AnyHandler>,
    /// Whether its polls are quick.
    pub(super) handler_habit: Arc<Habit>,
    /// How long a handler may take.
    pub(super) deadline: Duration,
    /// What policy knows of the account.
    pub(super) standing: Arc<Standing>,
    pub(super) audience: Audience,
    pub(super) automatic_replies: AutomaticReplySettings,
    pub(super) slots: Arc<Semaphore>,
    /// Held by the one event that finds out whether its handler takes it again.
    probe: Arc<Semaphore>,
    /// When the last such event was given to it.
    probed_at: Mutex<Steady>,
    resumed_at: ResumedAt,
}

/// When the account last went on after a pause, or appeared while the server ran; none where neither has happened.
#[derive(Debug, Default)]
struct ResumedAt(Mutex<Option<Steady>>);

impl ResumedAt {
    fn set(&self, at: Option<Steady>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    fn get(&self) -> Option<Steady> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HandledAccount {
    pub(super) fn new(
        account: &Account,
        (handler, handler_habit): (Arc<dyn AnyHandler>, Arc<Habit>),
        slots: usize,
        audience: Audience,
    ) -> HandledAccount {
        HandledAccount {
            name: Arc::clone(&account.name),
            handler,
            handler_habit,
            deadline: account.settings.handler_deadline,
            standing: Arc::clone(&account.standing),
            audience,
            automatic_replies: AutomaticReplySettings::of(&account.settings),
            slots: Arc::new(Semaphore::new(slots)),
            probe: Arc::new(Semaphore::new(1)),
            probed_at: Mutex::default(),
            resumed_at: ResumedAt::default(),
        }
    }

    /// Which events its handler takes before the clock moves. `None`: none.
    fn takes(&self, now: Timestamp) -> Option<Takes> {
        let space = space::space(self.handler.capacity(), 1, None, now);
        (space.slots > 0).then_some(space.takes)
    }

    /// Notes that an event is a probe. Gives it the one permit of probes where no other has it.
    pub(super) fn probes(&self, now: Steady) -> Option<OwnedSemaphorePermit> {
        *self.probed_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Arc::clone(&self.probe).try_acquire_owned().ok()
    }

    /// Until when the probe that is with the handler is waited for; none where there is none.
    pub(super) fn patience(&self, clock: &Clock) -> Option<Timestamp> {
        let probed_at = *self.probed_at.lock().unwrap_or_else(PoisonError::into_inner);
        (self.probe.available_permits() == 0).then(|| clock.at(probed_at + space::PATIENCE))
    }

    /// How long an event has been failing since `first`, without the time in which its handler was down, or the account did not
    /// work.
    pub(super) fn failing_for(&self, first: Timestamp, clock: &Clock) -> Duration {
        let now = clock.now();
        let first = self.resumed_at.get().map_or(first, |at| clock.at(at).max(first));
        now.since(first).saturating_sub(self.handler.down_within(first, now))
    }
}
