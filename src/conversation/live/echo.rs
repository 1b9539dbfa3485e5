//! Whose words does an echo repeat?
//!
//! On a Page the echo of our own send carries the metadata we gave it. On Instagram it carries nothing but its `mid` and
//! its text, and it may come before Meta's answer tells us the `mid`: such an echo is parked while a send of its
//! conversation is on its way or in doubt, and never taken for another app's before that is settled. So is the echo of a
//! private reply, whose send stands in another conversation.

use std::sync::Arc;

use super::super::{KnownMessages, SendOutcome, SendStatus};
use super::heard::Recognised;
use super::item::Item;
use super::send::{MessageHash, Remembered, Send};
use super::value::{Conversation, Scene};
use crate::event::{Echo, Envelope, Mark};
use crate::id::{EventId, MessageId, PersonId, SendId};
use crate::message::{Recipient, Request};

/// What stands for the starts under which a send left before its epochs were kept. Its mark names none.
const BEFORE_EPOCHS: &str = "-";

/// How many echoes wait at the most. One that finds so many is taken for another app's.
pub(super) const MOST_PARKED: usize = 100;

impl Conversation {
    /// Recognises an echo, and settles the send that it repeats.
    pub(super) fn recognise(&mut self, scene: &mut Scene<'_>, envelope: &Envelope, echo: &Echo) -> Recognised {
        // That a message was taken back is news, by whichever app it had been sent.
        if echo.is_deleted {
            return Recognised::Foreign;
        }
        if let Some(mark) = scene.ours.mark_of(echo) {
            // One that does not match repeats a send of this store that the store does not know any more: it was restored from a
            // copy that is older than the send.
            self.marked(scene, mark, envelope.person.as_ref(), echo.mid.as_ref());
            return Recognised::Own;
        }
        // Another store's send, whatever ours says.
        if echo.mark.is_some() {
            return Recognised::Foreign;
        }
        self.by_message(scene, echo)
    }

    /// An echo with our mark has come. The send that it names may stand in another conversation: that of a private reply does.
    pub(crate) fn marked(
        &mut self,
        scene: &mut Scene<'_>,
        mark: &Mark,
        person: Option<&PersonId>,
        mid: Option<&MessageId>,
    ) {
        match self.sends.iter().find(|send| send.id() == mark.send) {
            Some(Remembered::Whole(send)) if send.has_left(mark, person) => self.arrived_as(scene, mark.send, mid),
            Some(Remembered::Past(past)) if past.is_repeated_by(mark, mid) => self.changes.repeats.push(mark.send),
            Some(_) => {}
            None => self.changes.echoed.push((mark.clone(), person.cloned(), mid.cloned())),
        }
    }

    /// Recognises an echo without our metadata: by its `mid`, else by what is in flight or in doubt.
    fn by_message(&mut self, scene: &mut Scene<'_>, echo: &Echo) -> Recognised {
        if let Some(mid) = echo.mid.as_ref().map(MessageHash::of)
            && (self.became(mid) || scene.account.became(mid))
        {
            return Recognised::Own;
        }
        if echo.app_id.as_ref().is_some_and(|app| scene.ours.is_another_app(app)) {
            return Recognised::Foreign;
        }
        let saying = |wanted: fn(&Send) -> bool| {
            let unsure = self.whole_sends().filter(|send| send.may_be_echoed());
            unsure.filter(|send| wanted(send)).find(|send| says(&send.request, echo)).map(|send| send.id)
        };
        let replies = scene.account.repeated_by(echo);
        // One that is on its way will tell by its answer; one in doubt is younger than what was in doubt before.
        if saying(|send| send.state.status == SendStatus::Sending).is_some()
            || replies.iter().any(|reply| reply.is_open)
        {
            return Recognised::Perhaps;
        }
        let unsettled = saying(|send| send.state.status == SendStatus::InDoubt)
            .or_else(|| saying(|send| send.was_in_doubt() && send.state.status != SendStatus::Sent));
        if let Some(send) = unsettled {
            self.settle_as_sent(scene, send, echo.mid.as_ref());
            return Recognised::Own;
        }
        // Sent again on the evidence there was; this is the first of the two.
        if let Some(send) = saying(|send| send.was_in_doubt() && send.state.attempts > 1) {
            self.count_repeat(send, echo.mid.as_ref());
            return Recognised::Own;
        }
        match &replies[..] {
            [] => {}
            [only] => {
                scene.account.has_its_echo(only.send);
                self.changes.repeated.push((only.send, echo.mid.clone()));
                return Recognised::Own;
            }
            // It cannot be told which of them.
            _ => return Recognised::Own,
        }
        // What is held may wait for days for the operator; other people's words do not wait with it.
        let is_open = |send: &Send| matches!(send.state.status, SendStatus::Sending | SendStatus::InDoubt);
        if self.whole_sends().any(is_open) { Recognised::Perhaps } else { Recognised::Foreign }
    }

