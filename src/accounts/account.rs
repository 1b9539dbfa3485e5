//! One account, as it is now.

use std::sync::Arc;

use crate::clock::Steady;
use crate::graph::Client;
use crate::id::AccountId;
use crate::policy::Standing;
use crate::settings;

/// A Page or an Instagram professional account that this server speaks for.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name, in lower case.
    pub name: Arc<str>,
    /// How it was set up.
    pub settings: settings::Account,
    /// What policy knows of it.
    pub standing: Arc<Standing>,
    /// Its client for the Graph API.
    pub client: Arc<Client>,
    /// No event of it is handled at present, and nothing of it leaves.
    pub is_paused: bool,
    /// When it last went on after a pause, or appeared while the server ran: waits count from there. None where neither has
    /// happened.
    pub resumed_at: Option<Steady>,
}

impl Account {
    pub(super) fn new(name: &str, settings: settings::Account, client: Client) -> Account {
        let standing = Arc::new(Standing::of(&settings));
        Account { name: name.into(), settings, standing, client: Arc::new(client), is_paused: false, resumed_at: None }
    }

    /// Meta's id.
    pub fn id(&self) -> &AccountId {
        &self.settings.id
    }
}
