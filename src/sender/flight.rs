//! The sends that are under way.

use std::collections::HashMap;
use std::future::Future;

use tokio::task::{Id, JoinError, JoinSet};

use crate::id::{AccountId, SendId};

/// The attempts under way, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Flight {
    tasks: JoinSet<()>,
    of: HashMap<Id, (SendId, AccountId)>,
    by_account: HashMap<AccountId, Vec<SendId>>,
}

impl Flight {
    pub(super) fn launch(
        &mut self,
        send: SendId,
        account: AccountId,
        attempt: impl Future<Output = ()> + Send + 'static,
    ) {
        // In a box: a task is moved several times.
        let task = self.tasks.spawn(Box::pin(attempt));
        self.by_account.entry(account.clone()).or_default().push(send);
        self.of.insert(task.id(), (send, account));
    }

    pub(super) fn of_account(&self, account: &AccountId) -> Vec<SendId> {
        self.by_account.get(account).cloned().unwrap_or_default()
    }

    /// Returns when at least one attempt has ended; never while there is none.
    pub(super) async fn landed(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(landed) => self.forget(landed),
            None => std::future::pending().await,
        }
        while let Some(landed) = self.tasks.try_join_next_with_id() {
            self.forget(landed);
        }
    }

    pub(super) async fn all_landed(&mut self) {
        while let Some(landed) = self.tasks.join_next_with_id().await {
            self.forget(landed);
        }
    }

    fn forget(&mut self, landed: Result<(Id, ()), JoinError>) {
        let id = match landed {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!("an attempt to send panicked; the send stays where it was");
                error.id()
            }
        };
        let Some((send, account)) = self.of.remove(&id) else { return };
        let Some(of_account) = self.by_account.get_mut(&account) else { return };
        of_account.retain(|other| *other != send);
        if of_account.is_empty() {
            self.by_account.remove(&account);
        }
    }
}
