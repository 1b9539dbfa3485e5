//! What a happening changed, and the records that keep it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{EventStatus, SendStatus, TakenStep};
use super::grant::{Grant, RightKey};
use super::image::Image;
use super::item::{Item, KeptEvent, Place, QueuedEvent};
use super::send::{Send, SendState};
use crate::clock::Timestamp;
use crate::event::Mark;
use crate::id::{EventId, MessageId, PersonId, SendId};

/// The parts of a conversation that a happening has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Open events of which more is to be kept than that they arrived.
    pub(super) events: BTreeSet<EventId>,
    /// Open events whose item is another one.
    pub(super) items: BTreeSet<EventId>,
    /// The same of events that wait on disk.
    pub(super) items_on_disk: Vec<(EventId, Arc<Item>)>,
    /// Events whose turn has taken a step.
    pub(super) steps: BTreeSet<EventId>,
    /// Events that are to wait on disk.
    pub(crate) to_disk: Vec<QueuedEvent>,
    /// Events of our own that begin.
    pub(crate) begun: Vec<(EventId, Arc<Item>)>,
    /// Echoes that wait to be recognised.
    pub(super) parked: BTreeSet<EventId>,
    /// The events that have come to their end.
    pub(super) ended: Vec<(QueuedEvent, EventStatus)>,
    pub(super) sends: BTreeSet<SendId>,
    /// Sends that are over and have arrived once more.
    pub(super) repeats: Vec<SendId>,
    /// Sends that nothing can happen to any more.
    pub(crate) over: Vec<SendId>,
    pub(super) rights: BTreeSet<RightKey>,
    /// Echoes with our mark whose send stands in another conversation.
    pub(crate) echoed: Vec<(Mark, Option<PersonId>, Option<MessageId>)>,
    /// Private replies that an echo without our mark repeats, and its message.
    pub(crate) repeated: Vec<(SendId, Option<MessageId>)>,
    pub(super) state: bool,
    /// Whether anything else has changed that cannot be concluded from the rest.
    pub(super) image: bool,
}

/// What is written of a conversation. Of several records about the same thing the last one counts, and all records of a happening
/// are in one commit.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// An event of our own begins.
    Begun(EventId, Arc<Item>),
    /// An event is another one than it seemed.
    Item(EventId, Arc<Item>),
    /// Where an event stands.
    Event(Box<EventRow>),
    /// A turn has taken this step.
    Step(EventId, usize, TakenStep),
    /// A send is planned.
    Planned(Box<Send>),
    /// Where a send stands: it leaves, is settled, or is looked at.
    Send {
        id: SendId,
        /// The status that was kept before.
        was: SendStatus,
        state: Box<SendState>,
    },
    /// A send that is over has arrived once more.
    Repeated(SendId),
    /// A right is given, taken or given back; none: it is forgotten.
    Right(RightKey, Option<Box<Grant>>),
    /// What the handler remembers.
    State(Option<String>),
    /// The rest of the conversation.
    Image(Box<Image>),
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(crate) id: EventId,
    pub(crate) status: EventStatus,
    pub(crate) place: Place,
    pub(crate) previous: Option<EventId>,
    pub(crate) due: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) deaths: u32,
    pub(crate) first_failed_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
    pub(crate) state_before: Option<String>,
    pub(crate) turn: Option<SendId>,
    pub(crate) typing: bool,
    pub(crate) is_answered: bool,
    /// Whether it is put back where it was over, and whether its turn had steps, which are over.
    pub(crate) is_put_back: bool,
    pub(crate) has_steps_to_forget: bool,
}

/// An event as it arrived, and what else is kept of it.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) kept: KeptEvent,
    pub(crate) row: Option<EventRow>,
    pub(crate) steps: Vec<TakenStep>,
}

impl EventRow {
    pub(super) fn of(event: &QueuedEvent, status: EventStatus) -> EventRow {
        EventRow {
            id: event.id,
            status,
            place: event.place,
            previous: event.previous,
            due: event.due,
            attempts: event.attempts,
            deaths: event.deaths,
            first_failed_at: event.first_failed_at,
            error: event.error.clone(),
            state_before: event.state_before.clone(),
            turn: event.turn,
            typing: event.typing,
            is_answered: event.is_answered,
            is_put_back: event.place != Place::of(event.id),
            has_steps_to_forget: event.has_steps_to_forget,
        }
    }

    /// The event that stands so.
    pub(crate) fn into_event(self, item: Arc<Item>, steps: Vec<TakenStep>) -> QueuedEvent {
        QueuedEvent {
            id: self.id,
            place: self.place,
            item,
            previous: self.previous,
            due: self.due,
            attempts: self.attempts,
            deaths: self.deaths,
            is_running: self.status == EventStatus::Running,
            first_failed_at: self.first_failed_at,
            error: self.error,
            steps,
            state_before: self.state_before,
            turn: self.turn,
            typing: self.typing,
            is_answered: self.is_answered,
            is_noted: true,
            has_steps_to_forget: false,
        }
    }
}

impl Changes {
    /// Whether a send is planned, or stands elsewhere than before.
    pub(crate) fn has_sends(&self) -> bool {
        !self.sends.is_empty()
    }

    /// Whether events that wait on disk are among what has changed.
    pub(crate) fn tell_of_those_on_disk(&self) -> bool {
        !self.to_disk.is_empty() || !self.items_on_disk.is_empty()
    }

    /// The rights that are given, taken, given back or forgotten.
    pub(crate) fn rights(&self) -> impl Iterator<Item = &RightKey> {
        self.rights.iter()
    }

    /// An event is done that no handler is given.
    pub(super) fn done(&mut self, id: EventId, item: Arc<Item>, previous: Option<EventId>) {
        let due = item.received_at;
        self.ended.push((QueuedEvent { previous, ..QueuedEvent::new(id, item, due) }, EventStatus::Done));
    }
}
