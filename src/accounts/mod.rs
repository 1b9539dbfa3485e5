//! The one registry of accounts: which there are, and what each is now.
//!
//! An account can appear, change its token, pause and leave while the server runs. Every room that works for accounts asks
//! here each time ([`Accounts::now`]), and a loop that waits is woken when something has changed ([`Accounts::changes`]). What a
//! room needs for itself beside (a handler's places, a send under way) it keeps itself.
//!
//! An account that leaves loses nothing: its events stay where they are and wait, and so do its sends. When it appears again they
//! go on. What arrives while it is away is kept, and not handled.

mod account;
mod directory;
mod tokens;

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::graph;
use crate::secret::Secret;
use crate::settings::{self, Settings};
pub use account::Account;
pub use directory::Directory;

/// The accounts of this server. Clones share them.
#[derive(Clone, Debug)]
pub struct Accounts {
    clients: Arc<graph::Clients>,
    clock: Clock,
    now: Arc<watch::Sender<Arc<Directory>>>,
}

/// Why an account cannot appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdded {
    /// Another account has this name.
    #[error("there is an account of this name")]
    NameTaken,
    /// Another account has this id.
    #[error("there is an account of this id")]
    IdTaken,
}

/// Why an account goes on with the token that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRenewed {
    /// There is no account of this name.
    #[error("there is no such account")]
    Unknown,
    /// No HTTP header can carry the token.
    #[error("the token holds characters that no header can carry")]
    Unsendable,
}

impl From<Unknown> for NotRenewed {
    fn from(_: Unknown) -> NotRenewed {
        NotRenewed::Unknown
    }
}

/// There is no account of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such account")]
pub struct Unknown;

impl Accounts {
    /// The accounts of the settings, each with its client for the Graph API.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn of(settings: &Settings, clock: Clock) -> Result<Accounts, reqwest::Error> {
        let clients = graph::Clients::new(settings, clock.clone())?;
        let account =
            |(name, account): (&String, &settings::Account)| Account::new(name, account.clone(), clients.of(account));
        let directory = Directory::of(settings.accounts.iter().map(account));
        Ok(Accounts { clients: Arc::new(clients), clock, now: Arc::new(watch::Sender::new(Arc::new(directory))) })
    }

    /// Logs a warning for each account whose access token is dead, expires soon or was made for another app, as Meta says.
    pub async fn inspect_tokens(&self) {
        match self.clients.app() {
            Some((app, client)) => tokens::inspect(&self.now(), &app, &client, self.clock.now()).await,
            None => tracing::info!(hint = "set app.id", "the access tokens are not inspected: app.id is not set"),
        }
    }

    /// What there is now. It does not change any more: to be asked for again each time.
    pub fn now(&self) -> Arc<Directory> {
        Arc::clone(&self.now.borrow())
    }

    /// Tells from here on when something changes.
    pub fn changes(&self) -> Changes {
        Changes(self.now.subscribe())
    }

    /// An account appears under `name`, which counts in lower case.
    ///
    /// # Errors
    ///
    /// When an account of that name or id is there already.
    pub fn add(&self, name: &str, account: settings::Account) -> Result<(), NotAdded> {
        let mut account = Account::new(&name.to_ascii_lowercase(), account.clone(), self.clients.of(&account));
        account.resumed_at = Some(self.clock.steady());
        self.change(|directory| {
            if directory.named(&account.name).is_some() {
                return Err(NotAdded::NameTaken);
            }
            if directory.with_id(account.id()).is_some() {
                return Err(NotAdded::IdTaken);
            }
            Ok(directory.with(account))
        })
    }

    /// The account's calls carry this token from here on. Its pace, and what is known of Meta's limits, stay.
    ///
    /// # Errors
    ///
    /// When there is no such account, or the token holds what no header can carry.
    pub fn renew_token(&self, name: &str, token: &Secret) -> Result<(), NotRenewed> {
        self.alter(name, |account| {
            self.clients.renew_token(&account.client, token).map_err(|_| NotRenewed::Unsendable)?;
            account.settings.access_token = token.clone();
            Ok(())
        })
    }

    /// From here on no handler is given an event of the account's, and nothing of it leaves, until [`Accounts::resume`]. What is
    /// under way ends.
    ///
    /// # Errors
    ///
    /// When there is no such account.
    pub fn pause(&self, name: &str) -> Result<(), Unknown> {
        self.alter(name, |account| {
            account.is_paused = true;
            Ok(())
        })
    }

    /// A paused account goes on.
    ///
    /// # Errors
    ///
    /// When there is no such account.
    pub fn resume(&self, name: &str) -> Result<(), Unknown> {
        let now = self.clock.steady();
        self.alter(name, |account| {
            account.is_paused = false;
            account.resumed_at = Some(now);
            Ok(())
        })
    }

    /// The account leaves. What is under way ends.
    ///
    /// # Errors
    ///
    /// When there is no such account.
    pub fn remove(&self, name: &str) -> Result<(), Unknown> {
        self.change(|directory| directory.without(name).ok_or(Unknown))
    }

    fn alter<E: From<Unknown>>(&self, name: &str, alter: impl FnOnce(&mut Account) -> Result<(), E>) -> Result<(), E> {
        self.change(|directory| {
            let mut account = Account::clone(directory.named(name).ok_or(Unknown)?);
            alter(&mut account)?;
            Ok(directory.with(account))
        })
    }

    /// One change after the other, each on what the one before has made.
    fn change<E>(&self, change: impl FnOnce(&Directory) -> Result<Directory, E>) -> Result<(), E> {
        let mut result = Ok(());
        self.now.send_if_modified(|directory| match change(directory) {
            Ok(changed) => {
                *directory = Arc::new(changed);
                true
            }
            Err(error) => {
                result = Err(error);
                false
            }
        });
        result
    }
}

/// Tells of changes.
#[derive(Debug)]
pub struct Changes(watch::Receiver<Arc<Directory>>);

impl Changes {
    /// Returns when something has changed since the last time.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The registry is gone, and with it all changes.
            std::future::pending().await
        }
    }
}
