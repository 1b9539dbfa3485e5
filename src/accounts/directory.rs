//! All accounts at one moment, by name and by Meta's id.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::Account;
use crate::id::AccountId;

/// The accounts, as they were when this was asked for.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_name: BTreeMap<Arc<str>, Arc<Account>>,
    by_id: HashMap<AccountId, Arc<Account>>,
}

impl Directory {
    pub(super) fn of(accounts: impl Iterator<Item = Account>) -> Directory {
        let mut directory = Directory::default();
        accounts.for_each(|account| directory.insert(account));
        directory
    }

    /// The account of this name, however that is written.
    pub fn named(&self, name: &str) -> Option<&Arc<Account>> {
        match self.by_name.get(name) {
            Some(account) => Some(account),
            None => self.by_name.get(name.to_ascii_lowercase().as_str()),
        }
    }

    /// The account that Meta calls so.
    pub fn with_id(&self, id: &AccountId) -> Option<&Arc<Account>> {
        self.by_id.get(id)
    }

    /// Every account, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.by_name.values()
    }

    /// The same with this account, in the place of one of its name where there is one.
    pub(super) fn with(&self, account: Account) -> Directory {
        let mut directory = self.clone();
        directory.insert(account);
        directory
    }

    /// The same without the account of this name; none where there is no such account.
    pub(super) fn without(&self, name: &str) -> Option<Directory> {
        let mut directory = self.clone();
        let name = Arc::clone(&directory.named(name)?.name);
        let account = directory.by_name.remove(&name)?;
        directory.by_id.remove(account.id());
        Some(directory)
    }

    fn insert(&mut self, account: Account) {
        let account = Arc::new(account);
        self.by_id.insert(account.id().clone(), Arc::clone(&account));
        self.by_name.insert(Arc::clone(&account.name), account);
    }
}
