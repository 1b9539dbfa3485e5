//! Which app has a conversation.
//!
//! Meta tells when control is passed or taken, and nothing when it is released, lapses, or is taken of a conversation that no app
//! had. What can be concluded from where events come is therefore concluded: what comes on `standby` is another app's
//! conversation, and what comes to us is not.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversation-routing>

use serde::{Deserialize, Serialize};

use super::super::identity::StoreIdentity;
use crate::clock::Timestamp;
use crate::event::{Envelope, Event, Handover};
use crate::id::AppId;

/// What is known of a conversation's owner, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(super) app: Option<AppId>,
    pub(super) at: Option<Timestamp>,
}

impl Owner {
    /// The owner once an event has happened. `None` where nothing changes, and for what is older than what is known.
    pub(super) fn after(&self, envelope: &Envelope, ours: &StoreIdentity, now: Timestamp) -> Option<Owner> {
        let at = envelope.at?.min(now);
        if self.at.is_some_and(|known| at < known) {
            return None;
        }
        let told = |app: Option<AppId>| Some(Owner { app, at: Some(at) });
        match &envelope.event {
            Event::Handover(Handover::Pass(control) | Handover::Take(control)) => {
                told(control.new_owner_app_id.clone())
            }
            // Only the owner can write.
            Event::Echo(echo) if envelope.standby => told(echo.app_id.clone()).filter(|owner| owner.app != self.app),
            _ => {
                let is_anothers = ours.is_another_app(self.app.as_ref()?);
                let contradicts = if envelope.standby { !is_anothers } else { is_anothers && is_act(envelope) };
                contradicts.then(|| told(None)).flatten()
            }
        }
    }
}

/// Whether the person did something. Receipts and echoes say nothing of who is to answer.
fn is_act(envelope: &Envelope) -> bool {
    envelope.event.opens() && !envelope.by_account
}
