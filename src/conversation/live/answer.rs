//! Who waits for an answer, and until when (policy P7).
//!
//! An event that must be answered carries the moment by which its handler has to have done so. The first message that is planned
//! for it takes the wait away, and the wait remembers that message: where it is refused or fails, another one may be the answer in
//! its place, and where there is none the wait comes back, once, unless the account has spoken otherwise since. The handler of an
//! event that is done does not run again, so that its fallback is due at once. A fallback that is not sent does not bring the wait
//! back.

use super::super::{EventStatus, SendStatus};
use super::send::Remembered;
use super::value::Conversation;
use super::wait::{Ended, Wait};
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};

impl Conversation {
    /// A person waits for an answer to `event` until `by`.
    pub(super) fn awaits(&mut self, event: EventId, happened_at: Timestamp, by: Timestamp) {
        self.waits.push(Wait::new(event, happened_at, by));
    }

    /// Whether a person still waits for this event's answer.
    pub(super) fn is_awaited(&self, event: EventId) -> bool {
        self.answer_by(event).is_some()
    }

    /// Whether the answer to this event is waited for, or counted on.
    pub(super) fn is_waited_for(&self, event: EventId) -> bool {
        self.waits.iter().any(|wait| wait.event == event)
    }

    /// Until when this event is to be answered.
    pub(crate) fn answer_by(&self, event: EventId) -> Option<Timestamp> {
        self.waits.iter().find(|wait| wait.event == event)?.by
    }

    /// Whether the answer to this event is overdue, and no handler has the event in hand.
    pub(super) fn is_overdue(&self, event: EventId, now: Timestamp) -> bool {
        let wait = self.waits.iter().find(|wait| wait.event == event);
        wait.is_some_and(|wait| wait.by.is_some_and(|by| by <= now) && self.may_fall_back(wait))
    }

    /// The events whose answer is overdue, with no handler.
    pub(crate) fn overdue(&self, now: Timestamp) -> Vec<EventId> {
        let waits = self.waits.iter().map(|wait| wait.event);
        waits.filter(|event| self.is_overdue(*event, now)).collect()
    }

    /// The first event that must be answered and is with no handler, and by when.
    pub(crate) fn next_answer(&self) -> Option<(Timestamp, EventId)> {
        let waits = self.waits.iter().filter(|wait| self.may_fall_back(wait));
        waits.filter_map(|wait| Some((wait.by?, wait.event))).min()
    }

    fn may_fall_back(&self, wait: &Wait) -> bool {
        match wait.ended {
            None => self.status(wait.event) != Some(EventStatus::Running),
            Some(Ended::Done) => wait.is_restored,
            Some(_) => true,
        }
    }

    /// A message is planned for this event. The first one to an event that had to be answered is its answer.
    pub(super) fn answered(&mut self, event: EventId, send: SendId) {
        let wait = self.waits.iter_mut().find(|wait| wait.event == event);
        let Some(wait) = wait.filter(|wait| wait.by.is_some()) else { return };
        wait.answered(Some(send));
        let happened_at = wait.happened_at;
        self.changes.image = true;
        if let Some(send) = self.change(send) {
            send.state.answers = Some(happened_at);
        }
    }

    /// Whatever waited at `at` has its answer: said already, or by `send`.
    fn all_answered(&mut self, send: Option<SendId>, at: Timestamp) {
        self.waits.iter_mut().filter(|wait| wait.happened_at <= at).for_each(|wait| {
            wait.answered(send);
        });
    }

    /// The fallback answers this event, and whatever else waits. There is nothing to say in its place where it is not sent.
    pub(super) fn answered_by_fallback(&mut self, event: EventId, send: SendId, now: Timestamp) {
        self.all_answered(None, now);
        let wait = self.waits.iter_mut().find(|wait| wait.event == event && wait.answered_by == Some(send));
        if let Some(wait) = wait {
            wait.is_restored = true;
        }
    }

    /// A person, or another app, has spoken for the account at `at`, or is about to by a send of ours: the bot's answer is not
    /// waited for any more.
    pub(super) fn others_spoke(&mut self, send: Option<SendId>, at: Timestamp) {
        self.said.others_spoke(at);
        self.all_answered(send, at);
        self.changes.image = true;
    }

