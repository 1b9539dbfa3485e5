//! What the log tells once for each account.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::event::{Envelope, Event, Object};
use crate::id::AccountId;
use crate::settings::Platform;

/// How many accounts the log tells of.
const MOST: usize = 100;

/// The accounts of which something was told.
#[derive(Debug, Default)]
struct Accounts(Mutex<HashSet<AccountId>>);

impl Accounts {
    fn is_new(&self, account: &AccountId) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST && told.insert(account.clone())
    }
}

/// What was told of which accounts.
#[derive(Debug, Default)]
pub(super) struct Told {
    unknown: Accounts,
    other_object: Accounts,
    nameless: Accounts,
}

impl Told {
    /// A Page that the operator does not want any more may have a lot to say.
    pub(super) fn of_unknown(&self, account: &AccountId) {
        if self.unknown.is_new(account) {
            let hint = match account.as_str() {
                "0" => "this is what the dashboard's test button sends",
                _ => "configure it as accounts.<name>.id, or take the app's subscription off it",
            };
            tracing::warn!(account_id = %account, hint, "events come for an account that is not configured; they are kept, not handled");
        }
    }

    /// What is odd about an event of a configured account.
    pub(super) fn of_event(&self, platform: Platform, envelope: &Envelope) {
        let account = &envelope.account;
        if let Some(object) = envelope.object
            && (object == Object::Instagram) != platform.is_instagram()
            && self.other_object.is_new(account)
        {
            let (object, platform) = (object.as_str(), platform.as_str());
            let hint = "set accounts.<name>.platform to what the account is";
            tracing::warn!(account_id = %account, object, platform, hint, "deliveries call the account something else than the settings do");
        }
        if let Event::Edit(edit) = &envelope.event
            && edit.is_first_version()
            && envelope.person.is_none()
            && self.nameless.is_new(account)
        {
            let hint = "if the message itself does not come as well, it cannot be answered: see `rejoinder events`";
            tracing::warn!(account_id = %account, hint, "Meta tells of a message by an edit that does not say whose it is");
        }
    }
}
