//! Sends between their plan and their end.

use std::sync::Arc;

use super::super::{SendOutcome, SendStatus};
use super::events::Turn;
use super::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{EventId, MessageId, SendId, Thread};
use crate::message::{MetaError, Reason, Request};
use crate::policy::{Origin, Refusal};

/// How many sends that have ended are remembered. An echo that comes after so many more is taken for another app's; nothing is
/// said twice for it.
const PAST: usize = 50;

/// A send.
#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) id: SendId,
    /// The event whose handler said it.
    pub(crate) event: Option<EventId>,
    /// Whether that event tells of another send.
    pub(crate) on_outcome: bool,
    /// The first send of its turn.
    pub(crate) turn: SendId,
    pub(crate) agent: Option<String>,
    pub(crate) request: Arc<Request>,
    pub(crate) state: SendState,
}

/// What of a send changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SendState {
    pub(crate) status: SendStatus,
    pub(crate) due: Timestamp,
    /// When it came to its status.
    pub(crate) at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) attempted_at: Option<Timestamp>,
    /// When the attempt that first came into doubt left.
    pub(crate) doubted_since: Option<Timestamp>,
    pub(crate) doubts: u32,
    pub(crate) looks: u32,
    pub(crate) is_silent: bool,
    pub(crate) rule: Option<String>,
    pub(crate) reason: Option<String>,
    /// Meta's words about the last attempt.
    pub(crate) error: Option<MetaError>,
    pub(crate) message_id: Option<MessageId>,
    /// How often the message arrived beyond once.
    pub(crate) repeats: u32,
    /// When that happened whose answer it is.
    pub(crate) answers: Option<Timestamp>,
    /// The starts of the server under which it left.
    pub(crate) epochs: Vec<String>,
}

impl Send {
    /// Whether it is a message: sender actions and reactions are none.
    pub(super) fn is_message(&self) -> bool {
        self.request.as_message().is_some()
    }

    /// Whether it is a private reply, whose echo comes in another conversation.
    pub(super) fn is_private(&self) -> bool {
        self.request.recipient.thread() == Thread::Comments
    }

    pub(super) fn was_in_doubt(&self) -> bool {
        self.state.doubted_since.is_some()
    }

    pub(crate) fn origin(&self) -> Origin {
        if self.agent.is_some() { Origin::Agent } else { Origin::Bot }
    }
}

impl SendState {
    fn planned(status: SendStatus, now: Timestamp) -> SendState {
        SendState {
            status,
            due: now,
            at: now,
            attempts: 0,
            attempted_at: None,
            doubted_since: None,
            doubts: 0,
            looks: 0,
            is_silent: false,
            rule: None,
            reason: None,
            error: None,
            message_id: None,
            repeats: 0,
            answers: None,
            epochs: Vec::new(),
        }
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.status, SendStatus::Sent | SendStatus::Refused | SendStatus::Failed)
    }
}

/// Who says something.
#[derive(Clone, Debug, Default)]
pub(super) struct Planned {
    event: Option<EventId>,
    on_outcome: bool,
    said_last: Option<SendId>,
    agent: Option<String>,
}

impl Planned {
    /// A handler, in its turn.
    pub(super) fn by(turn: &Turn) -> Planned {
        Planned {
            event: Some(turn.event),
            on_outcome: turn.item.kind == Kind::Outcome,
            said_last: turn.said_last,
            agent: None,
        }
    }

    /// A poster: an agent, where a person wrote it.
    pub(super) fn posted(agent: Option<String>) -> Planned {
        Planned { agent, ..Planned::default() }
    }
}

impl Conversation {
    /// A send that is open, held, or has ended lately.
    pub(crate) fn send(&self, id: SendId) -> Option<&Send> {
        self.sends.iter().find(|send| send.id == id)
    }

    /// The same, to be changed.
    pub(super) fn change(&mut self, id: SendId) -> Option<&mut Send> {
        self.changes.sends.insert(id);
        self.sends.iter_mut().find(|send| send.id == id)
    }