    /// A message was refused or has failed. True when a person who waited for it gets no answer any more.
    pub(super) fn was_not_sent(&mut self, send: SendId, now: Timestamp) -> bool {
        let mut in_vain = false;
        for event in self.events_answered_by(send) {
            let other = self.another_answer(send, event);
            let heard_otherwise = self.heard.last_foreign_echo.is_some_and(|echo| echo > event);
            let happened_at = match self.wait(event) {
                Some(wait) => wait.happened_at,
                None => continue,
            };
            match other {
                Some(other) => {
                    self.wait_mut(event, |wait| wait.answered_by = Some(other));
                    if self.send(other).is_some_and(|send| send.agent.is_none())
                        && let Some(send) = self.change(other)
                    {
                        send.state.answers = Some(happened_at);
                    }
                }
                None if heard_otherwise => self.wait_mut(event, |wait| wait.answered_by = None),
                None => in_vain |= !self.restore(event, now),
            }
        }
        in_vain
    }

    /// The person waits again; false when they did so before.
    fn restore(&mut self, event: EventId, now: Timestamp) -> bool {
        let Some(wait) = self.waits.iter_mut().find(|wait| wait.event == event && !wait.is_restored) else {
            return false;
        };
        let Some(was_by) = wait.was_by else { return false };
        wait.by = Some(if wait.ended == Some(Ended::Done) { was_by.min(now) } else { was_by });
        wait.is_restored = true;
        true
    }

    /// A message that seemed not to have arrived has arrived after all: the wait for it is over.
    pub(super) fn was_sent_after_all(&mut self, send: SendId) {
        for event in self.events_answered_by(send) {
            self.wait_mut(event, |wait| (wait.by, wait.answered_by) = (None, None));
        }
    }

    /// The operator has given a message up: nothing is to be said in its place.
    pub(super) fn was_dropped(&mut self, send: SendId) {
        for event in self.events_answered_by(send) {
            self.wait_mut(event, |wait| wait.answered_by = None);
        }
    }

    fn events_answered_by(&self, send: SendId) -> Vec<EventId> {
        self.waits.iter().filter(|wait| wait.answered_by == Some(send)).map(|wait| wait.event).collect()
    }

    /// Another message that may still be the answer to `event`, or has been: the first of those that were planned. That a bot
    /// speaks is no answer.
    fn another_answer(&self, send: SendId, event: EventId) -> Option<SendId> {
        let turn = self.send(send)?.turn;
        let may_answer = |other: &&Remembered| {
            let id = other.id();
            let (is_said, of_event, is_by_agent, of_turn) = match other {
                Remembered::Whole(other) => {
                    let is_lost = matches!(other.state.status, SendStatus::Refused | SendStatus::Failed);
                    (!is_lost && other.is_message(), other.event, other.agent.is_some(), other.turn)
                }
                Remembered::Past(past) => (past.is_said, past.event, past.is_by_agent, past.turn),
            };
            is_said
                && self.said.disclosed_by != Some(id)
                && (of_event == Some(event) || (id > send && (is_by_agent || of_turn == turn)))
        };
        self.sends.iter().find(may_answer).map(Remembered::id)
    }

    fn wait(&self, event: EventId) -> Option<&Wait> {
        self.waits.iter().find(|wait| wait.event == event)
    }

    fn wait_mut(&mut self, event: EventId, change: impl FnOnce(&mut Wait)) {
        if let Some(wait) = self.waits.iter_mut().find(|wait| wait.event == event) {
            change(wait);
        }
    }

    /// The event has come to its end.
    pub(super) fn wait_ended(&mut self, event: EventId, status: EventStatus) {
        let ended = if status == EventStatus::Done { Ended::Done } else { Ended::Dead };
        self.wait_mut(event, |wait| wait.ended = Some(ended));
    }

    /// The event is handled once more.
    pub(super) fn wait_reopened(&mut self, event: EventId) {
        self.wait_mut(event, |wait| wait.ended = None);
    }

    /// Forgets the waits that are over for good.
    pub(super) fn forget_answered(&mut self) {
        let sends = &self.sends;
        let may_fail = |id: SendId| {
            let send = sends.iter().filter_map(Remembered::whole).find(|send| send.id == id);
            send.is_some_and(|send| send.state.status != SendStatus::Sent && !send.is_certain())
        };
        let (events, changes) = (&mut self.events, &mut self.changes);
        self.waits.retain(|wait| {
            let stays = wait.by.is_some() || wait.answered_by.is_some_and(may_fail);
            if !stays && let Some(queued) = events.iter_mut().find(|queued| queued.id == wait.event) {
                queued.is_answered = true;
                changes.events.insert(queued.id);
            }
            stays
        });
    }
}
