//! A handler's only door: whose conversation this is, what is remembered of it, and what is said in it.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::step::{FlushError, Limits, hash};
use crate::clock::{Clock, Timestamp};
use crate::conversations::Conversations;
use crate::effect::{Effects, Memory};
use crate::event::{Kind, Raw};
use crate::id::{EventId, PersonId, SendId};
use crate::message::{Action, Message, Recipient, Request};
use crate::policy::{self, Facts, Origin, Refusal, Standing, Window};
use crate::store::{DisclosureMessage, TakenStep, TurnStep};
use crate::trace::Trace;

/// One event's turn: what is known when its handler starts.
#[derive(Debug)]
pub struct Turn {
    /// The event's id.
    pub id: EventId,
    /// The event's kind.
    pub kind: Kind,
    /// When it happened, by Meta's clock.
    pub at: Option<Timestamp>,
    /// Whether another app owned the conversation.
    pub standby: bool,
    /// The account's name in the settings.
    pub account: Arc<str>,
    /// What the settings say of the account to policy.
    pub standing: Arc<Standing>,
    /// The person, where there is one.
    pub person: Option<PersonId>,
    /// What policy knows of the conversation, and of the right that a reply has.
    pub facts: Facts,
    /// What the handler remembered before: JSON.
    pub state: Option<String>,
    /// The item as Meta sent it.
    pub raw: Raw,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Whether an earlier try has failed, for whatever reason.
    pub has_failed: bool,
    /// The steps that an earlier try has taken.
    pub steps: Vec<TakenStep>,
    /// The message by which the bot discloses itself, where it is due before what this turn says.
    pub disclosing: Option<DisclosureMessage>,
    /// What it may bring about.
    pub limits: Limits,
    /// Cancelled once a step has said something: the person does not wait for the turn's answer any more.
    pub answered: CancellationToken,
    /// The trace that the event belongs to.
    pub trace: Trace,
    /// The present moment, whenever it is asked for.
    pub clock: Clock,
}

/// What [`handle`](super::Handler::handle) holds. All that an [`Observation`] can, and replying.
#[derive(Debug)]
pub struct Context {
    observation: Observation,
    recipient: Recipient,
    /// How many steps this try has taken.
    step: usize,
    /// How much it said in them.
    said: usize,
    /// Why a step could not be taken.
    fault: Option<String>,
    store: Conversations,
}

impl Context {
    /// A context for a turn that may reply to `recipient`.
    pub fn new(mut turn: Turn, recipient: Recipient, store: Conversations) -> Context {
        // What an earlier try of this turn has taken is this turn's own, and is asked about again in the same order.
        turn.facts.right = turn.facts.right.map(|right| right.before(turn.steps.iter().flat_map(|step| &step.sends)));
        Context { observation: Observation::new(turn), recipient, step: 0, said: 0, fault: None, store }
    }

    /// Says something to the person. It is sent once the handler has returned, in the order of the calls, if policy allows
    /// it then. A text longer than the platform takes is sent in parts, cut where a reader would pause. Returns the send's
    /// id (the first part's), as `/api/sends` lists it.
    pub fn reply(&mut self, message: impl Into<Message>) -> SendId {
        self.send(Request::message(self.recipient.clone(), message.into()))
    }

    /// Shows the typing indicator to the person, for up to 20 seconds or until the next reply. It keeps its place among the
    /// replies.
    pub fn typing(&mut self) -> SendId {
        self.plan(Request::action(self.recipient.clone(), Action::TypingOn))
    }

    /// Whether policy would allow this reply now, after what was said before it, and if not, by which rule. Nothing is said.
    pub fn can_send(&self, message: &Message) -> Result<(), Refusal> {
        let turn = &self.observation.turn;
        let request = Request::message(self.recipient.clone(), message.clone());
        let parts = request.in_parts(turn.standing.platform.text_limit());
        let parts: Vec<_> = parts.into_iter().map(|part| (self.store.next_send_id(), part)).collect();
        policy::check_parts(&turn.standing, turn.facts.clone(), Origin::Bot, &parts, turn.clock.now())
    }

    /// To whom a reply goes.
    pub(crate) fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// A whole request to [`recipient`](Context::recipient); a long text in parts. Returns the first part's id.
    pub(crate) fn send(&mut self, request: Request) -> SendId {
        let parts = request.in_parts(self.observation.turn.standing.platform.text_limit());
        let ids: Vec<_> = parts.into_iter().map(|part| self.plan(part)).collect();
        *ids.first().expect("a request has at least one part")
    }

    fn plan(&mut self, request: Request) -> SendId {
        let effects = &self.observation.effects;
        let known = self.taken_step().and_then(|step| step.sends.get(effects.sends().count()).copied());
        let id = known.unwrap_or_else(|| self.store.next_send_id());
        let turn = &mut self.observation.turn;
        if request.as_message().is_some() {
            turn.facts.right = turn.facts.right.map(|right| right.taken(id, turn.clock.now()));
        }
        self.observation.effects.say(id, request);
        id
    }

