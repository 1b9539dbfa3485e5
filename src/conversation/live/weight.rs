//! How much memory a conversation takes.

use std::mem::size_of;

use super::super::SendStatus;
use super::item::QueuedEvent;
use super::send::{Remembered, Send};
use super::value::Conversation;
use super::wait::Wait;

/// What the lists of a conversation and its places in those of the account take beside their contents.
const AROUND: usize = 600;

impl Conversation {
    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let events = self.events.iter().map(|event| size_of::<QueuedEvent>() + event.weight());
        let whole = size_of::<Send>() + 2 * AROUND;
        let sends = self.sends.iter().map(|send| size_of::<Remembered>() + send.whole().map_or(0, |_| whole));
        let parked = self.parked.iter().map(|parked| AROUND + parked.item.raw.len());
        let lists = (self.waits.len() * size_of::<Wait>()) + (self.rights.len() * AROUND);
        let texts = 2 * (self.key.name.len() + self.key.account.as_str().len());
        let state = self.state.as_ref().map_or(0, String::len);
        size_of::<Conversation>() + AROUND + events.chain(sends).chain(parked).sum::<usize>() + lists + texts + state
    }

    /// Whether it may leave memory: no handler has an event of it in hand, no send of it is on its way, no echo waits to be
    /// recognised, and no event is to come from disk.
    pub(crate) fn may_leave(&self) -> bool {
        let is_running = self.events.front().is_some_and(|front| front.is_running);
        let is_sending = self.whole_sends().any(|send| send.state.status == SendStatus::Sending);
        !is_running && !is_sending && self.parked.is_empty() && self.room_for_those_on_disk().is_none()
    }
}

impl QueuedEvent {
    fn weight(&self) -> usize {
        let before = self.state_before.as_ref().map_or(0, String::len);
        AROUND / 2 + self.item.raw.len() + before + self.steps.len() * AROUND / 4
    }
}
