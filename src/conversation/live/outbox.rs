//! Sends between their plan and their end.

use std::sync::Arc;

use super::super::{SendOutcome, SendStatus};
use super::item::Turn;
use super::send::{Remembered, Send, SendState};
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{EventId, SendId};
use crate::message::Request;
use crate::policy::{Origin, Refusal};
use crate::trace::Trace;

/// How many sends that have ended are remembered. An echo that comes after so many more is taken for another app's; nothing is
/// said twice for it.
pub(super) const PAST: usize = 32;

/// Who says something.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    event: Option<EventId>,
    on_outcome: bool,
    /// The first send of the turn, where it has said something already.
    first: Option<SendId>,
    trace: Trace,
    agent: Option<String>,
}

impl Planned {
    /// A handler, in its turn.
    pub(super) fn by(turn: &Turn) -> Planned {
        Planned {
            event: Some(turn.event),
            on_outcome: turn.item.kind == Kind::Outcome,
            first: turn.first,
            trace: turn.item.trace,
            agent: None,
        }
    }

    /// A poster: an agent, where a person wrote it.
    pub(super) fn posted(trace: Trace, agent: Option<String>) -> Planned {
        Planned { event: None, on_outcome: false, first: None, trace, agent }
    }
}

impl Conversation {
    /// A send that is open, held, or has ended lately.
    pub(crate) fn send(&self, id: SendId) -> Option<&Send> {
        self.whole_sends().find(|send| send.id == id)
    }

    /// The sends that are open, are held, or may still turn out to have ended otherwise, in the order of their plan.
    pub(crate) fn whole_sends(&self) -> impl DoubleEndedIterator<Item = &Send> {
        self.sends.iter().filter_map(Remembered::whole)
    }

    /// The same send, to be changed: what is kept of it changes too.
    pub(super) fn change(&mut self, id: SendId) -> Option<&mut Send> {
        let send = self.sends.iter_mut().filter_map(Remembered::whole_mut).find(|send| send.id == id)?;
        self.changes.sends.insert(id);
        Some(send)
    }

    /// Plans sends, in order: behind whatever the conversation has planned. What has lost its right to another send is refused
    /// here, and the others go past it.
    pub(super) fn plan(&mut self, scene: &mut Scene<'_>, planned: &Planned, sends: Vec<(SendId, Request)>) {
        let now = scene.now;
        let Some(first) = sends.first().map(|(id, _)| *id) else { return };
        let origin = if planned.agent.is_some() { Origin::Agent } else { Origin::Bot };
        let turn = planned.first.unwrap_or(first);
        let chain = planned.first.and_then(|first| self.chain_of(first));
        let mut untold = Vec::new();
        if sends.iter().any(|(_, request)| request.as_message().is_some()) {
            self.said.said(now);
        }
        for (id, request) in sends {
            let lost = self.take_right(scene, id, origin, &request);
            let mut state = SendState::planned(SendStatus::Waiting, now);
            match (&lost, chain) {
                (Some(Refusal { rule, reason }), _) => {
                    state.status = SendStatus::Refused;
                    (state.rule, state.reason) = (Some((*rule).to_owned()), Some((*reason).to_owned()));
                }
                (None, Some(chain)) => {
                    state.status = SendStatus::Held;
                    state.reason = self.held[chain].first().map(|first| super::held::behind(*first));
                    self.held[chain].push(id);
                }
                (None, None) => {
                    state.status = if self.queue.is_empty() { SendStatus::Ready } else { SendStatus::Waiting };
                    self.queue.push_back(id);
                }
            }
            if matches!(state.status, SendStatus::Refused | SendStatus::Held) {
                untold.push(id);
            }
            let Planned { event, on_outcome, trace, ref agent, .. } = *planned;
            let (previous, agent, request) = (self.last_send.replace(id), agent.clone(), Arc::new(request));
            let (planned_at, kept) = (now, None);
            let send = Send { id, event, on_outcome, turn, previous, planned_at, trace, agent, request, state, kept };
            self.sends.push_back(Remembered::Whole(Box::new(send)));
            self.changes.sends.insert(id);
        }
        self.changes.image = true;
        for id in untold {
            self.tell(scene, id);
        }
    }

    /// The first of the sends that wait to leave, are on their way or in doubt.
    pub(crate) fn front_send(&self) -> Option<&Send> {
        self.send(*self.queue.front()?)
    }

    /// The send that leaves next, where it is due.
    pub(crate) fn next_send(&self, now: Timestamp) -> Option<&Send> {
        let front = self.send(*self.queue.front()?)?;
        (front.state.status == SendStatus::Ready && front.state.due <= now).then_some(front)
    }

