//! One attempt at one send.

use std::sync::Arc;

use super::{answer, verdict};
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::graph::{CallError, Client, Pass};
use crate::message::{Content, Request};
use crate::policy::{self, Decision, Intent, Outgoing, Permit, Refusal, Standing};
use crate::settings;
use crate::store::{Outcome, PAUSE, Store, StoreError, TakenSend};
use crate::telemetry::Metrics;

pub(super) struct Attempt {
    pub(super) accounts: Accounts,
    pub(super) store: Store,
    pub(super) client: Arc<Client>,
    pub(super) standing: Arc<Standing>,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) retry: settings::Retry,
    pub(super) send: TakenSend,
}

impl Attempt {
    /// Pace, decide, send, settle. A store that fails leaves the send planned.
    pub(super) async fn run(self) {
        self.client.turn(&self.send.request).await;
        match self.outcome().await {
            Ok(Some(outcome)) => self.settle(outcome).await,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(send = %self.send.id, %error, "the store failed before a send left; it stays planned");
                self.clock.sleep(PAUSE).await;
            }
        }
    }

    /// Decides on the facts of this moment, and sends. `None` when the send is not ours to send any more.
    async fn outcome(&self) -> Result<Option<Outcome>, StoreError> {
        // Nobody wants three dots later. Messages stay planned while Meta is down.
        if self.send.request.is_action() && self.client.down_at().is_some() {
            return Ok(Some(Outcome::Failed { reason: "Meta does not answer".into() }));
        }
        // The account was paused or has left while this one waited for its turn: it stays planned.
        if self.accounts.now().with_id(&self.send.account).is_none_or(|account| account.is_paused) {
            return Ok(None);
        }
        // Others of the account were throttled while this one waited for its turn, or found Meta down.
        let Some(pass) = self.client.enter() else { return Ok(None) };
        let TakenSend { account, person, request, .. } = &self.send;
        let facts = self.store.facts(account.clone(), person.clone(), request.recipient.clone()).await?;
        if let Err(refusal) = policy::check(&self.standing, &facts, self.intent(), self.clock.now()) {
            return Ok(Some(refused(refusal)));
        }
        if !self.store.sending(self.send.id, self.clock.now()).await? {
            return Ok(None);
        }
        // The disk may have been slow: what counts is the moment at which it leaves.
        Ok(Some(match policy::decide(&self.standing, &facts, self.outgoing(), self.clock.now()) {
            Decision::Permit(permit) => self.send_on(permit, pass).await,
            Decision::Refusal(refusal) => refused(refusal),
        }))
    }

    fn intent(&self) -> Intent<'_> {
        Intent { send: Some(self.send.id), origin: self.send.origin, request: &self.send.request }
    }

    fn outgoing(&self) -> Outgoing {
        let TakenSend { id, account, origin, .. } = &self.send;
        Outgoing { account: account.clone(), send: *id, origin: *origin, request: self.marked_request() }
    }

    async fn send_on(&self, permit: Permit, pass: Pass) -> Outcome {
        let started = tokio::time::Instant::now();
        let result = self.client.send(permit, pass).await;
        self.metrics.send_seconds.record(started.elapsed().as_secs_f64());
        if let Err(CallError::Rejected { code, subcode, .. }) = result {
            self.tell(code, subcode);
            if policy::restricts(code, subcode) {
                self.store.restrict(self.send.account.clone(), self.clock.now()).await;
            }
            if policy::says_stopped(code, subcode) {
                self.store.stop(self.send.id).await;
            }
        }
        verdict::after(result, &self.send, &self.retry, self.client.open_at(), self.clock.now())
    }

    /// The request with our mark in its metadata, by which its echo is recognised. Instagram knows no metadata.
    fn marked_request(&self) -> Request {
        let mut request = self.send.request.clone();
        if let Content::Message(message) = &mut request.content
            && self.client.returns_metadata()
        {
            let metadata = self.store.metadata(self.send.id, message.metadata());
            *message = std::mem::take(message).with_metadata(metadata);
        }
        request
    }

    /// What an operator must act upon.
    fn tell(&self, code: i64, subcode: Option<i64>) {
        let account = &self.send.account;
        match (code, subcode) {
            _ if policy::restricts(code, subcode) => {
                tracing::error!(%account, code, subcode, "Meta has stopped the account's sends for now");
            }
            (613, Some(2_018_338)) => {
                tracing::error!(%account, code, subcode, "Meta warns that the account abuses tags")
            }
            (102 | 190, _) => tracing::error!(%account, code, "Meta does not accept the account's token: renew it"),
            (3 | 10 | 200..=299, _) => tracing::warn!(%account, code, send = %self.send.id, "Meta refused a send"),
            _ => tracing::info!(%account, code, send = %self.send.id, "Meta refused a send"),
        }
    }

    async fn settle(self, outcome: Outcome) {
        self.count(&outcome);
        let now = self.clock.now();
        let waited = answer::waited(self.send.answers, &outcome, now);
        let in_vain = self.store.settle(self.send.id, outcome, now).await;
        answer::count(&self.metrics, waited, in_vain);
    }

    fn count(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Sent { .. } => &self.metrics.sends_sent,
            Outcome::Refused { .. } => &self.metrics.sends_refused,
            Outcome::Failed { .. } => &self.metrics.sends_failed,
            Outcome::InDoubt { .. } => &self.metrics.sends_in_doubt,
            Outcome::Held { .. } => &self.metrics.sends_held,
            Outcome::Later { .. } => &self.metrics.sends_postponed,
        }
        .increment(1);
    }
}

fn refused(Refusal { rule, reason }: Refusal) -> Outcome {
    Outcome::Refused { rule: rule.into(), reason: reason.into() }
}
