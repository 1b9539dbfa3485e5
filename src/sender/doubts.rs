//! The way out of doubt: take → wait for the echo → look into the conversation → judge → settle.
//!
//! An echo settles a doubt whenever it comes, in the store; this loop is for those without one. It looks at one doubt of each
//! account at a time: Meta allows two calls a second.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::answer_time;
use super::evidence::{Evidence, weigh};
use super::flight::{Flight, Left};
use super::verdict::{DoubtSignals, Verdict, first, judge};
use crate::accounts::{Account, Accounts};
use crate::clock::{Clock, Steady, Timestamp};
use crate::conversations::Conversations;
use crate::message::Recipient;
use crate::settings;
use crate::store::{Cause, PAUSE, SendDemand, SendOutcome, TakenDoubt};
use crate::telemetry::catalogue::{DOUBTS, SENDS};
use crate::telemetry::{Metrics, spans};

/// The loop's parts.
pub(super) struct Doubts {
    pub(super) store: Conversations,
    pub(super) accounts: Accounts,
    pub(super) settings: settings::Sender,
    pub(super) clock: Clock,
    /// Since when this process looks for evidence.
    pub(super) looking_since: Steady,
    pub(super) metrics: Metrics,
}

impl Doubts {
    /// Settles what is in doubt until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let (mut looks, mut changes) = (Flight::default(), this.accounts.changes());
        while !stop.is_cancelled() {
            let next_due = Self::launch(&this, &mut looks).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = this.store.doubts_ready() => {}
                () = changes.next() => {}
                () = looks.landed() => {}
                () = this.clock.sleep_until_due(next_due) => {}
            }
        }
    }

    async fn launch(this: &Arc<Doubts>, looks: &mut Flight) -> Option<Timestamp> {
        let now = this.clock.now();
        let accounts = this.accounts.now();
        let busy = this.store.accounts_with_doubts();
        let busy = busy.iter().filter_map(|id| accounts.with_id(id));
        let demands = busy.filter(|account| !account.is_paused).map(|account| {
            let in_flight = looks.of_account(account.id());
            SendDemand { account: account.id().clone(), slots: usize::from(in_flight.is_empty()), in_flight }
        });
        match this.store.take_doubts(demands.filter(|demand| demand.slots > 0).collect(), now).await {
            Ok(taken) => {
                for doubt in taken.items {
                    let (id, account, this) = (doubt.id, doubt.account.clone(), Arc::clone(this));
                    looks.launch(id, account, async move {
                        this.look(doubt).await;
                        Left::Due
                    });
                }
                taken.next_due
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read; doubts wait");
                Some(now + PAUSE)
            }
        }
    }

    /// Looks at one doubt, and settles it or leaves it for later.
    async fn look(&self, doubt: TakenDoubt) {
        let Some(account) = self.accounts.now().with_id(&doubt.account).cloned() else { return };
        let span = spans::send(doubt.id, &account.name, doubt.attempts, doubt.cause.map(Cause::parts));
        self.settle_or_leave(doubt, &account).instrument(span).await;
    }

    async fn settle_or_leave(&self, doubt: TakenDoubt, account: &Account) {
        match first(&doubt, &self.settings, self.clock.now()) {
            Some(Verdict::Settle(outcome)) => self.settle(&doubt, account, outcome).await,
            Some(Verdict::Look(at)) => self.leave(&doubt, at, false).await,
            None => match self.look_into_the_conversation(&doubt, account).await {
                Verdict::Settle(outcome) => self.settle(&doubt, account, outcome).await,
                // While Meta is down a look does not count.
                Verdict::Look(at) => self.leave(&doubt, at, account.client.down_at().is_none()).await,
            },
        }
    }

    async fn look_into_the_conversation(&self, doubt: &TakenDoubt, account: &Account) -> Verdict {
        let (evidence, not_before) = self.evidence(doubt, account).await;
        let around = DoubtSignals {
            looking_since: self
                .clock
                .at(account.resumed_at.map_or(self.looking_since, |at| at.max(self.looking_since))),
            last_delivery_at: self.store.last_delivery_at(),
            down_at: account.client.down_at(),
            on_doubt: account.settings.on_doubt,
        };
        match (judge(doubt, evidence, around, &self.settings, self.clock.now()), not_before) {
            (Verdict::Look(at), Some(not_before)) => Verdict::Look(at.max(not_before)),
            (verdict, _) => verdict,
        }
    }

    /// What the conversation says, and when it may be read again where there were too many calls.
    async fn evidence(&self, doubt: &TakenDoubt, account: &Account) -> (Evidence, Option<Timestamp>) {
        // Who is known by a reference alone has no conversation that could be asked for.
        let Recipient::Id(person) = &doubt.request.recipient else { return (Evidence::None, None) };
        match account.client.history(person).await {
            Ok(history) => (weigh(doubt, &history), None),
            Err(error) => {
                tracing::debug!(%error, "a send in doubt cannot be looked up");
                (Evidence::None, error.not_before)
            }
        }
    }

    async fn settle(&self, doubt: &TakenDoubt, account: &Account, outcome: SendOutcome) {
        let account = &*account.name;
        match &outcome {
            SendOutcome::Sent { .. } => self.metrics.count(&DOUBTS, &[account, "arrived"]),
            SendOutcome::Held { .. } => {
                self.metrics.count(&SENDS, &[account, "held"]);
                tracing::warn!("nobody can tell whether a send arrived; it is held");
            }
            SendOutcome::Failed { .. } => {
                self.metrics.count(&SENDS, &[account, "failed"]);
                tracing::warn!("Meta took a send at none of many attempts; it has failed");
            }
            _ => self.metrics.count(&DOUBTS, &[account, "sent_again"]),
        }
        let in_vain = self.store.settle(doubt.id, outcome, self.clock.now()).await;
        answer_time::count(&self.metrics, account, None, in_vain);
    }

    async fn leave(&self, doubt: &TakenDoubt, at: Timestamp, counts: bool) {
        if let Err(error) = self.store.look_again(doubt.id, at, counts).await {
            tracing::warn!(%error, "a send in doubt is looked at again");
            self.clock.sleep(PAUSE).await;
        }
    }
}