    /// Plans sends, in order: behind whatever the conversation has planned. What has lost its right to another send is refused
    /// here, and the others go past it.
    pub(super) fn plan(&mut self, scene: &mut Scene<'_>, planned: &Planned, sends: Vec<(SendId, Request)>) {
        let now = scene.now;
        let Some(first) = sends.first().map(|(id, _)| *id) else { return };
        let origin = if planned.agent.is_some() { Origin::Agent } else { Origin::Bot };
        let turn = planned.said_last.and_then(|last| self.send(last)).map_or(first, |last| last.turn);
        let chain = planned.said_last.and_then(|last| self.chain_that_ends_with(last));
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
                    let last = planned.said_last.expect("a chain ends with the last send that was said");
                    state.reason = Some(super::held::behind(last));
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
            let (event, on_outcome, agent) = (planned.event, planned.on_outcome, planned.agent.clone());
            let request = Arc::new(request);
            self.sends.push_back(Send { id, event, on_outcome, turn, agent, request, state });
            self.changes.sends.insert(id);
            self.changes.planned.insert(id);
        }
        self.changes.image = true;
        for id in untold {
            self.tell(scene, id);
        }
    }

    /// The send that leaves next, where it is due.
    pub(crate) fn next_send(&self, now: Timestamp) -> Option<&Send> {
        let front = self.send(*self.queue.front()?)?;
        (front.state.status == SendStatus::Ready && front.state.due <= now).then_some(front)
    }

    /// On its way, from here on: it is sent again only on evidence. False when it is not planned any more.
    pub(crate) fn leaves(&mut self, id: SendId, epoch: &str, now: Timestamp) -> bool {
        let Some(send) = self.change(id).filter(|send| send.state.status == SendStatus::Ready) else { return false };
        let state = &mut send.state;
        state.status = SendStatus::Sending;
        state.attempts += 1;
        (state.attempted_at, state.at, state.error) = (Some(now), now, None);
        if !state.epochs.iter().any(|known| known == epoch) {
            state.epochs.push(epoch.to_owned());
        }
        true
    }

    /// The end of an attempt. A send that an echo has settled stays settled; at most it learns its message id. True when a person
    /// who waited for it gets no answer any more.
    pub(crate) fn settle(&mut self, scene: &mut Scene<'_>, id: SendId, outcome: &SendOutcome) -> bool {
        let now = scene.now;
        let Some(send) = self.change(id) else { return false };
        let was = send.state.status;
        if send.state.has_ended() {
            if let SendOutcome::Sent { message_id: Some(mid) } = outcome {
                send.state.message_id.get_or_insert_with(|| mid.clone());
            }
            return false;
        }
        send.state.end_attempt(outcome, now);
        match send.state.status {
            SendStatus::Ready | SendStatus::InDoubt => {}
            SendStatus::Held => self.hold(scene, id),
            _ if was == SendStatus::Held => self.leave_chain(id, now),
            _ => self.leave_queue(id, now),
        }
        let status = self.send(id).map_or(SendStatus::Sent, |send| send.state.status);
        let mut in_vain = false;
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
        if let Some(send) = self.change(front)
            && send.state.status == SendStatus::Waiting
        {
            send.state.status = SendStatus::Ready;
            send.state.due = send.state.due.max(now);
        }
    }

    /// Forgets the oldest sends that have ended.
    pub(super) fn forget_past_sends(&mut self) {
        let ended = self.sends.iter().filter(|send| send.state.has_ended()).map(|send| send.id);
        let past: Vec<_> = ended.collect();
        let surplus = &past[..past.len().saturating_sub(PAST)];
        for id in surplus {
            self.remember_use(*id);
        }
        self.sends.retain(|send| !surplus.contains(&send.id));
    }

    /// Looks again at a send in doubt at `at`. `counts`: evidence was looked for in vain.
    pub(crate) fn look_again(&mut self, id: SendId, at: Timestamp, counts: bool) {
        if let Some(send) = self.change(id).filter(|send| send.state.status == SendStatus::InDoubt) {
            send.state.due = at;
            send.state.looks += u32::from(counts);
        }
    }
}

impl SendState {
    fn end_attempt(&mut self, outcome: &SendOutcome, now: Timestamp) {
        (self.at, self.due) = (now, now);
        let because = |reason: &Reason| (Some(reason.as_str().to_owned()), reason.meta().cloned());
        let (status, rule, (reason, error)) = match outcome {
            SendOutcome::Sent { message_id } => {
                if message_id.is_some() {
                    self.message_id.clone_from(message_id);
                }
                (SendStatus::Sent, None, (None, None))
            }
            SendOutcome::Refused { rule, reason } => {
                (SendStatus::Refused, Some(rule.clone()), (Some(reason.clone()), None))
            }
            SendOutcome::Failed { reason } => (SendStatus::Failed, None, because(reason)),
            SendOutcome::InDoubt { reason, silent } => {
                self.is_silent = *silent;
                self.doubts += 1;
                self.doubted_since = self.doubted_since.or(self.attempted_at);
                (SendStatus::InDoubt, None, because(reason))
            }
            SendOutcome::Held { reason } => (SendStatus::Held, None, because(reason)),
            SendOutcome::Later { at, reason } => {
                self.due = *at;
                (SendStatus::Ready, None, because(reason))
            }
        };
        if matches!(outcome, SendOutcome::InDoubt { .. }) {
            self.looks = 0;
        }
        (self.status, self.rule, self.reason) = (status, rule, reason);
        // Without new ones Meta's words about the last attempt stay until the next.
        self.error = match status {
            SendStatus::Sent | SendStatus::Refused => None,
            _ => error.or(self.error.take()),
        };
    }

    /// It was refused or had failed, and has arrived all the same.
    pub(super) fn arrived_after_all(&mut self, message_id: Option<MessageId>, now: Timestamp) {
        self.status = SendStatus::Sent;
        (self.rule, self.reason, self.error, self.at) = (None, None, None, now);
        self.message_id = message_id.or(self.message_id.take());
    }
}
