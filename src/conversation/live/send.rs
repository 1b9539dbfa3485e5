//! One send: what never changes about it, where it stands, and what is remembered of it once it is over.

use std::sync::Arc;

use sha2::{Digest, Sha256};

pub(crate) use super::super::MessageHash;
use super::super::{SendOutcome, SendStatus};
use crate::clock::Timestamp;
use crate::event::Mark;
use crate::id::{EventId, MessageId, SendId, Thread};
use crate::message::{MetaError, Reason, Request};
use crate::policy::Origin;
use crate::trace::Trace;

/// A send.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Send {
    pub(crate) id: SendId,
    /// The event whose handler said it.
    pub(crate) event: Option<EventId>,
    /// Whether that event tells of another send.
    pub(crate) on_outcome: bool,
    /// The first send of its turn.
    pub(crate) turn: SendId,
    /// The conversation's send before it.
    pub(crate) previous: Option<SendId>,
    pub(crate) planned_at: Timestamp,
    pub(crate) trace: Trace,
    pub(crate) agent: Option<String>,
    pub(crate) request: Arc<Request>,
    pub(crate) state: SendState,
    /// The status that was last kept; none before it is.
    pub(crate) kept: Option<SendStatus>,
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

/// What is remembered of a send that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PastSend {
    pub(crate) id: SendId,
    pub(crate) event: Option<EventId>,
    pub(crate) turn: SendId,
    pub(crate) is_by_agent: bool,
    /// Whether it is a message that Meta took.
    pub(crate) is_said: bool,
    pub(crate) message: Option<MessageHash>,
    /// A short hash of the start of the server under which it left last.
    pub(crate) epoch: Option<u32>,
}

/// A send that a conversation remembers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remembered {
    /// One that is open, is held, or may still turn out to have ended otherwise.
    Whole(Box<Send>),
    Past(PastSend),
}

/// A short hash of a start of the server.
pub(super) fn short_epoch(epoch: &str) -> u32 {
    let digest = Sha256::digest(epoch);
    u32::from_be_bytes(std::array::from_fn(|byte| digest[byte]))
}

impl PastSend {
    /// Whether an echo with this mark tells that its message has arrived once more, under another id.
    pub(super) fn is_repeated_by(&self, mark: &Mark, mid: Option<&MessageId>) -> bool {
        let is_other = mid.is_some() && self.message.is_some() && self.message != mid.map(MessageHash::of);
        is_other && self.epoch == mark.epoch.as_deref().map(short_epoch)
    }
}

impl Remembered {
    pub(crate) fn id(&self) -> SendId {
        match self {
            Remembered::Whole(send) => send.id,
            Remembered::Past(past) => past.id,
        }
    }

    pub(crate) fn whole(&self) -> Option<&Send> {
        match self {
            Remembered::Whole(send) => Some(send),
            Remembered::Past(_) => None,
        }
    }

    pub(super) fn whole_mut(&mut self) -> Option<&mut Send> {
        match self {
            Remembered::Whole(send) => Some(send),
            Remembered::Past(_) => None,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.whole().is_none_or(|send| send.state.has_ended())
    }

    /// The message that it became.
    pub(super) fn message(&self) -> Option<MessageHash> {
        match self {
            Remembered::Whole(send) => send.state.message_id.as_ref().map(MessageHash::of),
            Remembered::Past(past) => past.message,
        }
    }
}

impl Send {
    /// Whether it is a message: sender actions and reactions are none.
    pub(super) fn is_message(&self) -> bool {
        self.request.as_message().is_some()
    }

    /// Whether it is a private reply, whose echo comes in another conversation.
    pub(crate) fn is_private(&self) -> bool {
        self.request.recipient.thread() == Thread::Comments
    }

    pub(crate) fn was_in_doubt(&self) -> bool {
        self.state.doubted_since.is_some()
    }

    pub(crate) fn origin(&self) -> Origin {
        if self.agent.is_some() { Origin::Agent } else { Origin::Bot }
    }

    /// Whether nothing can change about it any more.
    pub(super) fn is_certain(&self) -> bool {
        match self.state.status {
            SendStatus::Sent => !self.was_in_doubt() && (self.state.message_id.is_some() || !self.is_message()),
            SendStatus::Refused | SendStatus::Failed => self.state.attempts == 0,
            _ => false,
        }
    }

    /// What is remembered of it, where nothing can change any more: Meta took it, named the message, and it was never in doubt; or it
    /// never left.
    pub(super) fn past(&self) -> Option<PastSend> {
        let is_kept = self.kept.is_none_or(|kept| kept == self.state.status);
        (is_kept && self.is_certain()).then(|| PastSend {
            id: self.id,
            event: self.event,
            turn: self.turn,
            is_by_agent: self.agent.is_some(),
            is_said: self.state.status == SendStatus::Sent && self.is_message(),
            message: self.state.message_id.as_ref().map(MessageHash::of),
            epoch: self.state.epochs.last().map(|epoch| short_epoch(epoch)),
        })
    }
}

impl SendState {
    pub(crate) fn planned(status: SendStatus, now: Timestamp) -> SendState {
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

    /// Whether it goes on without an operator.
    pub(crate) fn is_open(&self) -> bool {
        !self.has_ended() && self.status != SendStatus::Held
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.status, SendStatus::Sent | SendStatus::Refused | SendStatus::Failed)
    }

    pub(super) fn end_attempt(&mut self, outcome: &SendOutcome, now: Timestamp) {
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

    /// What is kept of it cannot be read as a request any more: it must not stop the others.
    pub(crate) fn cannot_be_read(&mut self) {
        (self.status, self.rule) = (SendStatus::Failed, None);
        self.reason = Some("the kept request cannot be read".to_owned());
    }

    /// It was refused or had failed, and has arrived all the same.
    pub(super) fn arrived_after_all(&mut self, message_id: Option<MessageId>, now: Timestamp) {
        self.status = SendStatus::Sent;
        (self.rule, self.reason, self.error, self.at) = (None, None, None, now);
        self.message_id = message_id.or(self.message_id.take());
    }
}
