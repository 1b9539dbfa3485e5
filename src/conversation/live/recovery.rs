//! What a process that died left behind.

use super::super::{SendOutcome, SendStatus};
use super::value::{Conversation, Scene};

impl Conversation {
    /// A process begins. Events that were running are handled again, unless they seem to be what ends the process. Sends that were
    /// on their way are in doubt: the bytes may have left.
    pub(crate) fn recover(&mut self, scene: &mut Scene<'_>) {
        self.recover_event(scene);
        let unreadable = self.whole_sends().filter(|send| send.kept != Some(send.state.status)).map(|send| send.id);
        self.changes.sends.extend(unreadable.collect::<Vec<_>>());
        let sending = self.whole_sends().filter(|send| send.state.status == SendStatus::Sending);
        let sending: Vec<_> = sending.map(|send| (send.id, send.request.is_action())).collect();
        for (send, is_action) in sending {
            let reason = "the process ended while the send was on its way".into();
            // Sender actions are tried once and never in doubt.
            let outcome =
                if is_action { SendOutcome::Failed { reason } } else { SendOutcome::InDoubt { reason, silent: true } };
            self.settle(scene, send, &outcome);
        }
        self.come_forward(scene.now);
        self.look_at_parked(scene);
    }
}
