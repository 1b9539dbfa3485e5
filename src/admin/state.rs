//! What the operator's routes hold.

use std::sync::Arc;

use serde_json::Value;

use super::Readiness;
use crate::accounts::{Account, Accounts};
use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::id::AccountId;
use crate::listener::Guard;
use crate::secret::Secret;
use crate::telemetry::{Metrics, Relays};

/// A Send API request is a few kilobytes; with a receipt of a hundred lines some tens.
pub(super) const LONGEST_BODY: usize = 256 * 1024;

/// The parts of the server that they show.
#[derive(Debug)]
pub(crate) struct Admin {
    /// What `/api` asks for, where set.
    pub token: Option<Secret>,
    /// Which names and pages `/api` answers.
    pub guard: Guard,
    /// The accounts.
    pub accounts: Accounts,
    /// The present moment.
    pub clock: Clock,
    /// What is shown.
    pub store: Conversations,
    /// What was counted.
    pub metrics: Metrics,
    /// Whether the server is ready.
    pub readiness: Readiness,
    /// Which relays are up.
    pub relays: Relays,
    /// What a relay is asked and what it may answer, as JSON Schema.
    pub relay_schema: Value,
}

impl Admin {
    /// An account by its name, however that is written.
    pub(super) fn account(&self, name: &str) -> Option<Arc<Account>> {
        self.accounts.now().named(name).cloned()
    }

    /// Those of all accounts.
    pub(super) fn ids(&self) -> Vec<AccountId> {
        self.accounts.now().iter().map(|account| account.id().clone()).collect()
    }
}
