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

/// How long an app keeps a conversation in which nothing happens.
pub(super) const CONTROL: Duration = Duration::from_secs(24 * 3600);

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
        self.control(chat, now).map(|owner| owner.app_id.as_str())
    }

    /// Until when the conversation stays with the app that owns it now.
    pub(super) fn until(&self, chat: ChatKey, now: Timestamp) -> Option<Timestamp> {
        self.control(chat, now).map(|owner| owner.until)
    }

    /// Whether another app than `app_id` owns a conversation, so that `app_id` hears of it on standby and cannot send.
    pub(super) fn is_anothers(&self, chat: ChatKey, app_id: &str, now: Timestamp) -> bool {
        self.owner(chat, now).is_some_and(|owner| owner != app_id)
    }

    /// Gives a conversation to an app, until a moment.
    pub(super) fn give(&mut self, chat: ChatKey, app_id: &str, until: Timestamp) {
        self.owners.insert(chat, Owner { app_id: app_id.to_owned(), until });
    }

    /// An app was active in a conversation: it keeps it, or has it from now on where it was idle.
    pub(super) fn keep(&mut self, chat: ChatKey, app_id: &str, until: Timestamp) {
        match self.owners.get_mut(&chat) {
            Some(owner) if owner.app_id == app_id => owner.until = owner.until.max(until),
            _ => self.give(chat, app_id, until),
        }
    }

    /// The person has done something: whoever owns the conversation keeps it for longer.
    pub(super) fn prolong(&mut self, chat: ChatKey, now: Timestamp) {
        if let Some(owner) = self.owners.get_mut(&chat).filter(|owner| now < owner.until) {
            owner.until = owner.until.max(now + CONTROL);
        }
    }

    /// Takes a conversation out of everybody's hands.
    pub(super) fn release(&mut self, chat: ChatKey) {
        self.owners.remove(&chat);
    }

    fn control(&self, chat: ChatKey, now: Timestamp) -> Option<&Owner> {
        self.owners.get(&chat).filter(|owner| now < owner.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_lapses() {
        let (mut routing, chat) = (Routing::default(), ChatKey { account: 0, person: 0 });
        assert_eq!(routing.owner(chat, Timestamp(0)), None);
        routing.give(chat, PAGE_INBOX, Timestamp(10));
        assert_eq!(
            (routing.owner(chat, Timestamp(9)), routing.until(chat, Timestamp(9))),
            (Some(PAGE_INBOX), Some(Timestamp(10)))
        );
        assert!(routing.is_anothers(chat, "555", Timestamp(9)));
        assert!(!routing.is_anothers(chat, PAGE_INBOX, Timestamp(9)));
        assert_eq!(routing.owner(chat, Timestamp(10)), None);
        routing.give(chat, INSTAGRAM_INBOX, Timestamp(10));
        routing.keep(chat, INSTAGRAM_INBOX, Timestamp(5));
        assert_eq!(routing.until(chat, Timestamp(0)), Some(Timestamp(10)));
        routing.release(chat);
        assert_eq!(routing.owner(chat, Timestamp(0)), None);
    }
}
