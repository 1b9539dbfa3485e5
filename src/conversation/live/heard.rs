//! What was heard of a conversation's messages.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::item::Item;
use crate::event::{Echo, Edit, Key};
use crate::id::{EventId, MessageId};

/// How many of the last messages are remembered, so that their first versions are known as edits. Meta sends both within seconds
/// of each other.
const MESSAGES: usize = 32;

/// How many edits that were taken for messages are remembered.
const EDITS: usize = 8;

/// Whose words an echo repeats. What is no echo is foreign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// Our own: the send they repeat is settled.
    Own,
    /// Our own or not: a send in flight will tell.
    Perhaps,
    /// Another app's, or a person's at the inbox.
    Foreign,
}

/// What later happenings ask of the events that are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The last echo of another app, or of a person at the inbox.
    pub(super) last_foreign_echo: Option<EventId>,
    /// Whether any message was ever heard of, by whichever side.
    pub(super) has_messages: bool,
    /// Short hashes of the keys of the last messages, where their first versions come beside them.
    messages: VecDeque<u64>,
    edits: VecDeque<TakenEdit>,
}

impl Heard {
    /// What an older release had heard.
    pub(super) fn former(last_foreign_echo: Option<EventId>, has_messages: bool) -> Heard {
        Heard { last_foreign_echo, has_messages, ..Heard::default() }
    }

    pub(super) fn foreign_echo(&mut self, event: EventId) {
        self.last_foreign_echo = self.last_foreign_echo.max(Some(event));
    }

    /// Whether the message of this key is one of the last.
    pub(super) fn was_told(&self, message: &Key) -> bool {
        self.messages.contains(&short(message))
    }

    pub(super) fn taken_edit(&self, mid: &MessageId) -> Option<&TakenEdit> {
        self.edits.iter().rev().find(|edit| edit.mid == *mid)
    }

    pub(super) fn message(&mut self, key: &Key) {
        self.messages.push_back(short(key));
        if self.messages.len() > MESSAGES {
            self.messages.pop_front();
        }
    }

    /// An event waits for its handler.
    pub(super) fn is_queued(&mut self, event: EventId) {
        self.edits.iter_mut().filter(|edit| edit.event == event).for_each(|edit| edit.is_waiting = true);
    }

    /// An event is given to its handler. True where that is an edit that waited.
    pub(super) fn is_given(&mut self, event: EventId) -> bool {
        let edit = self.edits.iter_mut().find(|edit| edit.event == event && edit.is_waiting);
        edit.map(|edit| edit.is_waiting = false).is_some()
    }

    pub(super) fn edit(&mut self, edit: TakenEdit) {
        self.edits.push_back(edit);
        if self.edits.len() > EDITS {
            self.edits.pop_front();
        }
    }
}

fn short(key: &Key) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|byte| key.hash[byte]))
}

/// An edit that was taken for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakenEdit {
    pub(super) event: EventId,
    pub(super) mid: MessageId,
    /// A hash of what it says.
    pub(super) text: Option<[u8; 16]>,
    /// Whether it waits for its handler, and was never given to it.
    #[serde(default)]
    pub(super) is_waiting: bool,
}

impl TakenEdit {
    /// The edit, where the item is one.
    pub(super) fn of(event: EventId, item: &Item) -> Option<TakenEdit> {
        let edit = Edit::of_item(&item.raw)?;
        Some(TakenEdit { event, mid: edit.mid?, text: text_hash(Some(edit.text.as_str())), is_waiting: false })
    }
}

/// A hash of what a message says, where it says anything.
pub(super) fn text_hash(text: Option<&str>) -> Option<[u8; 16]> {
    let text = text.filter(|text| !text.is_empty())?;
    let digest = Sha256::digest(text);
    Some(std::array::from_fn(|byte| digest[byte]))
}

/// An echo that waits to be recognised.
#[derive(Clone, Debug)]
pub(super) struct Parked {
    pub(super) id: EventId,
    pub(super) item: Arc<Item>,
    /// The conversation's event before it.
    pub(super) previous: Option<EventId>,
    pub(super) echo: Echo,
}
