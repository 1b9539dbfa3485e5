//! Which app a conversation belongs to.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversation-routing>

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;

use super::world::ChatKey;

/// The inbox of a Page, as an app.
pub(super) const PAGE_INBOX: &str = "263902037430900";

/// The inbox of an Instagram account, as an app.
pub(super) const INSTAGRAM_INBOX: &str = "1217981644879628";

/// How long an app owns a conversation in which nothing happens.
const CONTROL: Duration = Duration::from_secs(24 * 3600);

/// The owners of conversations. Who is in nobody's hands is idle.
#[derive(Default)]
pub(super) struct Routing {
    owners: BTreeMap<ChatKey, Owner>,
}

struct Owner {
    app_id: String,
    until: Timestamp,
}

impl Routing {
    /// The app that owns a conversation now.
    pub(super) fn owner(&self, chat: ChatKey, now: Timestamp) -> Option<&str> {
        self.owners.get(&chat).filter(|owner| now < owner.until).map(|owner| owner.app_id.as_str())
    }

    /// Whether another app than `app_id` owns a conversation, so that `app_id` hears of it on standby and cannot send.
    pub(super) fn is_anothers(&self, chat: ChatKey, app_id: &str, now: Timestamp) -> bool {
        self.owner(chat, now).is_some_and(|owner| owner != app_id)
    }

    /// Gives a conversation to an app.
    pub(super) fn pass(&mut self, chat: ChatKey, app_id: &str, now: Timestamp) {
        self.owners.insert(chat, Owner { app_id: app_id.to_owned(), until: now + CONTROL });
    }

    /// Nobody owns a conversation any more.
    pub(super) fn release(&mut self, chat: ChatKey) {
        self.owners.remove(&chat);
    }
}
