//! A message and its first version, an edit with the number 0: which of the two comes first is the message.

use std::sync::Arc;

use super::heard::text_hash;
use super::item::{Arrival, Item};
use super::value::Conversation;
use crate::event::{Envelope, Event, Message, Object};

/// What an event turns out to be.
pub(super) enum Judged {
    /// What it was read as.
    AsRead,
    /// An edit: its message is known.
    Edit(Box<Envelope>),
    /// The message of an edit that was taken for it, and says no more than the edit did. It is kept; its person has been answered.
    Answered,
    /// The same, but it says more: it is handled too. The wait for an answer ended with the edit's.
    Also,
}

impl Conversation {
    /// Judges an event that is new.
    pub(super) fn judge(&mut self, arrival: &Arrival<'_>) -> Judged {
        let envelope = arrival.envelope;
        match (&envelope.event, &envelope.first_version) {
            // Pages are not known to send a first version beside the message, and their messages do not look for one.
            (_, Some(_)) if envelope.object == Some(Object::Page) => {
                Judged::Edit(Box::new(envelope.clone().beside_its_message()))
            }
            (_, Some(first)) => match arrival.kept.is_message_known || self.heard.was_told(&first.message) {
                true => Judged::Edit(Box::new(envelope.clone().beside_its_message())),
                false => Judged::AsRead,
            },
            (Event::Message(message), None) if envelope.object != Some(Object::Page) && arrival.kept.is_edit_known => {
                self.behind_its_edit(arrival, message)
            }
            (_, None) => Judged::AsRead,
        }
    }

    /// A message of which an edit was taken before. As long as no handler has the edit, the message takes its place.
    fn behind_its_edit(&mut self, arrival: &Arrival<'_>, message: &Message) -> Judged {
        let envelope = arrival.envelope;
        let edit = message.mid.as_ref().and_then(|mid| self.heard.taken_edit(mid)).cloned();
        let Some(edit) = edit else { return Judged::Also };
        let waiting = self.events.iter_mut().find(|queued| queued.id == edit.event);
        if let Some(waiting) = waiting.filter(|queued| !queued.is_running && queued.attempts == 0) {
            let item = Item { raw: envelope.raw.get().as_bytes().to_vec(), ..Item::clone(&waiting.item) };
            waiting.item = Arc::new(item);
            self.changes.items.insert(edit.event);
            return Judged::Answered;
        }
        if edit.is_waiting && self.last_on_disk().is_some() {
            let item = Item::of(envelope, arrival.kept.item.trace, arrival.kept.item.received_at);
            self.changes.items_on_disk.push((edit.event, Arc::new(item)));
            return Judged::Answered;
        }
        let says_more = text_hash(message.text()) != edit.text
            || !message.attachments().is_empty()
            || message.quick_reply().is_some()
            || message.reply_to().is_some();
        if says_more { Judged::Also } else { Judged::Answered }
    }
}
