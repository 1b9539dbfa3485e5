//! What is our own: the note in `message.metadata` by which the echo of our send is recognised, our app's ids, and our accounts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Echo, Mark};
use crate::id::{AccountId, AppId, SendId};
use crate::policy::Standing;
use crate::settings::Platform;

/// The Page's inbox and Instagram's, as Meta names them and has misprinted one.
const INBOXES: [&str; 3] = ["263902037430900", "1217981644879628", "26390203743090"];

/// What the settings say of us.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The ids of our own app, by which its echoes are told from those of others.
    pub apps: Vec<AppId>,
    /// The accounts that there are at the start.
    pub accounts: Vec<AccountId>,
    /// Where each of our accounts is, and what Meta granted it.
    pub standings: Standings,
    /// The longest that an event or a send waits for its next try, or for a look.
    pub longest_wait: Duration,
}

/// Tells of an account where it is and what Meta granted it; nothing of one that is not ours. It is asked each time: accounts
/// come and go.
#[derive(Clone)]
pub struct Standings(Arc<Tell>);

type Tell = dyn Fn(&AccountId) -> Option<Standing> + Send + Sync;

impl Standings {
    /// Asks `tell` each time.
    pub fn by(tell: impl Fn(&AccountId) -> Option<Standing> + Send + Sync + 'static) -> Standings {
        Standings(Arc::new(tell))
    }
}

impl Default for Standings {
    fn default() -> Standings {
        Standings::by(|_| None)
    }
}

impl fmt::Debug for Standings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Standings")
    }
}

/// Tells our own sends from those of others.
///
/// The store's name is random, so that a new file takes no echo of an older file's sends for its own. The epoch is random too,
/// and new at each start: a store that was restored from a copy gives ids again that it gave after the copy was made, and the
/// late echoes of those sends must not settle the new ones.
#[derive(Debug)]
pub(crate) struct StoreIdentity {
    store: String,
    epoch: String,
    ours: Identity,
}

impl StoreIdentity {
    pub(crate) fn new(store: &str, ours: Identity) -> StoreIdentity {
        let epoch = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        StoreIdentity { store: store.to_owned(), epoch, ours }
    }

    /// The same at the server's next start.
    #[cfg(test)]
    pub(crate) fn restarted(&self) -> StoreIdentity {
        StoreIdentity::new(&self.store, self.ours.clone())
    }

    /// This start of the server.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// What the settings say of an account. One that they do not name was granted nothing.
    pub(crate) fn standing(&self, account: &AccountId) -> Standing {
        let unnamed = || Standing { platform: Platform::Messenger, features: Vec::new() };
        (self.ours.standings.0)(account).unwrap_or_else(unnamed)
    }

    /// The metadata of a send, with the author's own behind our mark.
    pub(crate) fn metadata(&self, send: SendId, authors: Option<&str>) -> String {
        Mark { store: self.store.clone(), send, epoch: Some(self.epoch.clone()) }.write(authors)
    }

    /// The mark of an echo, where this store wrote it.
    pub(crate) fn mark_of<'a>(&self, echo: &'a Echo) -> Option<&'a Mark> {
        echo.mark.as_ref().filter(|mark| mark.store == self.store)
    }

    /// The longest that anything waits for its time.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.ours.longest_wait
    }

    /// Whether our own apps' ids are configured.
    pub(crate) fn knows_its_apps(&self) -> bool {
        !self.ours.apps.is_empty()
    }

    /// Whether an app is certainly not ours. Where our ids are not configured, none but Meta's own are.
    pub(crate) fn is_another_app(&self, app: &AppId) -> bool {
        INBOXES.contains(&app.as_str()) || (self.knows_its_apps() && !self.ours.apps.contains(app))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_app_is_one_that_is_not_configured() {
        let apps = vec![AppId::new("555"), AppId::new("777")];
        let own = StoreIdentity::new("7f3a", Identity { apps, ..Identity::default() });
        assert!(own.is_another_app(&AppId::new("263902037430900")));
        assert!(!own.is_another_app(&AppId::new("777")));
        let nameless = StoreIdentity::new("7f3a", Identity::default());
        assert!(nameless.is_another_app(&AppId::new("263902037430900")));
        assert!(!nameless.is_another_app(&AppId::new("888")));
    }
}
