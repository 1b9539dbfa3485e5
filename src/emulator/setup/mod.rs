//! What apps have set up at Meta by Graph calls, and how much they have called.

mod labels;
mod menus;
mod personas;
mod profiles;
mod templates;
mod usage;

use std::collections::BTreeSet;

use super::world::ChatKey;
use labels::Labels;
use menus::Menus;
use personas::Personas;
use profiles::Profiles;
use usage::Usage;

pub(super) use labels::Label;
pub(super) use personas::Persona;
pub(super) use profiles::Pace;
pub(super) use templates::{Template, Templates};
pub(super) use usage::Said;

/// One store for each family of endpoints.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) profiles: Profiles,
    pub(super) menus: Menus,
    pub(super) personas: Personas,
    pub(super) labels: Labels,
    pub(super) templates: Templates,
    pub(super) usage: Usage,
    /// The people whom accounts have blocked.
    pub(super) barred: BTreeSet<ChatKey>,
    /// The accounts (by their places in the world) whose admin has accepted the Page Contact Terms.
    pub(super) terms: BTreeSet<usize>,
}

impl Setup {
    /// The account's login page.
    pub(super) fn linking_url(&self, account: usize) -> Option<&str> {
        self.profiles.get(account, "account_linking_url")?.as_str()
    }

    /// Whether the account has blocked the person.
    pub(super) fn is_barred(&self, chat: ChatKey) -> bool {
        self.barred.contains(&chat)
    }
}