    /// Keeps what was said and remembered so far, as a step of this turn: it is sent now, and stays whatever becomes of the
    /// turn. When the turn is run again, after a crash or a failure, it goes through the same steps, and those that were
    /// kept are not taken twice.
    ///
    /// ```no_run
    /// # use rejoinder::Context;
    /// # async fn find(_: &str) -> anyhow::Result<String> { unimplemented!() }
    /// # async fn handle(ctx: &mut Context) -> anyhow::Result<()> {
    /// ctx.reply("One moment, I am looking that up.");
    /// ctx.flush().await?;
    /// let answer = find("the answer").await?;
    /// ctx.reply(answer);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A flush with nothing new is no step.
    ///
    /// # Errors
    ///
    /// When the step cannot be kept, differs from the one that was kept before, or goes beyond what a turn may bring about
    /// ([`FlushError`]). The turn has failed then.
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        if let Some(fault) = &self.fault {
            return Err(FlushError::Earlier(fault.clone()));
        }
        let effects = self.observation.take_effects();
        if effects.is_empty() {
            return Ok(());
        }
        // A handler that drops this future may have lost what was said.
        self.fault = Some("it was cut off".to_owned());
        let taken = self.take_step(effects).await;
        self.fault = taken.as_ref().err().map(ToString::to_string);
        taken
    }

    async fn take_step(&mut self, effects: Effects) -> Result<(), FlushError> {
        let turn = &self.observation.turn;
        // A step that says nothing counts as well, so that their number is bounded.
        let counts = effects.sends().count().max(1);
        turn.limits.allow(self.said + counts, effects.memory())?;
        let (number, hash) = (self.step, hash(&effects));
        self.said += counts;
        self.step += 1;
        match turn.steps.get(number) {
            Some(taken) if taken.hash == hash => Ok(()),
            Some(_) => Err(self.strayed(number)),
            None => {
                let (event, attempt, now) = (turn.id, turn.attempt, turn.clock.now());
                let disclosing = turn.disclosing.clone();
                let answers = effects.has_message();
                match self.store.step(TurnStep { event, attempt, number, hash, effects, disclosing, now }).await? {
                    true => {
                        if answers {
                            turn.answered.cancel();
                        }
                        Ok(())
                    }
                    false => Err(FlushError::Over),
                }
            }
        }
    }

    /// What an earlier try has said is said; what this one would have said instead is lost. Its author must hear of it.
    fn strayed(&self, number: usize) -> FlushError {
        let step = number + 1;
        tracing::error!(step, "a turn that was run again does not do what its kept steps did");
        FlushError::Strayed(step)
    }

    fn taken_step(&self) -> Option<&TakenStep> {
        self.observation.turn.steps.get(self.step)
    }

    /// What the handler brought about since its last step.
    ///
    /// # Errors
    ///
    /// When a step could not be taken, or it did something else than an earlier try, or more than it may.
    pub(crate) fn into_effects(self) -> Result<Effects, FlushError> {
        if let Some(fault) = self.fault {
            return Err(FlushError::Earlier(fault));
        }
        let turn = &self.observation.turn;
        if self.step < turn.steps.len() {
            return Err(self.strayed(self.step));
        }
        let effects = &self.observation.effects;
        turn.limits.allow(self.said + effects.sends().count(), effects.memory())?;
        Ok(self.observation.effects)
    }
}

impl std::ops::Deref for Context {
    type Target = Observation;

    fn deref(&self) -> &Observation {
        &self.observation
    }
}

impl std::ops::DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Observation {
        &mut self.observation
    }
}

/// What [`observe`](super::Handler::observe) holds: everything but a way to reply.
#[derive(Debug)]
pub struct Observation {
    turn: Turn,
    /// What the handler has brought about since its last step.
    effects: Effects,
}

impl Observation {
    /// A context for a turn that may not reply.
    pub fn new(turn: Turn) -> Observation {
        Observation { turn, effects: Effects::default() }
    }

    /// The account's name in the settings.
    pub fn account(&self) -> &str {
        &self.turn.account
    }

    /// The person, as this account knows them. `None` where an event concerns the account as a whole.
    pub fn person(&self) -> Option<&PersonId> {
        self.turn.person.as_ref()
    }

    /// The conversation's 24-hour window as it was when the event was taken; `None` when it was never opened.
    pub fn window(&self) -> Option<Window> {
        self.turn.facts.window
    }

    /// Which try of this event this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.turn.attempt
    }

    /// The present moment, by the server's clock.
    pub fn now(&self) -> Timestamp {
        self.turn.clock.now()
    }

    /// What is known of the event and its conversation.
    pub(crate) fn turn(&self) -> &Turn {
        &self.turn
    }

    /// The event's item, with whatever the typed event does not name.
    pub fn raw(&self) -> &RawValue {
        &self.turn.raw
    }

    /// What was remembered of this conversation; `None` when nothing was.
    ///
    /// # Errors
    ///
    /// When what was remembered has another shape than `T`.
    pub fn state<T: DeserializeOwned>(&self) -> serde_json::Result<Option<T>> {
        let state = match self.effects.memory() {
            Some(memory) => memory.json(),
            None => self.turn.state.as_deref(),
        };
        state.map(serde_json::from_str).transpose()
    }

    /// Remembers `state` of this conversation, in place of what was remembered before.
    ///
    /// # Errors
    ///
    /// When `state` cannot be written as JSON.
    pub fn set_state<T: Serialize>(&mut self, state: &T) -> serde_json::Result<()> {
        self.effects.remember(Memory::Set(serde_json::to_string(state)?));
        Ok(())
    }

    /// Forgets what was remembered of this conversation.
    pub fn clear_state(&mut self) {
        self.effects.remember(Memory::Clear);
    }

    /// What was brought about so far, for a step. What it remembers is what the turn knows from here on.
    fn take_effects(&mut self) -> Effects {
        let effects = std::mem::take(&mut self.effects);
        if let Some(memory) = effects.memory() {
            self.turn.state = memory.json().map(str::to_owned);
        }
        effects
    }

    /// What the handler brought about.
    ///
    /// # Errors
    ///
    /// When it remembers more than it may.
    pub(crate) fn into_effects(self) -> Result<Effects, FlushError> {
        self.turn.limits.allow(0, self.effects.memory())?;
        Ok(self.effects)
    }
}
