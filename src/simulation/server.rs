//! The server's loops, each step of them called when the simulation wants it, with the decisions of the real ones.

use std::collections::HashSet;
use std::time::Duration;

use super::fault::Fault;
use super::kept::Kept;
use super::meta::{Meta, Push};
use super::{INSTAGRAM, PAGE, Person, parts};
use crate::clock::Timestamp;
use crate::effect::{Effect, Effects, Memory};
use crate::event::{self, Event};
use crate::graph::{Accepted, CallError};
use crate::id::{AccountId, EventId, PersonId, SendId};
use crate::message::{Message, Recipient, Request};
use crate::policy::{self, Intent, Standing};
use crate::sender::evidence::{Evidence, weigh};
use crate::sender::verdict::{DoubtSignals, Verdict, after, first, judge};
use crate::settings::{self, OnDoubt};
use crate::store::{
    AutomaticReplies, EventDemand, Failure, Finish, Identity, Intake, KnownMessages, Next, SendDemand, SendOutcome,
    TakenDoubt, TakenEvent, TakenSend, Takes, TurnStep, WebhookBatch,
};

/// What the handler remembers of a turn that it has begun.
const BEGUN: &str = "begun";

const SECOND: Duration = Duration::from_secs(1);

/// The process: what it holds in memory dies with it.
pub(super) struct Server {
    pub(super) store: Kept,
    pub(super) fault: Option<Fault>,
    pub(super) on_doubt: OnDoubt,
    standing: Standing,
    settings: settings::Sender,
    looking_since: Timestamp,
    last_delivery_at: Timestamp,
    /// The sends whose echo came.
    echoed: HashSet<SendId>,
    /// What was seen to be wrong on the way.
    pub(super) wrong: Option<String>,
    /// The webhooks that were answered 200.
    pub(super) acknowledged: Vec<String>,
    running: Vec<TakenEvent>,
    in_flight: Vec<(TakenSend, Result<Accepted, CallError>)>,
    /// Marked as on their way with the end of their events.
    leaving: Vec<TakenSend>,
    /// The order in which turns ended: whose, and what was meant to be said.
    pub(super) meant: Vec<(usize, Vec<String>)>,
    /// What had been said of a turn that has not ended.
    pub(super) answered: Vec<String>,
}