    /// On its way, from here on: it is sent again only on evidence. False when it is not planned any more.
    pub(crate) fn leaves(&mut self, id: SendId, epoch: &str, now: Timestamp) -> bool {
        if self.send(id).is_none_or(|send| send.state.status != SendStatus::Ready) {
            return false;
        }
        let Some(send) = self.change(id) else { return false };
        let state = &mut send.state;
        state.status = SendStatus::Sending;
        state.attempts += 1;
        (state.attempted_at, state.at, state.error) = (Some(now), now, None);
        if !state.epochs.iter().any(|known| known == epoch) {
            state.epochs.push(epoch.to_owned());
        }
        true
    }

    /// It was marked as on its way, and has not left: as if it had not been marked.
    pub(crate) fn did_not_leave(&mut self, scene: &mut Scene<'_>, id: SendId, outcome: &SendOutcome) -> bool {
        if self.send(id).is_some_and(|send| send.state.status == SendStatus::Sending)
            && let Some(send) = self.change(id)
        {
            let state = &mut send.state;
            (state.attempts, state.attempted_at) = (0, None);
            state.epochs.clear();
        }
        self.settle(scene, id, outcome)
    }

    /// The end of an attempt. A send that an echo has settled stays settled; at most it learns its message id. True when a person
    /// who waited for it gets no answer any more.
    pub(crate) fn settle(&mut self, scene: &mut Scene<'_>, id: SendId, outcome: &SendOutcome) -> bool {
        let now = scene.now;
        let Some(send) = self.send(id) else { return false };
        let was = send.state.status;
        if send.state.has_ended() {
            if let SendOutcome::Sent { message_id: Some(mid) } = outcome
                && send.state.message_id.is_none()
                && let Some(send) = self.change(id)
            {
                send.state.message_id = Some(mid.clone());
            }
            return false;
        }
        let Some(send) = self.change(id) else { return false };
        send.state.end_attempt(outcome, now);
        match send.state.status {
            SendStatus::Ready | SendStatus::InDoubt => {}
            SendStatus::Held => self.hold(scene, id),
            _ if was == SendStatus::Held => self.leave_chain(id, now),
            _ => self.leave_queue(id, now),
        }
        let status = self.send(id).map_or(SendStatus::Sent, |send| send.state.status);
        let mut in_vain = false;
        if status == SendStatus::Sent {
            self.right_is_used(id);
        }
        if matches!(status, SendStatus::Refused | SendStatus::Failed) {
            self.give_right_back(id);
            self.said.undone(id);
            in_vain = self.was_not_sent(id, now);
        }
        if matches!(status, SendStatus::Refused | SendStatus::Failed | SendStatus::Held) {
            self.tell(scene, id);
            self.changes.image = true;
        }
        self.look_at_parked(scene);
        in_vain
    }

    /// A send has ended that stood in the queue: the next one comes forward.
    fn leave_queue(&mut self, id: SendId, now: Timestamp) {
        let was_in_front = self.queue.front() == Some(&id);
        self.queue.retain(|queued| *queued != id);
        if was_in_front {
            self.come_forward(now);
        }
    }

    /// The front of the queue may leave, where it waited.
    pub(super) fn come_forward(&mut self, now: Timestamp) {
        let Some(front) = self.queue.front().copied() else { return };
        if self.send(front).is_some_and(|send| send.state.status == SendStatus::Waiting)
            && let Some(send) = self.change(front)
        {
            send.state.status = SendStatus::Ready;
            send.state.due = send.state.due.max(now);
        }
    }

    /// Keeps of sends that are over what later happenings may ask for, and forgets the oldest of them. Gives those that are not whole
    /// any more.
    pub(super) fn forget_past_sends(&mut self) -> Vec<SendId> {
        let mut over = Vec::new();
        for remembered in &mut self.sends {
            if let Some(past) = remembered.whole().and_then(Send::past) {
                over.push(past.id);
                *remembered = Remembered::Past(past);
            }
        }
        let mut surplus = self.sends.iter().filter(|send| send.has_ended()).count().saturating_sub(PAST);
        self.sends.retain(|send| {
            let goes = surplus > 0 && send.has_ended();
            surplus -= usize::from(goes);
            if goes {
                over.extend(send.whole().map(|send| send.id));
            }
            !goes
        });
        over
    }

    /// Looks again at a send in doubt at `at`. `counts`: evidence was looked for in vain.
    pub(crate) fn look_again(&mut self, id: SendId, at: Timestamp, counts: bool) {
        if self.send(id).is_some_and(|send| send.state.status == SendStatus::InDoubt)
            && let Some(send) = self.change(id)
        {
            send.state.due = at;
            send.state.looks += u32::from(counts);
        }
    }
}