    /// The send has become this message, whatever was known of it.
    pub(crate) fn arrived_as(&mut self, scene: &mut Scene<'_>, send: SendId, mid: Option<&MessageId>) {
        self.settle_as_sent(scene, send, mid);
        self.count_repeat(send, mid);
    }

    pub(crate) fn settle_as_sent(&mut self, scene: &mut Scene<'_>, send: SendId, mid: Option<&MessageId>) {
        self.settle(scene, send, &SendOutcome::Sent { message_id: mid.cloned() });
        // Meta can reject a send that it has delivered. An echo overrides the rejection; sends queued behind it have already gone
        // out, so their order is not restored.
        let is_lost = |send: &Send| matches!(send.state.status, SendStatus::Refused | SendStatus::Failed);
        if !self.send(send).is_some_and(is_lost) {
            return;
        }
        let Some(changed) = self.change(send) else { return };
        changed.state.arrived_after_all(mid.cloned(), scene.now);
        let left_at = changed.state.attempted_at;
        self.take_right_again(send);
        self.said.redone(send, left_at);
        self.was_sent_after_all(send);
        self.changes.image = true;
    }

    /// A send whose echo names another message than the one that it became has arrived twice.
    fn count_repeat(&mut self, send: SendId, mid: Option<&MessageId>) {
        let is_other = |send: &Send| {
            let is_other = send.state.message_id.is_some() && send.state.message_id.as_ref() != mid;
            mid.is_some() && is_other && send.state.status == SendStatus::Sent
        };
        if self.send(send).is_some_and(is_other)
            && let Some(send) = self.change(send)
        {
            send.state.repeats += 1;
        }
    }

    /// Whether one of the conversation's last sends became this message.
    fn became(&self, mid: MessageHash) -> bool {
        self.sends.iter().any(|send| send.message() == Some(mid))
    }

    /// The messages that the sends around one became.
    pub(super) fn known_messages(&self, around: SendId) -> KnownMessages {
        let mut known = KnownMessages::default();
        let mut is_before = false;
        for send in self.sends.iter().rev() {
            if send.id() == around {
                is_before = true;
            } else if let Some(mid) = send.message() {
                let side = if is_before { &mut known.before } else { &mut known.after };
                side.push(mid);
            }
        }
        known
    }

    /// Looks again at the echoes that wait, after a send was settled or came into doubt.
    pub(crate) fn look_at_parked(&mut self, scene: &mut Scene<'_>) {
        // One at a time: settling a send for one of them looks at all of them again.
        let mut last = None;
        while let Some(parked) = self.parked.iter().find(|parked| Some(parked.id) > last).cloned() {
            last = Some(parked.id);
            let recognised = self.by_message(scene, &parked.echo);
            let Some(place) = self.parked.iter().position(|waiting| waiting.id == parked.id) else { continue };
            match recognised {
                Recognised::Perhaps => continue,
                Recognised::Own => self.changes.done(parked.id, Arc::clone(&parked.item), parked.previous),
                Recognised::Foreign => {
                    self.others_spoke(None, parked.item.happened_at());
                    self.heard.foreign_echo(parked.id);
                    self.enqueue(parked.id, Arc::clone(&parked.item), parked.previous, scene.now);
                    // It waits no more.
                    self.changes.events.insert(parked.id);
                }
            }
            self.parked.remove(place);
            self.changes.image = true;
        }
    }

    /// Whether an echo waits here for a send to be settled.
    pub(crate) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// The echoes that wait.
    pub(crate) fn parked(&self) -> impl Iterator<Item = (EventId, &Arc<Item>, Option<EventId>)> {
        self.parked.iter().map(|parked| (parked.id, &parked.item, parked.previous))
    }
}

impl Send {
    /// Whether an echo without our metadata may repeat it.
    fn may_be_echoed(&self) -> bool {
        self.was_in_doubt() || self.state.status == SendStatus::Sending
    }

    /// Whether it has left under the mark's epoch, and, where it names its person by id, to the echo's person. Words are not
    /// compared: Meta rewrites those of templates.
    fn has_left(&self, mark: &Mark, person: Option<&PersonId>) -> bool {
        let epoch = mark.epoch.as_deref().unwrap_or(BEFORE_EPOCHS);
        let is_to = match &self.request.recipient {
            Recipient::Id(id) => Some(id) == person,
            _ => true,
        };
        is_to && self.state.epochs.iter().any(|known| known == epoch)
    }
}

/// Whether a send says what an echo repeats: the same words, however they are spaced, or something of the same type. Media
/// come back under another address.
pub(super) fn says(request: &Request, echo: &Echo) -> bool {
    let Some(message) = request.as_message() else { return false };
    match (message.as_text(), echo.text.as_deref()) {
        (Some(said), Some(repeated)) => said.split_whitespace().eq(repeated.split_whitespace()),
        (None, None) => match (message.attachment(), echo.attachments.first()) {
            (Some(sent), Some(repeated)) => sent.kind == repeated.kind.as_str(),
            _ => false,
        },
        _ => false,
    }
}
