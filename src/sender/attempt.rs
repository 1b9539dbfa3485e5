//! One attempt at one send.

use std::sync::Arc;

use tracing::Instrument;

use super::flight::Left;
use super::{answer_time, verdict};
use crate::accounts::{Account, Accounts};
use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::graph::{BreakerPermit, CallError};
use crate::message::{Content, Request};
use crate::policy::{self, Decision, Intent, Outgoing, Permit, Refusal};
use crate::settings;
use crate::store::{Cause, PAUSE, SendOutcome, StoreError, TakenSend};
use crate::telemetry::catalogue::{SEND_SECONDS, SENDS, SENDS_REFUSED};
use crate::telemetry::{Metrics, spans};

pub(super) struct Attempt {
    pub(super) accounts: Accounts,
    pub(super) store: Conversations,
    pub(super) account: Arc<Account>,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) retry: settings::Retry,
    pub(super) send: TakenSend,
}

/// What an attempt has come to.
enum Ended {
    /// The bytes have left, or may have.
    Sent(SendOutcome),
    /// It has come to its end, and nothing has left.
    DidNotLeave(SendOutcome),
    /// It is not sent now, for this reason.
    Stays(&'static str),
}

impl Attempt {
    /// Pace, decide, send, settle. A store that fails leaves the send planned.
    pub(super) async fn run(self) -> Left {
        let TakenSend { id, attempts, cause, .. } = &self.send;
        let span = spans::send(*id, &self.account.name, attempts + 1, cause.map(Cause::parts));
        self.send_and_settle().instrument(span).await
    }

    async fn send_and_settle(&self) -> Left {
        // A send that is marked had its turn when it was.
        if !self.send.is_marked {
            self.account.client.turn(&self.send.request).await;
        }
        let _on_its_way = self.account.client.on_its_way();
        match self.outcome().await {
            Ok(Ended::Sent(outcome)) => self.settle(outcome, true).await,
            Ok(Ended::DidNotLeave(outcome)) => self.settle(outcome, false).await,
            Ok(Ended::Stays(reason)) => self.stays(reason).await,
            Err(error) => {
                tracing::warn!(%error, "the store failed before a send left; it stays planned");
                self.clock.sleep(PAUSE).await;
                self.stays("the store failed before it left").await
            }
        }
    }

    /// Decides on the facts of this moment, and sends.
    async fn outcome(&self) -> Result<Ended, StoreError> {
        // A typing indicator is of no use later. Messages stay planned while Meta is down.
        if self.send.request.is_action() && self.account.client.down_at().is_some() {
            return Ok(Ended::DidNotLeave(SendOutcome::Failed { reason: "Meta does not answer".into() }));
        }
        // The account was paused or has left while this one waited for its turn.
        if self.accounts.now().with_id(&self.send.account).is_none_or(|account| account.is_paused) {
            return Ok(Ended::Stays("the account is paused"));
        }
        // Others of the account were throttled while this one waited for its turn, or found Meta down.
        let Some(pass) = self.account.client.enter() else {
            return Ok(Ended::Stays("Meta says that there were too many calls, or does not answer"));
        };
        let TakenSend { account, person, request, .. } = &self.send;
        let facts = self.store.facts(account.clone(), person.clone(), request.recipient.clone()).await?;
        if let Err(refusal) = policy::check(&self.account.standing, &facts, self.intent(), self.clock.now()) {
            return Ok(Ended::DidNotLeave(refused(refusal)));
        }
        if !self.send.is_marked && !self.store.sending(self.send.id, self.clock.now()).await? {
            return Ok(Ended::Stays("it is not planned any more"));
        }
        // The disk may have been slow: what counts is the moment at which it leaves.
        Ok(match policy::decide(&self.account.standing, &facts, self.outgoing(), self.clock.now()) {
            Decision::Permit(permit) => Ended::Sent(self.send_on(permit, pass).await),
            Decision::Refusal(refusal) => Ended::DidNotLeave(refused(refusal)),
        })
    }

