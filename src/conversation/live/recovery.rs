//! What a process that died left behind, and the end of each happening.

use super::super::{SendOutcome, SendStatus};
use super::{AccountValue, Changes, Conversation, Record, Scene};

impl Conversation {
    /// A process begins. Events that were running are handled again, unless they seem to be what ends the process. Sends that were
    /// on their way are in doubt: the bytes may have left.
    pub(crate) fn recover(&mut self, scene: &mut Scene<'_>) {
        self.recover_event(scene);
        let sending = self.sends.iter().filter(|send| send.state.status == SendStatus::Sending);
        let sending: Vec<_> = sending.map(|send| (send.id, send.request.is_action())).collect();
        for (send, is_action) in sending {
            let reason = "the process ended while the send was on its way".into();
            // Sender actions are tried once and never in doubt.
            let outcome =
                if is_action { SendOutcome::Failed { reason } } else { SendOutcome::InDoubt { reason, silent: true } };
            self.settle(scene, send, &outcome);
        }
        self.look_at_parked(scene);
    }

    /// Ends a happening: tells the account of its private replies, gives what is to be written and what is to be followed, and
    /// forgets what is over.
    pub(crate) fn end(&mut self, account: &mut AccountValue) -> (Vec<Record>, Changes) {
        self.follow_private_replies(account);
        self.forget_answered();
        for event in self.events.iter_mut().filter(|event| self.changes.events.contains(&event.id)) {
            event.is_noted = true;
        }
        let changes = self.changes.take();
        let records = self.records(&changes);
        // Last: what ends by this happening is written, however long ago it was planned.
        self.forget_past_sends();
        (records, changes)
    }
}
