//! What a turn brings about: what its handler wants done, and what it owes the person beside that.

use super::super::automatic_replies::{AutomaticReplies, DisclosureMessage, Typing};
use super::super::{EventStatus, Next, TakenStep};
use super::item::Turn;
use super::outbox::Planned;
use super::send::Send;
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::effect::{Effect, Effects, Memory};
use crate::id::{EventId, SendId};
use crate::message::Request;
use crate::policy;

/// How a turn ended.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) error: String,
    pub(crate) next: Next,
    /// Whether the failure counts against the event.
    pub(crate) counts: bool,
}

impl Conversation {
    /// The turn has ended well. What is not running any more is left as it is: its turn was over before it returned.
    pub(crate) fn finish(
        &mut self,
        scene: &mut Scene<'_>,
        event: EventId,
        effects: &Effects,
        owed: &AutomaticReplies,
    ) -> bool {
        let Some(turn) = self.end_event(event, EventStatus::Done, None, scene.now) else { return false };
        self.carry_out(scene, &turn, effects, owed);
        true
    }

    /// Marks the first of what a turn has just said as on its way, where nothing is in front of it.
    pub(crate) fn leaves_with_its_turn(&mut self, event: EventId, epoch: &str, now: Timestamp) -> Option<&Send> {
        let front = self.next_send(now).filter(|front| front.event == Some(event) && front.kept.is_none())?.id;
        self.leaves(front, epoch, now);
        self.send(front)
    }

    /// The turn has failed: the event is tried again, or it comes to its end. What the turn owes is said either way.
    pub(crate) fn fail(
        &mut self,
        scene: &mut Scene<'_>,
        event: EventId,
        failed: &Failed,
        owed: &AutomaticReplies,
    ) -> bool {
        let turn = match failed.next {
            Next::Retry(at) => self.retry(event, failed, at, scene.now),
            Next::Dead => self.end_event(event, EventStatus::Dead, Some(failed.error.clone()), scene.now),
            Next::Done => self.end_event(event, EventStatus::Done, Some(failed.error.clone()), scene.now),
        };
        let Some(turn) = turn else { return false };
        self.carry_out(scene, &turn, &Effects::default(), owed);
        true
    }

    fn retry(&mut self, event: EventId, failed: &Failed, at: Timestamp, now: Timestamp) -> Option<Turn> {
        let queued = self.running(event)?;
        (queued.is_running, queued.due, queued.error) = (false, at, Some(failed.error.clone()));
        if failed.counts {
            queued.first_failed_at.get_or_insert(now);
        }
        let turn = Turn { event, first: queued.turn, item: queued.item.clone() };
        self.changes.events.insert(event);
        Some(turn)
    }

    /// Keeps a step of a turn that goes on. False when the turn is over: another try runs, or none.
    pub(crate) fn step(
        &mut self,
        scene: &mut Scene<'_>,
        (event, attempt, number): (EventId, u32, usize),
        hash: [u8; 32],
        effects: &Effects,
        disclosing: Option<&DisclosureMessage>,
    ) -> bool {
        let state = self.state.clone();
        let queued = self.running(event).filter(|queued| queued.attempts == attempt && queued.steps.len() == number);
        let Some(queued) = queued else { return false };
        if number == 0 {
            queued.state_before = state;
        }
        let turn = Turn { event, first: queued.turn, item: queued.item.clone() };
        let owed = AutomaticReplies { disclosing: disclosing.cloned(), fallback: None };
        self.carry_out(scene, &turn, effects, &owed);
        let sends: Vec<_> = effects.sends().map(|(send, _)| send).collect();
        let first = sends.last().and_then(|last| self.send(*last)).map(|send| send.turn);
        if let Some(queued) = self.running(event) {
            queued.turn = queued.turn.or(first);
            queued.steps.push(TakenStep { hash, sends });
        }
        self.changes.events.insert(event);
        self.changes.steps.insert(event);
        true
    }

