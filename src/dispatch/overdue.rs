//! Answers for those whose event no handler can take in time: the relay is down, every place is taken, or the conversation's
//! earlier events still wait. The fallback is said once; the event stays and is handled when it can be.

use crate::clock::Timestamp;
use crate::conversations::Conversations;
use crate::id::AccountId;
use crate::policy::responsiveness;
use crate::store::{Overdue, PAUSE, StoreError};

use super::handled::HandledAccounts;

/// How many of each account are answered at a time.
const AT_A_TIME: usize = 100;

/// Answers what is overdue. Returns when there may be more; `None` when no account owes answers.
pub(super) async fn answer(store: &Conversations, handled: &HandledAccounts, now: Timestamp) -> Option<Timestamp> {
    let owing = handled.able().into_iter().filter(|(_, served)| served.automatic_replies.owes_answers());
    let accounts: Vec<AccountId> = owing.map(|(account, _)| account).collect();
    if accounts.is_empty() {
        return None;
    }
    match answer_some(store, handled, accounts, now).await {
        Ok(next) => Some(next),
        Err(error) => {
            tracing::warn!(%error, "whom to answer could not be read or kept; they wait");
            Some(now + PAUSE)
        }
    }
}

async fn answer_some(
    store: &Conversations,
    handled: &HandledAccounts,
    accounts: Vec<AccountId>,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let overdue = store.overdue(accounts, AT_A_TIME, now).await?;
    if overdue.items.is_empty() {
        // What comes from now on is not overdue before that.
        let soonest = now + responsiveness::NOTHING_OVERDUE_WITHIN;
        return Ok(overdue.next_due.map_or(soonest, |due| due.min(soonest)));
    }
    let answers = overdue.items.into_iter().filter_map(|overdue| answer_one(store, handled, overdue, now));
    futures_util::future::try_join_all(answers).await?;
    Ok(now)
}

fn answer_one(
    store: &Conversations,
    handled: &HandledAccounts,
    Overdue { event, account, recipient }: Overdue,
    now: Timestamp,
) -> Option<impl Future<Output = Result<(), StoreError>>> {
    let served = handled.get(&account)?;
    let disclosing = served.automatic_replies.disclosing(&recipient, store);
    let owed = served.automatic_replies.fallback(&recipient, disclosing, store);
    tracing::warn!(%event, account = %served.name, "no handler could take an event in time; the fallback answers it");
    Some(store.fall_back(event, owed, now))
}
