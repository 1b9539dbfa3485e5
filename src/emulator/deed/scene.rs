//! Where something is done: the conversation, and what else changes with it.

use crate::clock::Timestamp;

use super::super::chat::{Chat, Message, Side};
use super::super::items::Ends;
use super::super::refusal::Refusal;
use super::super::state::{Shared, State};
use super::super::world::ChatKey;

/// The place, and all that may change there.
pub(super) struct Scene<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a mut State,
    pub(super) key: ChatKey,
    pub(super) ends: Ends<'a>,
    pub(super) now: Timestamp,
}

impl Scene<'_> {
    /// The conversation.
    pub(super) fn chat(&mut self) -> &mut Chat {
        self.state.chat(self.key)
    }

    /// The person has done what opens the window. The app that has the conversation keeps it.
    pub(super) fn open(&mut self) {
        let (at, now) = (self.ends.at, self.now);
        self.chat().open(at, now);
        self.state.routing.prolong(self.key, now);
    }

    /// A new message without content.
    pub(super) fn new_message(&mut self, from: Side) -> Message {
        let mid = self.state.mid(&self.shared.world, self.key.account);
        Message::new(mid, from, self.ends.at)
    }

    /// An id of this many digits.
    pub(super) fn new_number(&mut self, digits: usize) -> String {
        let rng = &mut self.state.rng;
        std::iter::once(rng.digit(10).max('1')).chain((1..digits).map(|_| rng.digit(10))).collect()
    }

    /// Whether the account is on Instagram.
    pub(super) fn is_on_instagram(&self) -> bool {
        self.ends.account.platform.is_instagram()
    }

    /// Refuses what exists on Messenger alone.
    pub(super) fn on_messenger(&self, what: &str) -> Result<(), Refusal> {
        if self.is_on_instagram() {
            return Err(Refusal::new(format!("{what} on Instagram"), "it exists on Messenger; take an account there"));
        }
        Ok(())
    }
}
