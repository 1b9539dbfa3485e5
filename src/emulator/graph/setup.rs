//! What apps have set up at Meta by Graph calls, and how much they have called.

use std::collections::BTreeSet;

use super::super::world::ChatKey;
use super::labels::Labels;
use super::menu::Menus;
use super::personas::Personas;
use super::profile::Profiles;
use super::templates::Templates;
use super::usage::Usage;

/// One store for each family of endpoints.
#[derive(Default)]
pub(in crate::emulator) struct Setup {
    pub(super) profiles: Profiles,
    pub(super) menus: Menus,
    pub(super) personas: Personas,
    pub(super) labels: Labels,
    pub(super) templates: Templates,
    pub(super) usage: Usage,
    /// The people whom accounts have blocked.
    pub(super) barred: BTreeSet<ChatKey>,
    /// The accounts (by their places in the world) whose admin has accepted the Page Contact Terms.
    pub(in crate::emulator) terms: BTreeSet<usize>,
}

impl Setup {
    /// The account's login page.
    pub(in crate::emulator) fn linking_url(&self, account: usize) -> Option<&str> {
        self.profiles.get(account, "account_linking_url")?.as_str()
    }

    /// Whether the account has blocked the person.
    pub(in crate::emulator) fn is_barred(&self, chat: ChatKey) -> bool {
        self.barred.contains(&chat)
    }
}
