//! What became of a send that was not sent, told to its conversation as an event.

use std::sync::Arc;

use serde_json::json;

use super::item::Item;
use super::value::{Conversation, Scene};
use crate::event::Kind;
use crate::id::SendId;

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
            person: self.key.person(&send.request.recipient),
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
}