    /// It stays planned. Where it is marked as on its way, it is not any more.
    async fn stays(&self, reason: &'static str) -> Left {
        if self.send.is_marked {
            self.store.stays_planned(self.send.id, reason, self.clock.now()).await;
        }
        Left::Due
    }

    fn intent(&self) -> Intent<'_> {
        Intent { send: Some(self.send.id), origin: self.send.origin, request: &self.send.request }
    }

    fn outgoing(&self) -> Outgoing {
        let TakenSend { id, account, origin, .. } = &self.send;
        Outgoing { account: account.clone(), send: *id, origin: *origin, request: self.marked_request() }
    }

    async fn send_on(&self, permit: Permit, pass: BreakerPermit) -> SendOutcome {
        let started = tokio::time::Instant::now();
        let result = self.account.client.send(permit, pass).await;
        self.metrics.took(&SEND_SECONDS, &[&self.account.name], started.elapsed());
        if let Err(CallError::Rejected { code, subcode, .. }) = result {
            self.tell(code, subcode);
            self.metrics.meta_error(&self.account.name, code);
            if policy::restricts(code, subcode) {
                self.store.restrict(self.send.account.clone(), self.clock.now()).await;
            }
            if policy::says_stopped(code, subcode) {
                self.store.stop(self.send.id).await;
            }
        }
        verdict::after(result, &self.send, &self.retry, self.account.client.open_at(), self.clock.now())
    }

    /// The request with our mark in its metadata, by which its echo is recognised. Instagram knows no metadata.
    fn marked_request(&self) -> Request {
        let mut request = Request::clone(&self.send.request);
        if let Content::Message(message) = &mut request.content
            && self.account.client.returns_metadata()
        {
            let metadata = self.store.metadata(self.send.id, message.metadata());
            *message = std::mem::take(message).with_metadata(metadata);
        }
        request
    }

    /// What an operator must act upon.
    fn tell(&self, code: i64, subcode: Option<i64>) {
        match (code, subcode) {
            _ if policy::restricts(code, subcode) => {
                tracing::error!(code, subcode, "Meta has stopped the account's sends for now");
            }
            (613, Some(2_018_338)) => {
                tracing::error!(code, subcode, "Meta warns that the account abuses tags")
            }
            (102 | 190, _) => tracing::error!(code, "Meta does not accept the account's token: renew it"),
            (3 | 10 | 200..=299, _) => tracing::warn!(code, subcode, "Meta refused a send"),
            _ => tracing::info!(code, subcode, "Meta refused a send"),
        }
    }

    async fn settle(&self, outcome: SendOutcome, has_left: bool) -> Left {
        self.count(&outcome);
        let left = if matches!(outcome, SendOutcome::Later { .. }) { Left::Due } else { Left::Settled };
        let now = self.clock.now();
        let waited = answer_time::waited(self.send.answers, &outcome, now);
        let in_vain = match has_left || !self.send.is_marked {
            true => self.store.settle(self.send.id, outcome, now).await,
            false => self.store.did_not_leave(self.send.id, outcome, now).await,
        };
        answer_time::count(&self.metrics, &self.account.name, waited, in_vain);
        left
    }

    fn count(&self, outcome: &SendOutcome) {
        let account = &*self.account.name;
        let word = match outcome {
            SendOutcome::Sent { .. } => "sent",
            SendOutcome::Refused { rule, .. } => {
                self.metrics.count(&SENDS_REFUSED, &[account, rule]);
                "refused"
            }
            SendOutcome::Failed { .. } => "failed",
            SendOutcome::InDoubt { .. } => "in_doubt",
            SendOutcome::Held { .. } => "held",
            SendOutcome::Later { .. } => "postponed",
        };
        self.metrics.count(&SENDS, &[account, word]);
    }
}

fn refused(Refusal { rule, reason }: Refusal) -> SendOutcome {
    SendOutcome::Refused { rule: rule.into(), reason: reason.into() }
}
