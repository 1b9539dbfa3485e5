//! One event's turn with its handler.

use std::sync::Arc;

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::ending::{Ending, Fault};
use super::handled::HandledAccount;
use super::runtime::Place;
use super::slot::Slot;
use crate::accounts::Accounts;
use crate::bot::{Context, Limits, Observation, Turn};
use crate::clock::{Clock, Timestamp};
use crate::conversations::Conversations;
use crate::effect::Effects;
use crate::event::{Comment, Envelope, Event};
use crate::message::Recipient;
use crate::settings;
use crate::store::{self, DisclosureMessage, TakenEvent};
use crate::telemetry::catalogue::{HANDLER_SECONDS, HANDLERS_RUNNING};
use crate::telemetry::{Metrics, spans};

pub(super) struct TurnOf {
    pub(super) slot: Slot,
    pub(super) served: Arc<HandledAccount>,
    pub(super) event: TakenEvent,
    pub(super) taken_at: Timestamp,
    pub(super) store: Conversations,
    pub(super) accounts: Accounts,
    pub(super) settings: settings::Dispatch,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) handlers: Place,
}

impl TurnOf {
    /// Handle, then finish or fail. In a box, as all that a task carries along: it is moved several times.
    pub(super) async fn run(self: Box<Self>) {
        let TakenEvent { id, kind, attempt, trace, .. } = &self.event;
        let span = spans::event(*id, &self.served.name, kind, *attempt, *trace);
        self.handle_and_end().instrument(span).await;
    }

    async fn handle_and_end(self: Box<Self>) {
        let ending = self.ending();
        let account = Arc::clone(&self.served.name);
        self.metrics.move_by(&HANDLERS_RUNNING, &[&account], 1);
        let started = tokio::time::Instant::now();
        let result = self.handle(&ending).await;
        let took = started.elapsed();
        ending.metrics.took(&HANDLER_SECONDS, &[&account], took);
        ending.metrics.handler_times().note(ending.event, took);
        ending.metrics.move_by(&HANDLERS_RUNNING, &[&account], -1);
        match result {
            Ok(effects) => ending.finish(effects).await,
            Err(fault) => {
                let counts = ending.served.handler.failed(ending.event, ending.attempt);
                ending.fail(fault, counts).await;
            }
        }
    }

    fn ending(&self) -> Ending {
        let (event, replies) = (&self.event, &self.served.automatic_replies);
        let recipient = event.person.clone().and_then(|person| store::recipient(event.thread, person));
        Ending {
            event: event.id,
            account: event.account.clone(),
            kind: event.kind.clone(),
            attempt: event.attempt,
            first_failed_at: event.first_failed_at,
            answer_by: event.answer_by.filter(|_| replies.owes_answers()),
            answered: CancellationToken::new(),
            disclosing: recipient.as_ref().and_then(|recipient| replies.disclosing(recipient, &self.store)),
            recipient,
            served: Arc::clone(&self.served),
            store: self.store.clone(),
            accounts: self.accounts.clone(),
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
        }
    }

    /// Runs the handler apart, under its deadline. What it returns after that is dropped.
    async fn handle(self: Box<Self>, ending: &Ending) -> Result<Effects, Fault> {
        // The deadline counts from when the event was taken, however long the machine took to get here.
        let (taken_at, handlers, habit) =
            (self.taken_at, self.handlers.clone(), Arc::clone(&self.served.handler_habit));
        let call = self.call(ending.disclosing.clone(), ending.answered.clone()).in_current_span();
        let mut handling = handlers.spawn(call, habit);
        tokio::select! {
            // A handler that has returned is not late, and for one that is late no typing indicator is sent.
            biased;
            ended = &mut handling => ended.unwrap_or_else(|error| Err(cut_off(error))).map_err(Fault::Failed),
            deadline = ending.late(taken_at) => {
                handling.abort();
                Err(Fault::Late(format!("the handler took longer than {}", humantime::format_duration(deadline))))
            }
            never = ending.show_typing(taken_at) => match never {},
        }
    }

    /// The user's code, holding the account's slot for as long as it runs.
    async fn call(
        mut self: Box<Self>,
        disclosing: Option<DisclosureMessage>,
        answered: CancellationToken,
    ) -> Result<Effects, String> {
        let _slot = self.slot;
        let envelope = self.event.envelope().ok_or(UNREADABLE)?;
        let turn = Turn {
            id: self.event.id,
            kind: envelope.kind(),
            at: envelope.at.or(Some(self.event.received_at)),
            standby: envelope.standby,
            standing: Arc::clone(&self.served.standing),
            account: Arc::clone(&self.served.name),
            person: self.event.person.clone(),
            facts: self.event.facts,
            state: self.event.state,
            raw: envelope.raw.clone().mended(),
            attempt: self.event.attempt,
            has_failed: self.event.has_failed,
            steps: self.event.steps,
            disclosing,
            answered,
            trace: self.event.trace,
            limits: Limits { sends: self.settings.max_sends, state: self.settings.max_state },
            clock: self.clock,
        };
        let handler = &self.served.handler;
        match recipient(&envelope) {
            Some(recipient) if envelope.is_act() => {
                let mut context = Context::new(turn, recipient, self.store);
                handler.handle(&mut context, &envelope.event).await.map_err(|error| format!("{error:#}"))?;
                context.into_effects().map_err(|error| error.to_string())
            }
            _ => {
                let mut observation = Observation::new(turn);
                handler.observe(&mut observation, &envelope.event).await.map_err(|error| format!("{error:#}"))?;
                observation.into_effects().map_err(|error| error.to_string())
            }
        }
    }
}

const UNREADABLE: &str = "the kept item cannot be read any more";

/// To whom a reply to this event goes. The author of a comment or post is answered through that alone.
fn recipient(envelope: &Envelope) -> Option<Recipient> {
    match &envelope.event {
        Event::Comment(Comment { comment_id: Some(id), .. }) => Some(Recipient::CommentId(id.to_string())),
        Event::Comment(Comment { post_id: Some(id), .. }) => Some(Recipient::PostId(id.to_string())),
        _ => store::recipient(envelope.thread, envelope.person.clone()?),
    }
}

/// A handler that did not return: it panicked, in these words, or its runtime is gone.
fn cut_off(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "the handler was stopped".to_owned() };
    let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("the handler panicked: {}", words.unwrap_or("without a word"))
}
