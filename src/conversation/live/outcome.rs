//! What became of a send that was not sent, told to its conversation as an event.

use std::sync::Arc;

use serde_json::json;

use super::events::Item;
use super::{Conversation, Scene};
use crate::event::Kind;
use crate::id::{PersonId, SendId};
use crate::message::Recipient;

impl Conversation {
    /// Tells the handler that a send was refused, has failed or is held. Sends made on an outcome make none, else two of them could
    /// keep each other going for ever; and a handler need not know of a typing indicator that was not shown.
    pub(super) fn tell(&mut self, scene: &mut Scene<'_>, send: SendId) {
        let Some(send) = self.send(send).filter(|send| !send.request.is_action() && !send.on_outcome) else { return };
        let state = &send.state;
        let raw = json!({"send": send.id, "status": state.status, "rule": state.rule, "reason": state.reason,
            "message_id": state.message_id});
        let item = Item {
            kind: Kind::Outcome,
            person: self.person(&send.request.recipient),
            standby: false,
            list: None,
            at: None,
            received_at: scene.now,
            trace: send.trace,
            raw: raw.to_string().into_bytes(),
        };
        let id = (scene.next_event)();
        self.last_event_at = Some(scene.now);
        let item = Arc::new(item);
        self.changes.begun.push((id, Arc::clone(&item)));
        let previous = self.last_event.replace(id);
        self.enqueue(id, item, previous, scene.now);
        self.changes.image = true;
    }

    /// The person to whom something goes in this conversation. A comment whose author Meta does not name is a conversation of its
    /// own, whose name is the comment's.
    pub(crate) fn person(&self, recipient: &Recipient) -> Option<PersonId> {
        match recipient {
            Recipient::CommentId(comment) if *comment == self.key.name => None,
            _ => Some(self.key.name.as_str()).filter(|name| !name.is_empty()).map(PersonId::new),
        }
    }
}
