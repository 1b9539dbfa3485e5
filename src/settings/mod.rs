//! Settings: from files and the environment to values that cannot be wrong, or to every fault at once.
//!
//! Layers, each over the one before: the embedded `config/default.toml`, a TOML file (`--config`), a `.env` file
//! (`--env-file`), the environment. The `config` crate reads each layer; a key's value is the last layer's. Each slice of the
//! settings is a type in a file of its own that reads its keys through one reader; what no slice asked for is an unknown key.

mod account;
mod app;
mod env_file;
mod fault;
mod graph;
mod layers;
mod limits;
mod log;
mod reader;
mod relay;
mod retry;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

pub use account::{Account, Bot, Disclosure, Feature, OnDoubt, Platform, RELAY};
pub use app::App;
pub use fault::{Fault, Faults};
pub use graph::Graph;
pub use layers::DEFAULTS;
pub use layers::Sources;
pub use limits::{Dispatch, Sender};
pub use log::{Log, LogFormat};
pub use relay::{OwnRelay, Relay, RelayKinds};
pub use retry::{Percent, Retry};
pub use server::{Admin, Server};
pub use store::Store;

use crate::id::AccountId;
use crate::secret::Secret;
use reader::Reader;

/// Everything that can be set, valid.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The public listener.
    pub server: Server,
    /// The operator's listener.
    pub admin: Admin,
    /// The Meta app.
    pub app: App,
    /// Where Meta's Graph API is.
    pub graph: Graph,
    /// Where events and sends are kept.
    pub store: Store,
    /// How events are handled.
    pub dispatch: Dispatch,
    /// How sends leave.
    pub sender: Sender,
    /// The bot behind `handler = "relay"`, for accounts that name no other.
    pub relay: Relay,
    /// What the server says about itself.
    pub log: Log,
    /// The accounts, by name.
    pub accounts: BTreeMap<String, Account>,
}

impl Settings {
    /// Loads the settings. `handlers` are the names that an account may give as its handler, besides `relay`.
    pub fn load(sources: &Sources, handlers: &[&str]) -> Result<Settings, Faults> {
        let mut faults = Faults::default();
        let layers = layers::merge(sources, &mut faults);
        let mut reader = Reader::new(layers, faults);
        let settings = Settings {
            server: Server::read(&mut reader),
            admin: Admin::read(&mut reader),
            app: App::read(&mut reader),
            graph: Graph::read(&mut reader),
            store: Store::read(&mut reader),
            dispatch: Dispatch::read(&mut reader),
            sender: Sender::read(&mut reader),
            accounts: BTreeMap::new(),
            log: Log::read(&mut reader),
            relay: Relay::read(&mut reader),
        };
        let accounts = Account::read_all(&mut reader, handlers, &settings.relay);
        let settings = Settings { accounts, ..settings };
        reader.finish().map(|()| settings)
    }

    /// Loads `admin.*` alone, for who only calls a server's operator's listener: that must work where the server's secrets
    /// are not at hand. No other key is looked at.
    pub fn load_admin(sources: &Sources) -> Result<Admin, Faults> {
        load_slice(sources, Admin::read)
    }

    /// Loads `admin.token` alone, for who knows by himself where the operator's listener is.
    pub fn load_admin_token(sources: &Sources) -> Result<Option<Secret>, Faults> {
        load_slice(sources, |reader| reader.secret("admin.token"))
    }

    /// Loads `log.*` alone, for the lines that are written while the rest is loaded.
    pub fn load_log(sources: &Sources) -> Result<Log, Faults> {
        load_slice(sources, Log::read)
    }

    /// The account that Meta calls `id`, with its name.
    pub fn account(&self, id: &AccountId) -> Option<(&str, &Account)> {
        self.accounts.iter().find(|(_, account)| account.id == *id).map(|(name, account)| (name.as_str(), account))
    }
}

fn load_slice<T>(sources: &Sources, read: impl FnOnce(&mut Reader) -> T) -> Result<T, Faults> {
    let mut faults = Faults::default();
    let layers = layers::merge(sources, &mut faults);
    let mut reader = Reader::new(layers, faults);
    let slice = read(&mut reader);
    reader.finish_partly().map(|()| slice)
}
