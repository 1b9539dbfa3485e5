//! What a happening changed: the rows that are to be written in one commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::Mark;
use crate::id::{EventId, MessageId, PersonId, SendId};

use super::super::EventStatus;
use super::events::{Item, QueuedEvent};
use super::rights::RightKey;

/// The parts of a conversation that a happening has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) events: BTreeSet<EventId>,
    /// The events that are kept as done without a turn.
    pub(crate) kept: Vec<(EventId, Arc<Item>)>,
    /// The events that have come to their end.
    pub(crate) ended: Vec<(QueuedEvent, EventStatus)>,
    pub(crate) sends: BTreeSet<SendId>,
    pub(crate) rights: BTreeSet<RightKey>,
    /// Echoes with our mark whose send stands in another conversation: the mark, the echo's person, and its message.
    pub(crate) echoed: Vec<(Mark, Option<PersonId>, Option<MessageId>)>,
    /// Private replies that an echo without our mark repeats, and its message.
    pub(crate) repeated: Vec<(SendId, Option<MessageId>)>,
    /// Whether anything else has changed.
    pub(crate) image: bool,
}

impl Changes {
    /// Takes them: the next happening begins with none.
    pub(crate) fn take(&mut self) -> Changes {
        std::mem::take(self)
    }
}
