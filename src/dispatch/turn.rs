//! One event's turn with its handler.

use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use super::runtime::MayBlock;
use super::{Served, Slot, retry};
use crate::bot::{Capacity, Context, Effects, Limits, Observation, Turn};
use crate::clock::{Clock, Timestamp};
use crate::event::{Comment, Envelope, Event, Raw};
use crate::id::{EventId, Thread};
use crate::message::Recipient;
use crate::settings;
use crate::store::{Failure, Finish, Store, TakenEvent};
use crate::telemetry::Metrics;

/// The longest error that is kept with an event, in characters.
const LONGEST_ERROR: usize = 2_000;

pub(super) struct TurnOf {
    pub(super) slot: Slot,
    pub(super) served: Arc<Served>,
    pub(super) event: TakenEvent,
    pub(super) taken_at: Timestamp,
    pub(super) store: Store,
    pub(super) settings: settings::Dispatch,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) handlers: Handle,
}

/// What is needed to end a turn once its handler has ended, or has not in time.
struct Ending {
    event: EventId,
    attempt: u32,
    first_failed_at: Option<Timestamp>,
    account: Arc<str>,
    store: Store,
    settings: settings::Dispatch,
    clock: Clock,
    metrics: Metrics,
}

impl TurnOf {
    /// Handle, then finish or fail.
    pub(super) async fn run(self) {
        let ending = Ending {
            event: self.event.id,
            attempt: self.event.attempt,
            first_failed_at: self.event.first_failed_at,
            account: Arc::clone(&self.served.name),
            store: self.store.clone(),
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
        };
        let served = Arc::clone(&self.served);
        self.metrics.handlers_running.increment(1);
        let started = tokio::time::Instant::now();
        let result = self.handle().await;
        ending.metrics.handler_seconds.record(started.elapsed().as_secs_f64());
        ending.metrics.handlers_running.decrement(1);
        // A handler that is down as a whole fails whatever event it is given: that is not the event's failure.
        let counts = served.handler.capacity(ending.clock.now()) == Capacity::Unbounded;
        match result {
            Ok(effects) => ending.finish(effects).await,
            Err(error) => ending.fail(error, counts).await,
        }
    }

    /// Runs the handler apart, under its deadline. What it returns after that is nobody's.
    async fn handle(self) -> Result<Effects, String> {
        let (deadline, clock, handlers) = (self.served.deadline, self.clock.clone(), self.handlers.clone());
        // The deadline counts from when the event was taken, however long the machine took to get here.
        let taken_at = self.taken_at;
        let mut handling = handlers.spawn(MayBlock::new(self.call()));
        tokio::select! {
            ended = &mut handling => ended.unwrap_or_else(|error| Err(cut_off(error))),
            () = clock.sleep_since(taken_at, deadline) => {
                handling.abort();
                Err(format!("the handler took longer than {}", humantime::format_duration(deadline)))
            }
        }
    }

    /// The user's code, holding the account's slot for as long as it runs.
    async fn call(self) -> Result<Effects, String> {
        let _slot = self.slot;
        let raw: Box<RawValue> = serde_json::from_slice(&self.event.raw).map_err(|_| UNREADABLE)?;
        let envelope = self.event.envelope(&raw).ok_or(UNREADABLE)?;
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
            raw: Raw::mended(&raw),
            attempt: self.event.attempt,
            steps: self.event.steps,
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
    let person = envelope.person.clone()?;
    match (&envelope.event, envelope.thread) {
        (Event::Comment(Comment { comment_id: Some(id), .. }), _) => Some(Recipient::CommentId(id.to_string())),
        (Event::Comment(Comment { post_id: Some(id), .. }), _) => Some(Recipient::PostId(id.to_string())),
        (_, Thread::Chat) => Some(Recipient::Id(person)),
        (_, Thread::UserRef) => Some(Recipient::UserRef(person)),
        (_, Thread::Comments) => None,
    }
}

/// A handler that did not return: it panicked, in these words, or its runtime is gone.
fn cut_off(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "the handler was stopped".to_owned() };
    let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("the handler panicked: {}", words.unwrap_or("without a word"))
}

impl Ending {
    async fn finish(self, effects: Effects) {
        self.metrics.events_done.increment(1);
        let Effects { sends, state } = effects;
        self.store.finish(Finish { event: self.event, sends, state, now: self.clock.now() }).await;
    }

    async fn fail(self, error: String, counts: bool) {
        let error = error.chars().take(LONGEST_ERROR).collect();
        let (event, account, attempt, now) = (self.event, &self.account, self.attempt, self.clock.now());
        let first = self.first_failed_at.filter(|_| counts);
        let retry_at = retry::next_try(&self.settings, attempt, first, now);
        self.metrics.events_failed.increment(1);
        // The error's words are the author's and may repeat the person's: they are kept with the event, not logged.
        if retry_at.is_some() {
            tracing::warn!(%event, %account, attempt, "a handler failed; the event comes again");
        } else {
            self.metrics.events_dead.increment(1);
            tracing::error!(%event, %account, attempt, "a handler failed for the last time; the event is dead");
        }
        self.store.fail(Failure { event, error, retry_at, counts, now }).await;
    }
}
