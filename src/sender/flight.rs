//! The sends that are under way.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use tokio::task::JoinSet;

use crate::id::{AccountId, SendId};
use crate::wake::RoomWake;

/// How a send is left when its attempt has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It is settled. What comes behind it in its conversation wakes the loop by itself.
    Settled,
    /// It may be due again already.
    Due,
}

/// The attempts under way, and whose they are. Dropping this ends them.
#[derive(Debug, Default)]
pub(super) struct Flight {
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

/// What the attempts share with the loop.
#[derive(Debug, Default)]
struct Shared {
    by_account: Mutex<HashMap<AccountId, Vec<SendId>>>,
    landed: RoomWake,
}

impl Flight {
    pub(super) fn launch(
        &mut self,
        send: SendId,
        account: AccountId,
        attempt: impl Future<Output = Left> + Send + 'static,
    ) {
        while self.tasks.try_join_next().is_some() {}
        self.shared.by_account().entry(account.clone()).or_default().push(send);
        let landing = Landing { shared: Arc::clone(&self.shared), send, account, left: Left::Due };
        // In a box: a task is moved several times.
        let attempt = Box::pin(attempt);
        self.tasks.spawn(async move { landing.after(attempt.await) });
    }

    /// The account's sends that are under way.
    pub(super) fn of_account(&self, account: &AccountId) -> Vec<SendId> {
        self.shared.by_account().get(account).cloned().unwrap_or_default()
    }

    /// Whether the loop is to be woken by every attempt that lands. Call this before counting those under way.
    pub(super) fn wait_for_room(&self, waits: bool) {
        self.shared.landed.wait(waits);
    }

    /// Returns when an attempt has landed after which there may be more to take.
    pub(super) async fn landed(&self) {
        self.shared.landed.woken().await;
    }

    pub(super) async fn all_landed(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Shared {
    fn by_account(&self) -> MutexGuard<'_, HashMap<AccountId, Vec<SendId>>> {
        self.by_account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that ends, however it does.
struct Landing {
    shared: Arc<Shared>,
    send: SendId,
    account: AccountId,
    left: Left,
}

impl Landing {
    fn after(mut self, left: Left) {
        self.left = left;
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("an attempt to send panicked; the send stays where it was");
        }
        let mut by_account = self.shared.by_account();
        if let Some(of_account) = by_account.get_mut(&self.account) {
            of_account.retain(|other| *other != self.send);
            if of_account.is_empty() {
                by_account.remove(&self.account);
            }
        }
        drop(by_account);
        // Last: the loop must not find it under way any more.
        match self.left {
            Left::Due => self.shared.landed.now(),
            Left::Settled => self.shared.landed.freed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the loop is woken by an attempt that ends like this.
    async fn wakes(waits: bool, attempt: impl Future<Output = Left> + Send + 'static) -> bool {
        let (mut flight, account) = (Flight::default(), AccountId::new("1"));
        flight.wait_for_room(waits);
        flight.launch(SendId(1), account.clone(), attempt);
        assert_eq!(flight.of_account(&account), [SendId(1)]);
        flight.all_landed().await;
        assert!(flight.of_account(&account).is_empty());
        futures_util::FutureExt::now_or_never(flight.landed()).is_some()
    }

    #[tokio::test]
    async fn the_loop_is_woken_where_there_may_be_more_to_take() {
        assert!(!wakes(false, async { Left::Settled }).await);
        assert!(wakes(true, async { Left::Settled }).await);
        assert!(wakes(false, async { Left::Due }).await);
        assert!(wakes(false, async { panic!("an attempt") }).await);
    }
}
