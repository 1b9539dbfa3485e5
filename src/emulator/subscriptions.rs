//! What the app is told of: the fields of its own subscription and of each account's.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps>

use std::collections::BTreeSet;

/// The subscriptions. An app that has said nothing yet is told everything.
#[derive(Default)]
pub(super) struct Subscriptions {
    /// The accounts for which the callback has failed for an hour.
    cut_off: BTreeSet<usize>,
}

impl Subscriptions {
    /// Whether events of `field` at the account (by its place in the world) are delivered.
    pub(super) fn wants(&self, account: usize, field: &str) -> bool {
        let _ = field;
        !self.is_cut_off(account)
    }

    /// The callback has failed for too long: nothing of the account is delivered any more.
    pub(super) fn cut_off(&mut self, account: usize) {
        self.cut_off.insert(account);
    }

    /// Whether the account was cut off.
    pub(super) fn is_cut_off(&self, account: usize) -> bool {
        self.cut_off.contains(&account)
    }

    /// The account is subscribed again.
    pub(super) fn restore(&mut self, account: usize) {
        self.cut_off.remove(&account);
    }
}
