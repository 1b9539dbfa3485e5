//! A conversation as a whole, small enough to be written with each turn, and how it is had again from what was kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::Wait;
use super::arrival::{Arrival, Care, Heard};
use super::disclosure::Said;
use super::echo::Parked;
use super::events::{Item, QueuedEvent};
use super::outbox::Send;
use super::owner::Owner;
use super::rights::{Given, RightKey};
use super::{Conversation, ConversationKey, Scene};
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Object, Origin};
use crate::id::{EventId, SendId};
use crate::policy::Window;

/// All of a conversation that its rows do not say.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// The open events in their order, and when each is due.
    events: Vec<(EventId, Timestamp)>,
    parked: Vec<EventId>,
    /// The sends that are remembered, in the order in which they were planned.
    sends: Vec<SendId>,
    queue: Vec<SendId>,
    held: Vec<Vec<SendId>>,
    waits: Vec<Wait>,
    heard: Heard,
    said: Said,
    owner: Owner,
    window: Option<Window>,
    last_message_at: Option<Timestamp>,
    last_event_at: Option<Timestamp>,
    state: Option<String>,
}

/// An event without an end, as it was kept when it arrived.
#[derive(Clone, Debug)]
pub(crate) struct KeptEvent {
    pub(crate) id: EventId,
    pub(crate) item: Arc<Item>,
    /// What the delivery said its accounts are.
    pub(crate) object: Option<Object>,
    pub(crate) care: Care,
    pub(crate) is_message_known: bool,
    pub(crate) is_edit_known: bool,
    pub(crate) is_reply: bool,
}

/// What a conversation is loaded from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) image: Option<Image>,
    /// The events without an end, in the order of their ids, and the last that was noted of each.
    pub(crate) events: Vec<(KeptEvent, Option<QueuedEvent>)>,
    /// The sends that the image names.
    pub(crate) sends: BTreeMap<SendId, Send>,
    pub(crate) rights: BTreeMap<RightKey, Given>,
}

impl Rows {
    /// The sends that the conversation remembers.
    pub(crate) fn remembered(&self) -> impl Iterator<Item = &Send> {
        let named = self.image.iter().flat_map(|image| &image.sends);
        named.filter_map(|id| self.sends.get(id))
    }
}

impl Conversation {
    /// The conversation as a whole.
    pub(super) fn image(&self) -> Image {
        Image {
            events: self.events.iter().map(|event| (event.id, event.due)).collect(),
            parked: self.parked.iter().map(|parked| parked.id).collect(),
            sends: self.sends.iter().map(|send| send.id).collect(),
            queue: self.queue.iter().copied().collect(),
            held: self.held.clone(),
            waits: self.waits.clone(),
            heard: self.heard.clone(),
            said: self.said.clone(),
            owner: self.owner.clone(),
            window: self.window,
            last_message_at: self.last_message_at,
            last_event_at: self.last_event_at,
            state: self.state.clone(),
        }
    }

    /// The conversation as it was kept. `scene` gives what is needed for the events that arrived after the image was written: they
    /// arrive again.
    pub(crate) fn load(key: ConversationKey, rows: Rows, scene: &mut Scene<'_>) -> Conversation {
        let Rows { image, events, mut sends, rights } = rows;
        let mut loaded = Conversation { rights, ..Conversation::new(key) };
        let mut events: BTreeMap<_, _> = events.into_iter().map(|(event, noted)| (event.id, (event, noted))).collect();
        if let Some(image) = image {
            for (id, due) in &image.events {
                if let Some((event, noted)) = events.remove(id) {
                    let fresh = QueuedEvent::new(event.id, event.item, *due);
                    loaded.events.push_back(noted.unwrap_or(fresh));
                }
            }
            for id in &image.parked {
                let Some((event, _)) = events.remove(id) else { continue };
                match event.parked(&loaded.key) {
                    Ok(parked) => loaded.parked.push(parked),
                    // It cannot be read any more, so that it is not known to be our own.
                    Err(KeptEvent { id, item, .. }) => {
                        let due = item.received_at;
                        loaded.events.push_back(QueuedEvent::new(id, item, due));
                    }
                }
            }
            loaded.sends = image.sends.iter().filter_map(|id| sends.remove(id)).collect();
            let is_open = |id: &SendId| loaded.sends.iter().any(|send| send.id == *id && !send.state.has_ended());
            loaded.queue = image.queue.into_iter().filter(is_open).collect();
            (loaded.held, loaded.waits, loaded.heard) = (image.held, image.waits, image.heard);
            (loaded.said, loaded.owner, loaded.window) = (image.said, image.owner, image.window);
            loaded.last_message_at = image.last_message_at;
            loaded.last_event_at = image.last_event_at;
            loaded.state = image.state;
        }
        let now = scene.now;
        for (event, noted) in events.into_values() {
            scene.now = event.item.received_at;
            loaded.arrive_again(scene, event, noted);
        }
        scene.now = now;
        loaded
    }

    fn arrive_again(&mut self, scene: &mut Scene<'_>, event: KeptEvent, noted: Option<QueuedEvent>) {
        let Some(envelope) = event.envelope(&self.key) else {
            // What cannot be read as an event any more is a handler's to fail on.
            self.events.push_back(noted.unwrap_or_else(|| QueuedEvent::new(event.id, event.item, scene.now)));
            return;
        };
        let KeptEvent { id, care, is_message_known, is_edit_known, is_reply, .. } = event;
        let (envelope, item) = (&envelope, event.item);
        let arrival = Arrival { id, envelope, item, care, is_message_known, is_edit_known, is_reply };
        self.arrived(scene, &arrival);
        if let (Some(noted), Some(queued)) = (noted, self.events.iter_mut().find(|queued| queued.id == id)) {
            *queued = noted;
        }
    }
}

impl KeptEvent {
    fn envelope(&self, key: &ConversationKey) -> Option<Envelope> {
        let Item { standby, at, list, kind, person, raw, .. } = &*self.item;
        let origin = Origin { account: key.account.clone(), standby: *standby, time: *at, list: list.clone() };
        let raw = serde_json::from_slice(raw).ok()?;
        let envelope = Envelope::read_kept(&origin, person.as_ref(), kind.as_str(), raw)?;
        Some(Envelope { object: self.object, ..envelope })
    }

    fn parked(self, key: &ConversationKey) -> Result<Parked, KeptEvent> {
        match self.envelope(key).map(|envelope| envelope.event) {
            Some(Event::Echo(echo)) => Ok(Parked { id: self.id, item: self.item, echo }),
            _ => Err(self),
        }
    }
}
