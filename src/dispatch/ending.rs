//! How a turn ends: with what its handler brought about, or without.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Audience, HandledAccount, retry};
use crate::accounts::Accounts;
use crate::clock::{Clock, Timestamp};
use crate::conversations::Conversations;
use crate::effect::Effects;
use crate::id::{AccountId, EventId};
use crate::message::{Action, Recipient, Request};
use crate::policy::responsiveness;
use crate::settings;
use crate::store::{AutomaticReplies, DisclosureMessage, Failure, Finish, Next, Typing};
use crate::telemetry::Metrics;
use crate::telemetry::catalogue::HANDLED;

/// The longest error that is kept with an event, in characters.
const LONGEST_ERROR: usize = 2_000;

/// Why a turn brought nothing about.
pub(super) enum Fault {
    /// Its handler failed, in these words.
    Failed(String),
    /// Its handler has not returned in time.
    Late(String),
}

/// What is needed to end a turn once its handler has ended, or has not in time.
pub(super) struct Ending {
    pub(super) event: EventId,
    pub(super) account: AccountId,
    pub(super) kind: String,
    pub(super) attempt: u32,
    pub(super) first_failed_at: Option<Timestamp>,
    /// Until when the event must be answered, where it must.
    pub(super) answer_by: Option<Timestamp>,
    /// Told when one of the turn's steps has answered it.
    pub(super) answered: CancellationToken,
    /// Whom to answer.
    pub(super) recipient: Option<Recipient>,
    pub(super) disclosing: Option<DisclosureMessage>,
    pub(super) served: Arc<HandledAccount>,
    pub(super) store: Conversations,
    pub(super) accounts: Accounts,
    pub(super) settings: settings::Dispatch,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
}

impl Ending {
    /// Sends the typing indicator to the person who waits for an answer, once the handler has worked for a while. Never returns.
    pub(super) async fn show_typing(&self, since: Timestamp) -> Infallible {
        self.clock.sleep_since(since, responsiveness::TYPING_AFTER).await;
        if let (Some(recipient), Some(_)) = (&self.recipient, self.answer_by) {
            let request = Request::action(recipient.clone(), Action::TypingOn);
            let (event, attempt, send) = (self.event, self.attempt, self.store.next_send_id());
            let typing = Typing { event, attempt, send, request, now: self.clock.now() };
            if let Err(error) = self.store.show_typing(typing).await {
                tracing::debug!(%error, "that a handler is at work could not be shown");
            }
        }
        std::future::pending().await
    }

    /// Until when it must be answered, unless it was.
    fn awaited_until(&self) -> Option<Timestamp> {
        self.answer_by.filter(|_| !self.answered.is_cancelled())
    }

    /// Waits until the handler is late, and returns how long it might have taken. One that has answered has its usual time.
    pub(super) async fn late(&self, taken_at: Timestamp) -> Duration {
        let usual = self.served.deadline;
        let in_time = responsiveness::deadline(self.answer_by, usual, taken_at);
        tokio::select! {
            biased;
            () = self.answered.cancelled() => {}
            () = self.clock.sleep_since(taken_at, in_time) => return in_time,
        }
        self.clock.sleep_since(taken_at, usual).await;
        usual
    }

    pub(super) async fn finish(&self, effects: Effects) {
        self.count("done");
        let (owed, leaves_at_once) = (self.owed(true), self.can_leave_at_once(&effects));
        let finish = Finish { event: self.event, effects, owed, leaves_at_once, now: self.clock.now() };
        self.store.finish(&finish).await;
    }

    /// Whether the first of what the handler said can leave as soon as it is kept, as far as can be foreseen.
    fn can_leave_at_once(&self, effects: &Effects) -> bool {
        let Some((_, first)) = effects.sends().next() else { return false };
        let accounts = self.accounts.now();
        let account = accounts.with_id(&self.account).filter(|account| !account.is_paused);
        account.is_some_and(|account| account.client.can_leave_at_once(first))
    }

    /// The event comes again, or comes to its end. `counts` says whether the failure counts against the event: a handler that
    /// is down as a whole fails whatever event it is given, and no event dies of that.
    pub(super) async fn fail(&self, fault: Fault, counts: bool) {
        let (error, is_late) = match fault {
            Fault::Failed(error) => (error, false),
            Fault::Late(error) => (error, true),
        };
        let (event, attempt, now) = (self.event, self.attempt, self.clock.now());
        let retry_at = retry::next_try(&self.settings, attempt, counts.then(|| self.failing_for()), now);
        let (next, answers) = retry::after_failure(retry_at, self.awaited_until(), is_late, counts);
        // The error's words are the author's and may repeat the person's: they are kept with the event, and logged only
        // where no person is real. A field without a value is left out of the line.
        let error_of_invented = (self.served.audience == Audience::Invented).then_some(error.as_str());
        match next {
            Next::Retry(_) => {
                self.count("failed");
                tracing::warn!(error = error_of_invented, "a handler failed; the event comes again");
            }
            Next::Done => {
                self.count("late");
                tracing::warn!(
                    error = error_of_invented,
                    "a handler was late for somebody who waits; the event is done"
                );
            }
            Next::Dead => {
                self.count("dead");
                tracing::error!(error = error_of_invented, "a handler failed for the last time; the event is dead");
            }
        }
        let (error, owed) = (error.chars().take(LONGEST_ERROR).collect(), self.owed(answers));
        self.store.fail(Failure { event, error, next, counts, owed, now }).await;
    }

    fn count(&self, outcome: &str) {
        self.metrics.count(&HANDLED, &[&self.served.name, &self.kind, outcome]);
    }

    /// How long the event has been failing.
    fn failing_for(&self) -> Duration {
        self.first_failed_at.map_or(Duration::ZERO, |first| self.served.failing_for(first, &self.clock))
    }

    /// What is said beside the handler's words, with the fallback where a person waits for an answer.
    fn owed(&self, answers: bool) -> AutomaticReplies {
        match &self.recipient {
            Some(recipient) if answers && self.awaited_until().is_some() => {
                self.served.automatic_replies.fallback(recipient, self.disclosing.clone(), &self.store)
            }
            _ => AutomaticReplies { disclosing: self.disclosing.clone(), fallback: None },
        }
    }
}
