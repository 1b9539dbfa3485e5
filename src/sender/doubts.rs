//! The way out of doubt: take → wait for the echo → look into the conversation → judge → settle.
//!
//! An echo settles a doubt whenever it comes, in the store; this loop is for those without one. It looks at one doubt of each
//! account at a time: Meta allows two calls a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::evidence::{Around, Evidence, Verdict, first_look, judge, weigh};
use super::flight::Flight;
use super::{Lane, STORE_PAUSE};
use crate::clock::{Clock, Timestamp};
use crate::id::AccountId;
use crate::message::Recipient;
use crate::settings;
use crate::store::{Outcome, SendRoom, Store, TakenDoubt};
use crate::telemetry::Metrics;

/// The loop's parts.
pub(super) struct Doubts {
    pub(super) store: Store,
    pub(super) lanes: HashMap<AccountId, Lane>,
    pub(super) settings: settings::Sender,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
}

impl Doubts {
    /// Settles what is in doubt until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let mut looks = Flight::default();
        while !stop.is_cancelled() {
            let next_due = Self::launch(&this, &mut looks).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = this.store.doubts_ready() => {}
                () = looks.landed() => {}
                () = this.clock.sleep_until_due(next_due) => {}
            }
        }
    }

    async fn launch(this: &Arc<Doubts>, looks: &mut Flight) -> Option<Timestamp> {
        let now = this.clock.now();
        let room = this.lanes.keys().map(|account| {
            let in_flight = looks.of_account(account);
            SendRoom { account: account.clone(), slots: usize::from(in_flight.is_empty()), in_flight }
        });
        match this.store.take_doubts(room.filter(|room| room.slots > 0).collect(), now).await {
            Ok(taken) => {
                for doubt in taken.items {
                    let (id, account, this) = (doubt.id, doubt.account.clone(), Arc::clone(this));
                    looks.launch(id, account, async move { this.look(doubt).await });
                }
                taken.next_due
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read; doubts wait");
                Some(now + STORE_PAUSE)
            }
        }
    }

    /// Looks at one doubt, and settles it or leaves it for later.
    async fn look(&self, doubt: TakenDoubt) {
        let (Some(lane), now) = (self.lanes.get(&doubt.account), self.clock.now()) else { return };
        // Meta takes these once: what has arrived is refused the second time.
        if is_taken_once(&doubt.request.recipient) {
            return self
                .settle(&doubt, Outcome::Later { at: now, reason: "it may be sent twice: Meta takes it once".into() })
                .await;
        }
        let first = first_look(&doubt, &self.settings);
        if now < first {
            return self.leave(&doubt, first).await;
        }
        let evidence = self.evidence(&doubt, lane).await;
        let around = Around {
            last_delivery_at: self.store.last_delivery_at(),
            is_failing: lane.client.is_failing(),
            on_doubt: lane.on_doubt,
        };
        let now = self.clock.now();
        match judge(&doubt, evidence, around, &self.settings, now) {
            Verdict::Sent(id) => {
                self.metrics.doubts_arrived.increment(1);
                self.settle(&doubt, Outcome::Sent { message_id: Some(id) }).await;
            }
            Verdict::NotSent => {
                self.metrics.doubts_not_arrived.increment(1);
                self.settle(
                    &doubt,
                    Outcome::Later { at: now, reason: "it did not arrive: it is not in the conversation".into() },
                )
                .await;
            }
            Verdict::Look(at) => self.leave(&doubt, at).await,
            Verdict::Hold => {
                self.metrics.sends_held.increment(1);
                tracing::warn!(send = %doubt.id, account = %doubt.account, "nobody can tell whether a send arrived; it is held");
                let reason = "nobody can tell whether it arrived".to_owned();
                self.settle(&doubt, Outcome::Held { reason }).await;
            }
            Verdict::Resend => {
                let reason = "nobody can tell whether it arrived, and on_doubt is resend".to_owned();
                self.settle(&doubt, Outcome::Later { at: now, reason }).await;
            }
        }
    }

    async fn evidence(&self, doubt: &TakenDoubt, lane: &Lane) -> Evidence {
        // Who is known by a reference alone has no conversation that could be asked for.
        let Recipient::Id(person) = &doubt.request.recipient else { return Evidence::None };
        match lane.client.history(person).await {
            Ok(history) => weigh(doubt, &history),
            Err(error) => {
                tracing::debug!(send = %doubt.id, %error, "a send in doubt cannot be looked up");
                Evidence::None
            }
        }
    }

    async fn settle(&self, doubt: &TakenDoubt, outcome: Outcome) {
        self.store.settle(doubt.id, outcome, self.clock.now()).await;
    }

    async fn leave(&self, doubt: &TakenDoubt, at: Timestamp) {
        if let Err(error) = self.store.look_again(doubt.id, at).await {
            tracing::warn!(send = %doubt.id, %error, "a send in doubt is looked at again");
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }
}

fn is_taken_once(recipient: &Recipient) -> bool {
    matches!(recipient, Recipient::CommentId(_) | Recipient::PostId(_) | Recipient::OneTimeNotifToken(_))
}
