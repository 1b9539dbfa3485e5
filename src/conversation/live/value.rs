//! The value: all that is decided about a conversation is decided from it.

use std::collections::{BTreeMap, VecDeque};

use super::super::identity::StoreIdentity;
use super::account::AccountValue;
use super::disclosure::Said;
use super::grant::{Grant, RightKey};
use super::heard::{Heard, Parked};
use super::item::{OnDisk, QueuedEvent};
use super::key::ConversationKey;
use super::owner::Owner;
use super::record::Changes;
use super::send::Remembered;
use super::wait::Wait;
use crate::clock::Timestamp;
use crate::id::{EventId, SendId};
use crate::policy::{Facts, Standing, Window};

/// All that is decided about one conversation is decided from this.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) key: ConversationKey,
    pub(crate) events: VecDeque<QueuedEvent>,
    /// The last of the events that wait on disk behind these.
    pub(super) last_on_disk: Option<OnDisk>,
    pub(super) sends: VecDeque<Remembered>,
    pub(super) queue: VecDeque<SendId>,
    /// Chains of held sends: the first of each waits for the operator, the others for the first.
    pub(super) held: Vec<Vec<SendId>>,
    pub(super) parked: Vec<Parked>,
    pub(super) waits: Vec<Wait>,
    pub(super) heard: Heard,
    pub(super) said: Said,
    pub(super) owner: Owner,
    pub(super) rights: BTreeMap<RightKey, Grant>,
    pub(crate) window: Option<Window>,
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) last_event_at: Option<Timestamp>,
    pub(crate) state: Option<String>,
    /// The last event from outside that has arrived here.
    pub(super) arrived_until: Option<EventId>,
    /// The last event and the last send: each names the one before it.
    pub(crate) last_event: Option<EventId>,
    pub(crate) last_send: Option<SendId>,
    /// Whether something has happened since the last image that a load need not find again, but may.
    pub(super) is_image_behind: bool,
    pub(super) changes: Changes,
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
            last_on_disk: None,
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