impl Server {
    pub(super) fn new(fault: Option<Fault>, on_doubt: OnDoubt) -> Server {
        let retry = settings::Retry { first: SECOND, most: 4 * SECOND, jitter: settings::Percent(0) };
        Server {
            store: Kept::new(Identity::default(), fault, false),
            fault,
            on_doubt,
            standing: Standing { platform: settings::Platform::Messenger, features: Vec::new() },
            settings: settings::Sender {
                echo_wait: 5 * SECOND,
                give_up_after: 20 * SECOND,
                attempts: 100,
                retry,
                slots_per_account: 8,
                texts_per_second: 300,
                instagram_texts_per_second: 100,
                media_per_second: 10,
            },
            looking_since: Timestamp(0),
            last_delivery_at: Timestamp(0),
            echoed: HashSet::new(),
            wrong: None,
            acknowledged: Vec::new(),
            running: Vec::new(),
            in_flight: Vec::new(),
            leaving: Vec::new(),
            meant: Vec::new(),
            answered: Vec::new(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// A webhook. False when the process dies before it is kept.
    pub(super) fn receive(&mut self, push: &Push, dies: bool, now: Timestamp) -> bool {
        if dies && !self.has(Fault::KeyRememberedAlone) {
            return self.has(Fault::AcknowledgedBeforeKept);
        }
        if push.echoes.is_some() && self.has(Fault::EchoIgnored) {
            self.echoed.extend(push.echoes);
            return true;
        }
        let mut body = push.body.clone();
        if self.has(Fault::RepetitionNotKnown) {
            body = body.replace("\"mid\":\"m_", &format!("\"mid\":\"m_{}_", now.0));
        }
        let items = event::read(body.as_bytes()).into_iter().map(|item| match item {
            Ok(envelope) => Intake::Handled(envelope),
            Err(piece) => Intake::Unreadable(piece),
        });
        let delivery = WebhookBatch::new(now, items.collect());
        if dies {
            self.store.remember_alone(&delivery);
            return false;
        }
        self.store.append(&delivery);
        if self.store.is_dead() {
            return false;
        }
        self.acknowledged.push(push.body.clone());
        self.echoed.extend(push.echoes);
        self.last_delivery_at = now;
        true
    }

    /// Takes events to their handlers.
    pub(super) fn take_events(&mut self, now: Timestamp) {
        let room = [PAGE, INSTAGRAM].map(|account| EventDemand {
            account: AccountId::new(account),
            slots: 2,
            takes: Takes::InOrder,
        });
        self.running.extend(self.store.take(&room, now).items);
    }

    /// One of the turns that run ends, or fails.
    pub(super) fn end_turn(&mut self, rng: &mut fastrand::Rng, people: &[Person], fails: bool, now: Timestamp) {
        if self.running.is_empty() {
            return;
        }
        let mut event = self.running.swap_remove(rng.usize(..self.running.len()));
        let said = said(&mut event);
        let Some((person, text)) = said.as_ref().and_then(|(id, text)| Some((person(people, id)?, text))) else {
            self.finish(event.id, Effects::default(), now);
            return;
        };
        let parts = parts(text);
        // A long turn keeps its first part as a step.
        let steps = usize::from(parts.len() > 2);
        if steps > event.steps.len() || (steps > 0 && self.has(Fault::StepTakenTwice)) {
            let effects = self.effects(person, &parts[..1], remembered(event.state.as_deref(), &[text, BEGUN]));
            let (number, hash) = (event.steps.len(), [0; 32]);
            let (id, attempt) = (event.id, event.attempt);
            self.store.step(&TurnStep { event: id, attempt, number, hash, effects, disclosing: None, now });
        }
        if fails && event.attempt < 4 {
            if self.has(Fault::RepliesOfAFailedTurn) {
                self.plan_apart(person, &event, &parts, now);
            }
            let next = if self.has(Fault::FailedEventForgotten) { Next::Dead } else { Next::Retry(now + SECOND) };
            let (error, owed) = ("told to".into(), AutomaticReplies::default());
            let failure = Failure { event: event.id, error, next, counts: true, owed, now };
            return self.store.fail(&failure);
        }
        let mut rest = parts[steps..].to_vec();
        if self.has(Fault::PartsOutOfOrder) {
            rest.reverse();
        }
        if self.has(Fault::FinishedWithoutReplies) && rng.u8(..4) == 0 {
            rest.clear();
        }
        let memory = match self.fault {
            Some(Fault::FinishedWithoutMemory) => event.state.clone(),
            Some(Fault::MemoryOfEarlierTries) => {
                remembered(self.store.state(event.account.as_str(), &person.id).as_deref(), &[text])
            }
            _ => remembered(event.state.as_deref(), &[text]),
        };
        let effects = self.effects(person, &rest, memory);
        if self.finish(event.id, effects, now) {
            self.meant.push((person.index, parts));
            self.answered.push(text.clone());
        }
    }

    fn plan_apart(&mut self, person: &Person, event: &TakenEvent, parts: &[String], now: Timestamp) {
        let effects = self.effects(person, parts, event.state.clone());
        let (event, attempt, number, hash) = (event.id, 1, 0, [9; 32]);
        self.store.step(&TurnStep { event, attempt, number, hash, effects, disclosing: None, now });
    }

    fn finish(&mut self, event: EventId, effects: Effects, now: Timestamp) -> bool {
        let (owed, leaves_at_once) = (AutomaticReplies::default(), event.0 % 2 == 0);
        let has_ended = self.store.finish(&Finish { event, effects, owed, leaves_at_once, now });
        self.leaving.extend(self.store.take_leaving());
        has_ended
    }

    /// Says each part, and remembers `memory` before the last of them.
    fn effects(&mut self, person: &Person, parts: &[String], memory: Option<String>) -> Effects {
        let memory = Effect::Remember(memory.map_or(Memory::Clear, Memory::Set));
        let mut effects: Vec<_> = parts
            .iter()
            .map(|part| {
                let to = Recipient::Id(PersonId::new(person.id.as_str()));
                let request = Request::message(to, Message::text(part.as_str()));
                Effect::Say(self.store.next_send_id(), Box::new(request))
            })
            .collect();
        effects.insert(effects.len().saturating_sub(1), memory);
        effects.into_iter().collect()
    }

    /// Takes one send and lets it leave; its answer comes later. The process may die in between.
    pub(super) fn attempt(&mut self, meta: &mut Meta, people: &[Person], dies: bool, now: Timestamp) {
        let room = [PAGE, INSTAGRAM].map(|account| {
            let of_account = self.in_flight.iter().filter(|(send, _)| send.account.as_str() == account);
            let in_flight = of_account.map(|(send, _)| send.id).collect();
            SendDemand { account: AccountId::new(account), slots: 1, in_flight }
        });
        let mut taken = self.store.take_sends(&room, now);
        taken.append(&mut self.leaving);
        if taken.is_empty() {
            return;
        }
        let send = taken.swap_remove(meta.rng.usize(..taken.len()));
        self.leaving.extend(taken.into_iter().filter(|send| send.is_marked));
        let Some(person) = person(people, send.person.as_str()) else { return };
        // No token, or Meta is down.
        if send.is_marked && meta.rng.u8(..4) == 0 {
            let outcome = SendOutcome::Later { at: now, reason: "not yet".into() };
            return self.store.did_not_leave(send.id, &outcome, now);
        }
        let facts = self.store.facts(&send.account, &send.person);
        let intent = Intent { send: Some(send.id), origin: send.origin, request: &send.request };
        if let Err(refusal) = policy::check(&self.standing, &facts, intent, now) {
            let (rule, reason) = (refusal.rule.to_owned(), refusal.reason.to_owned());
            let outcome = SendOutcome::Refused { rule, reason };
            match send.is_marked {
                true => self.store.did_not_leave(send.id, &outcome, now),
                false => drop(self.store.settle(send.id, &outcome, now)),
            }
            return;
        }
        if !send.is_marked && !self.has(Fault::SentBeforeSending) && !self.store.sending(send.id, now) {
            return;
        }
        if self.store.is_dead() || (dies && meta.rng.bool()) {
            return;
        }
        let text = send.request.as_message().and_then(Message::as_text).unwrap_or_default().to_owned();
        let result = meta.send(person, &text, (send.id, self.store.metadata(send.id)), now);
        if self.has(Fault::NextBeforeSettled) {
            self.store.settle(send.id, &SendOutcome::Sent { message_id: None }, now);
        }
        self.in_flight.push((send, result));
    }

    /// One of the answers comes.
    pub(super) fn answer(&mut self, rng: &mut fastrand::Rng, now: Timestamp) {
        if self.in_flight.is_empty() {
            return;
        }
        let (send, result) = self.in_flight.swap_remove(rng.usize(..self.in_flight.len()));
        if self.has(Fault::SentBeforeSending) {
            self.store.sending(send.id, now);
        }
        let no_connection = matches!(result, Err(CallError::NotSent { .. }));
        let outcome = match after(result, &send, &self.settings.retry, now + SECOND, now) {
            SendOutcome::InDoubt { reason, silent: true } if self.has(Fault::RetriedOnSilence) => {
                SendOutcome::Later { at: now, reason }
            }
            SendOutcome::InDoubt { reason, silent: false } if self.has(Fault::RetriedOnError) => {
                SendOutcome::Later { at: now, reason }
            }
            SendOutcome::InDoubt { reason, .. } if self.has(Fault::DoubtTakenForFailure) => {
                SendOutcome::Failed { reason }
            }
            SendOutcome::InDoubt { .. } if self.has(Fault::DoubtTakenForSuccess) => {
                SendOutcome::Sent { message_id: None }
            }
            SendOutcome::Later { reason, .. } if no_connection && self.has(Fault::ConnectionTakenForFailure) => {
                SendOutcome::Failed { reason }
            }
            outcome => outcome,
        };
        self.store.settle(send.id, &outcome, now);
    }

    /// One of the doubts is looked at.
    pub(super) fn look(&mut self, meta: &mut Meta, people: &[Person], now: Timestamp) {
        let room = [PAGE, INSTAGRAM].map(|account| SendDemand {
            account: AccountId::new(account),
            slots: 1,
            in_flight: Vec::new(),
        });
        for mut doubt in self.store.take_doubts(&room, now) {
            let Some(person) = person(people, doubt.person.as_str()) else { continue };
            let early = first(&doubt, &self.settings, now).filter(|_| !self.has(Fault::LookedTooEarly));
            if let Some(verdict) = early {
                self.follow(&doubt, verdict, now);
                continue;
            }
            if self.has(Fault::BoundMessagesForgotten) {
                doubt.bound = KnownMessages::default();
            }
            let history = meta.history(person.index);
            let evidence = history.map_or(Evidence::None, |history| weigh(&doubt, &history));
            let evidence = match evidence {
                Evidence::None if self.has(Fault::NoHistoryTakenForAbsence) => Evidence::Absent,
                Evidence::Arrived(_) if self.has(Fault::HistoryNotRead) => Evidence::Absent,
                evidence => evidence,
            };
            let around = DoubtSignals {
                looking_since: self.looking_since,
                last_delivery_at: self.last_delivery_at,
                down_at: None,
                on_doubt: self.on_doubt,
            };
            let verdict = judge(&doubt, evidence, around, &self.settings, now);
            self.follow(&doubt, verdict, now);
        }
    }

    fn follow(&mut self, doubt: &TakenDoubt, verdict: Verdict, now: Timestamp) {
        match verdict {
            Verdict::Look(at) => self.store.look_again(doubt.id, at, true, now),
            Verdict::Settle(outcome) => {
                // On Instagram an echo may be another's of the same words.
                let is_told = doubt.account.as_str() == PAGE && self.echoed.contains(&doubt.id);
                if is_told && !matches!(outcome, SendOutcome::Sent { .. }) {
                    self.wrong = Some(format!("{} is {outcome:?} after its echo", doubt.id));
                }
                self.store.settle(doubt.id, &outcome, now);
            }
        }
    }

    /// An operator who sees what people see decides about what is held.
    pub(super) fn decide(&mut self, meta: &Meta, now: Timestamp) {
        let Some(held) = self.store.held().into_iter().next() else { return };
        let arrived = meta.arrived.contains(&held);
        if arrived {
            self.store.discard(held, now);
        } else {
            self.store.release(held, now);
        }
    }

    /// The process dies, and another takes over what is on disk.
    pub(super) fn die(&mut self, now: Timestamp) {
        self.running.clear();
        self.in_flight.clear();
        self.leaving.clear();
        (self.last_delivery_at, self.looking_since) = (Timestamp(0), now);
        if !self.has(Fault::NotRecovered) {
            self.store.recover(now);
        }
        if self.has(Fault::DoubtForgottenAtStart) {
            let room = [PAGE, INSTAGRAM].map(|account| SendDemand {
                account: AccountId::new(account),
                slots: 99,
                in_flight: Vec::new(),
            });
            for doubt in self.store.take_doubts(&room, now) {
                self.store.settle(doubt.id, &SendOutcome::Later { at: now, reason: "forgotten".into() }, now);
            }
        }
    }

    /// The texts that the handler remembers of a person.
    pub(super) fn remembers(&mut self, person: &Person) -> Vec<String> {
        texts(self.store.state(person.account(), &person.id).as_deref())
    }

    pub(super) fn is_at_rest(&mut self) -> bool {
        self.running.is_empty() && self.in_flight.is_empty() && self.store.open() == 0 && self.store.held().is_empty()
    }
}

/// What the handler remembers: the texts that it has answered.
fn texts(state: Option<&str>) -> Vec<String> {
    state.map(|state| serde_json::from_str(state).expect("a list of texts")).unwrap_or_default()
}

fn remembered(before: Option<&str>, more: &[&str]) -> Option<String> {
    let texts = texts(before).into_iter().chain(more.iter().copied().map(str::to_owned));
    Some(serde_json::to_string(&texts.collect::<Vec<_>>()).expect("a list of texts"))
}

/// Who said what, where a person said something that is to be answered.
fn said(event: &mut TakenEvent) -> Option<(String, String)> {
    let envelope = event.envelope()?;
    match (&envelope.event, envelope.is_act()) {
        (Event::Message(message), true) => {
            Some((envelope.person.as_ref()?.to_string(), message.text().unwrap_or_default().to_owned()))
        }
        _ => None,
    }
}

fn person<'a>(people: &'a [Person], id: &str) -> Option<&'a Person> {
    people.iter().find(|person| person.id == id)
}
