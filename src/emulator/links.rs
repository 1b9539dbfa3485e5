//! The logins that have begun at the login page of a business, by their tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;

use super::world::ChatKey;

/// How long a token can be asked about and used.
const LIFE: Duration = Duration::from_secs(5 * 60);

/// How many are kept; the oldest makes room.
const MOST: usize = 1000;

/// The logins that have begun.
#[derive(Default)]
pub(super) struct Links {
    begun: BTreeMap<String, (ChatKey, Timestamp)>,
}

impl Links {
    /// Whose login a token stands for.
    pub(super) fn whose(&self, token: &str, now: Timestamp) -> Option<ChatKey> {
        self.begun.get(token).filter(|(_, at)| now < *at + LIFE).map(|(chat, _)| *chat)
    }

    /// The login is over. Whose it was.
    pub(super) fn end(&mut self, token: &str, now: Timestamp) -> Option<ChatKey> {
        let whose = self.whose(token, now);
        self.begun.remove(token);
        whose
    }

    /// A login begins.
    pub(super) fn begin(&mut self, token: String, chat: ChatKey, now: Timestamp) {
        let oldest = self.begun.iter().min_by_key(|(_, (_, at))| *at).map(|(token, _)| token.clone());
        if let Some(oldest) = oldest.filter(|_| self.begun.len() == MOST) {
            self.begun.remove(&oldest);
        }
        self.begun.insert(token, (chat, now));
    }
}
