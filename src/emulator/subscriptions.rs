//! What the app is told of: the fields of its own subscription and of each account's.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps>

/// The subscriptions. An app that has said nothing yet is told everything.
#[derive(Default)]
pub(super) struct Subscriptions {}

impl Subscriptions {
    /// Whether events of `field` at the account (by its place in the world) are delivered.
    pub(super) fn wants(&self, account: usize, field: &str) -> bool {
        let _ = (account, field);
        true
    }
}