    /// Shows that the bot is at work, once for each event, and only while its turn runs and nothing of it was said.
    pub(crate) fn show_typing(&mut self, scene: &mut Scene<'_>, typing: &Typing) {
        if !self.is_awaited(typing.event) {
            return;
        }
        let running = self.running(typing.event).filter(|queued| queued.attempts == typing.attempt && !queued.typing);
        let Some(queued) = running else { return };
        queued.typing = true;
        let item = queued.item.clone();
        self.changes.events.insert(typing.event);
        let turn = Turn { event: typing.event, first: None, item };
        self.plan(scene, &Planned::by(&turn), vec![(typing.send, typing.request.clone())]);
    }

    /// Answers an overdue event with the fallback. The event itself stays where it is, and is handled once it can be.
    pub(crate) fn fall_back(
        &mut self,
        scene: &mut Scene<'_>,
        event: EventId,
        item: std::sync::Arc<super::Item>,
        owed: &AutomaticReplies,
    ) {
        if self.is_overdue(event, scene.now) {
            let first = self.events.iter().find(|queued| queued.id == event).and_then(|queued| queued.turn);
            self.carry_out(scene, &Turn { event, first, item }, &Effects::default(), owed);
        }
    }

    /// Carries out what a turn wants, and plans what it owes the person beside that.
    fn carry_out(&mut self, scene: &mut Scene<'_>, turn: &Turn, effects: &Effects, owed: &AutomaticReplies) {
        // The sends are one chain, whatever stands between them.
        let mut sends = Vec::new();
        for effect in effects {
            match effect {
                Effect::Say(send, request) => sends.push((*send, Request::clone(request))),
                Effect::Remember(memory) => self.remember(memory),
            }
        }
        let disclosing = owed.disclosing.as_ref();
        match &owed.fallback {
            Some((fallback, request)) if first_words(&sends).is_none() && self.is_awaited(turn.event) => {
                sends.push((*fallback, request.clone()));
                self.say(scene, turn, sends, disclosing);
                self.answered_by_fallback(turn.event, *fallback, scene.now);
            }
            _ => self.say(scene, turn, sends, disclosing),
        }
    }

    fn remember(&mut self, memory: &Memory) {
        self.state = memory.json().map(str::to_owned);
        (self.changes.state, self.changes.image) = (true, true);
    }

    /// Plans what a turn says: the disclosing message first, where it is due before these words.
    fn say(
        &mut self,
        scene: &mut Scene<'_>,
        turn: &Turn,
        mut sends: Vec<(SendId, Request)>,
        disclosing: Option<&DisclosureMessage>,
    ) {
        let Some(first) = first_words(&sends) else {
            return self.plan(scene, &Planned::by(turn), sends);
        };
        let words = first.0;
        let disclosing = disclosing.filter(|disclosing| self.owes_disclosure(disclosing, &first.1, scene.now));
        if let Some(disclosing) = disclosing {
            sends.insert(0, (disclosing.send, disclosing.request.clone()));
        }
        self.plan(scene, &Planned::by(turn), sends);
        if let Some(disclosing) = disclosing {
            self.said.disclosed(disclosing.send, scene.now);
        }
        self.answered(turn.event, words);
    }

    /// Whether the bot discloses itself before these words. They go to the same recipient, then: before a private reply, or the
    /// one message of a token, nothing can be said. Once in a turn, whatever has become of it: when it was refused before the
    /// turn's next step, the next turn says it again.
    fn owes_disclosure(&self, disclosing: &DisclosureMessage, words: &Request, now: Timestamp) -> bool {
        words.recipient == disclosing.request.recipient
            && self.said.disclosed_by != Some(disclosing.send)
            && policy::disclosure::due(&self.said.since(), disclosing.after, now).is_some()
    }
}

/// The first message: sender actions and reactions say nothing.
fn first_words(sends: &[(SendId, Request)]) -> Option<(SendId, Request)> {
    sends.iter().find(|(_, request)| request.as_message().is_some()).cloned()
}
