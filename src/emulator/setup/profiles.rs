//! The Messenger Profiles of the accounts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// How many changes an account may make within [`PERIOD`].
const CHANGES: usize = 10;
const PERIOD: Duration = Duration::from_secs(10 * 60);

/// The profiles of the accounts, by their places in the world.
#[derive(Default)]
pub(in crate::emulator) struct Profiles {
    pub(in crate::emulator) set: BTreeMap<usize, Map<String, Value>>,
    pub(in crate::emulator) pace: BTreeMap<usize, Pace>,
}

/// The last changes, of a profile or of one person's menu.
#[derive(Default)]
pub(in crate::emulator) struct Pace {
    changes: VecDeque<Timestamp>,
}

impl Profiles {
    /// A property of an account's profile.
    pub(in crate::emulator) fn get(&self, account: usize, name: &str) -> Option<&Value> {
        self.set.get(&account)?.get(name)
    }
}

impl Pace {
    /// Counts a change. False where it comes too soon after too many.
    pub(in crate::emulator) fn takes(&mut self, now: Timestamp) -> bool {
        while self.changes.front().is_some_and(|at| *at + PERIOD <= now) {
            self.changes.pop_front();
        }
        let has_room = self.changes.len() < CHANGES;
        if has_room {
            self.changes.push_back(now);
        }
        has_room
    }
}
