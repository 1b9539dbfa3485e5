//! What a happening changed, and the records that keep it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::EventStatus;
use super::Conversation;
use super::events::{Item, QueuedEvent};
use super::image::Image;
use super::outbox::{Send, SendState};
use super::rights::{Given, RightKey};
use crate::event::Mark;
use crate::id::{EventId, MessageId, PersonId, SendId};

/// The parts of a conversation that a happening has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Open events that were given to a handler, failed, or took a step.
    pub(crate) events: BTreeSet<EventId>,
    /// Events of our own that begin.
    pub(crate) told: Vec<(EventId, Arc<Item>)>,
    /// The events that are kept as done without a turn.
    pub(crate) kept: Vec<(EventId, Arc<Item>)>,
    /// The events that have come to their end.
    pub(crate) ended: Vec<(QueuedEvent, EventStatus)>,
    pub(crate) planned: BTreeSet<SendId>,
    pub(crate) sends: BTreeSet<SendId>,
    pub(crate) rights: BTreeSet<RightKey>,
    /// Echoes with our mark whose send stands in another conversation: the mark, the echo's person, and its message.
    pub(crate) echoed: Vec<(Mark, Option<PersonId>, Option<MessageId>)>,
    /// Private replies that an echo without our mark repeats, and its message.
    pub(crate) repeated: Vec<(SendId, Option<MessageId>)>,
    /// Whether anything else has changed that cannot be concluded from the rest.
    pub(crate) image: bool,
}

/// What is written: rows that are only ever added. All records of a happening are in one commit.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// An event of our own begins.
    Told(EventId, Arc<Item>),
    /// Where an open event stands. The last one counts.
    Event(Box<QueuedEvent>),
    /// An event has come to its end.
    Ended(Box<QueuedEvent>, EventStatus),
    /// An event is done that no handler was given.
    Kept(EventId, Arc<Item>),
    /// A send is planned, or was refused when it was.
    Planned(Box<Send>),
    /// Where a send stands: it leaves, is settled, or is looked at. The last one counts.
    Send(SendId, Box<SendState>),
    /// A right is given, taken, given back or gone.
    Right(RightKey, Box<Given>),
    /// The conversation as a whole.
    Image(Box<Image>),
}

impl Changes {
    /// Takes them: the next happening begins with none.
    pub(super) fn take(&mut self) -> Changes {
        std::mem::take(self)
    }
}

impl Conversation {
    /// The records of a happening.
    pub(super) fn records(&self, changes: &Changes) -> Vec<Record> {
        let mut records: Vec<_> = changes.told.iter().map(|(id, item)| Record::Told(*id, Arc::clone(item))).collect();
        records.extend(changes.kept.iter().map(|(id, item)| Record::Kept(*id, Arc::clone(item))));
        records.extend(changes.ended.iter().map(|(event, status)| Record::Ended(Box::new(event.clone()), *status)));
        let open = self.events.iter().filter(|event| changes.events.contains(&event.id));
        records.extend(open.map(|event| Record::Event(Box::new(event.clone()))));
        for send in self.sends.iter().filter(|send| changes.sends.contains(&send.id)) {
            records.push(match changes.planned.contains(&send.id) {
                true => Record::Planned(Box::new(send.clone())),
                false => Record::Send(send.id, Box::new(send.state.clone())),
            });
        }
        let rights = changes.rights.iter().filter_map(|key| Some((*key, self.given(key)?.clone())));
        records.extend(rights.map(|(key, given)| Record::Right(key, Box::new(given))));
        if changes.image {
            records.push(Record::Image(Box::new(self.image())));
        }
        records
    }
}
