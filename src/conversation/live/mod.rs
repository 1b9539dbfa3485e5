//! A conversation that is in use: one value, and a function on it for each thing that can happen.
//!
//! - **Events** that are not done stand in [`events`](Conversation::events), the oldest in front. Only the front one is given to a
//!   handler; the others wait for it.
//! - **Sends** stand in [`sends`](Conversation::sends), in the order in which they were planned, with the last of those that have
//!   ended. [`queue`](Conversation::queue) says in which order the open ones leave: that order is another one after a held send was
//!   released.
//! - What policy asks for (the window, the owner, the rights) and what the bot owes (disclosure, answers) stands beside them.
//!
//! A function takes a happening and the [`Scene`] and changes the value. What is to be written is collected on the way
//! ([`Changes`]) and taken once for each happening.

mod account;
mod answer;
mod arrival;
mod changes;
mod disclosure;
mod doubt;
mod echo;
mod events;
mod first_version;
mod former;
mod held;
mod image;
mod key;
mod outbox;
mod outcome;
mod owner;
mod post;
mod private_reply;
mod recovery;
mod rights;
mod send;
mod set_back;
mod turn;

use std::collections::{BTreeMap, VecDeque};

use super::identity::StoreIdentity;
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::policy::{Facts, Standing, Window};

pub(crate) use account::{AccountImage, AccountValue, ReplyImage};
pub(crate) use arrival::{Arrival, Care, KeptEvent, Recognised};
pub(crate) use changes::{Changes, EventRow, Record};
pub(crate) use events::{Item, Place, QueuedEvent};
pub(crate) use former::{Former, FormerSend, FormerWait};
pub(crate) use image::{Arrived, Image, Rows};
pub(crate) use key::{ConversationId, ConversationKey};
pub(crate) use post::PostedSends;
pub(crate) use rights::{Grant, RightKey, Source};
pub(crate) use send::{Send, SendState};
pub(crate) use turn::Failed;

use answer::Wait;
use arrival::Heard;
use disclosure::Said;
use echo::Parked;
use owner::Owner;
use send::Remembered;

/// All that is decided about one conversation is decided from this.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) key: ConversationKey,
    pub(crate) events: VecDeque<QueuedEvent>,
    sends: VecDeque<Remembered>,
    queue: VecDeque<SendId>,
    /// Chains of held sends: the first of each waits for the operator, the others for the first.
    held: Vec<Vec<SendId>>,
    parked: Vec<Parked>,
    waits: Vec<Wait>,
    heard: Heard,
    said: Said,
    owner: Owner,
    rights: BTreeMap<RightKey, Grant>,
    pub(crate) window: Option<Window>,
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) last_event_at: Option<Timestamp>,
    pub(crate) state: Option<String>,
    /// The last event from outside that has arrived here.
    arrived_until: Option<EventId>,
    /// The last event and the last send: each names the one before it.
    pub(crate) last_event: Option<EventId>,
    pub(crate) last_send: Option<SendId>,
    /// Whether something has happened since the last image that a load need not find again, but may.
    is_image_behind: bool,
    changes: Changes,
}

/// What a happening needs to know beside the conversation.
pub(crate) struct Scene<'a> {
    pub(crate) now: Timestamp,
    pub(crate) ours: &'a StoreIdentity,
    pub(crate) standing: Standing,
    pub(crate) account: &'a mut AccountValue,
    /// Gives the ids of events of our own.
    pub(crate) next_event: &'a mut dyn FnMut() -> EventId,
}

impl Conversation {
    /// One of which nothing is known.
    pub(crate) fn new(key: ConversationKey) -> Conversation {
        Conversation {
            key,
            events: VecDeque::new(),
            sends: VecDeque::new(),
            queue: VecDeque::new(),
            held: Vec::new(),
            parked: Vec::new(),
            waits: Vec::new(),
            heard: Heard::default(),
            said: Said::default(),
            owner: Owner::default(),
            rights: BTreeMap::new(),
            window: None,
            last_message_at: None,
            last_event_at: None,
            state: None,
            arrived_until: None,
            last_event: None,
            last_send: None,
            is_image_behind: false,
            changes: Changes::default(),
        }
    }

    /// What policy needs to know, without a right.
    pub(crate) fn facts(&self, account: &AccountValue) -> Facts {
        let person = crate::id::PersonId::new(self.key.name.as_str());
        Facts {
            person: Some(person),
            window: self.window,
            last_message_at: self.last_message_at,
            blocked: account.blocked(),
            right: None,
        }
    }

    /// The app that has it, as far as Meta has told.
    pub(crate) fn owner(&self) -> Option<&crate::id::AppId> {
        self.owner.app.as_ref()
    }
}
