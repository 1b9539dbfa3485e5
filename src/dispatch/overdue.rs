//! Answers for those whose event no handler can take in time: the relay is down, every place is taken, or the conversation's
//! earlier events still wait. The fallback is said once; the event stays and is handled when it can be.

use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::policy::responsiveness;
use crate::store::{Overdue, PAUSE, StoreError};

use super::Dispatch;

/// How many of each account are answered at a time.
const AT_A_TIME: usize = 100;

impl Dispatch {
    /// Answers what is overdue. Returns when there may be more; `None` when no account owes answers.
    pub(super) async fn answer_overdue(&self, now: Timestamp) -> Option<Timestamp> {
        let owing = self.handled.able().into_iter().filter(|(_, served)| served.manners.owes_answers());
        let accounts: Vec<AccountId> = owing.map(|(account, _)| account).collect();
        if accounts.is_empty() {
            return None;
        }
        match self.answer_some(accounts, now).await {
            Ok(next) => Some(next),
            Err(error) => {
                tracing::warn!(%error, "whom to answer could not be read or kept; they wait");
                Some(now + PAUSE)
            }
        }
    }

    async fn answer_some(&self, accounts: Vec<AccountId>, now: Timestamp) -> Result<Timestamp, StoreError> {
        let overdue = self.store.overdue(accounts, AT_A_TIME, now).await?;
        if overdue.items.is_empty() {
            // What comes from now on is not overdue before that.
            let soonest = now + responsiveness::NOTHING_OVERDUE_WITHIN;
            return Ok(overdue.next_due.map_or(soonest, |due| due.min(soonest)));
        }
        let answers = overdue.items.into_iter().filter_map(|overdue| self.answer(overdue, now));
        futures_util::future::try_join_all(answers).await?;
        Ok(now)
    }

    fn answer(
        &self,
        Overdue { event, account, recipient }: Overdue,
        now: Timestamp,
    ) -> Option<impl Future<Output = Result<(), StoreError>>> {
        let served = self.handled.get(&account)?;
        let disclosing = served.manners.disclosing(&recipient, &self.store);
        let owed = served.manners.fallback(&recipient, disclosing, &self.store);
        tracing::warn!(%event, account = %served.name, "no handler could take an event in time; the fallback answers it");
        Some(self.store.fall_back(event, owed, now))
    }
}
