//! An event arrives: what it says of the conversation, and what is to be done about it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::echo::{MOST_PARKED, Parked};
use super::events::Item;
use super::first_version::{Judged, TakenEdit};
use super::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::{Control, Envelope, Event, Handover, Key, Kind, Object};
use crate::id::{AppId, EventId, MessageId};
use crate::policy::Window;

/// How many of the last messages are remembered, so that their first versions are known as edits. Meta sends both within seconds
/// of each other.
const MESSAGES: usize = 32;

/// How many edits that were taken for messages are remembered.
const EDITS: usize = 8;

/// An event that is new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) kept: &'a KeptEvent,
    pub(crate) envelope: &'a Envelope,
    /// Whether it tells of a right that was given in another conversation, which hears of it too.
    pub(crate) is_of_another: bool,
}

/// An event as it was kept when it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptEvent {
    pub(crate) id: EventId,
    pub(crate) item: Arc<Item>,
    /// What the delivery said its accounts are.
    pub(crate) object: Option<Object>,
    pub(crate) care: Care,
    /// Of a first version: whether its message is known by its key, which has no time.
    pub(crate) is_message_known: bool,
    /// Of a message: whether its key without a time was known, which only its first version leaves.
    pub(crate) is_edit_known: bool,
}

/// What is to be done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Care {
    pub(crate) is_handled: bool,
    /// Until when a person is to be answered.
    pub(crate) answer_by: Option<Timestamp>,
}

/// Whose words an echo repeats. What is no echo is foreign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// Our own: the send they repeat is settled.
    Own,
    /// Our own or not: a send in flight will tell.
    Perhaps,
    /// Another app's, or a person's at the inbox.
    Foreign,
}

/// What later happenings ask of the events that are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The last echo of another app, or of a person at the inbox.
    pub(super) last_foreign_echo: Option<EventId>,
    /// Whether any message was ever heard of, by whichever side.
    pub(super) has_messages: bool,
    /// Short hashes of the keys of the last messages, where their first versions come beside them.
    messages: VecDeque<u64>,
    edits: VecDeque<TakenEdit>,
}

impl Heard {
    /// What an older release had heard.
    pub(super) fn former(last_foreign_echo: Option<EventId>, has_messages: bool) -> Heard {
        Heard { last_foreign_echo, has_messages, ..Heard::default() }
    }

    pub(super) fn foreign_echo(&mut self, event: EventId) {
        self.last_foreign_echo = self.last_foreign_echo.max(Some(event));
    }

    /// Whether the message of this key is one of the last.
    pub(super) fn was_told(&self, message: &Key) -> bool {
        self.messages.contains(&short(message))
    }

    pub(super) fn taken_edit(&self, mid: &MessageId) -> Option<&TakenEdit> {
        self.edits.iter().rev().find(|edit| edit.mid == *mid)
    }

    fn message(&mut self, key: &Key) {
        self.messages.push_back(short(key));
        if self.messages.len() > MESSAGES {
            self.messages.pop_front();
        }
    }

    fn edit(&mut self, edit: TakenEdit) {
        self.edits.push_back(edit);
        if self.edits.len() > EDITS {
            self.edits.pop_front();
        }
    }
}

fn short(key: &Key) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|byte| key.hash[byte]))
}

impl Conversation {
    /// An event that is new arrives. Returns whose words it repeats, and whether it waits for a handler.
    pub(crate) fn arrived(&mut self, scene: &mut Scene<'_>, arrival: &Arrival<'_>) -> Recognised {
        let none = Care { is_handled: false, answer_by: None };
        let kept = arrival.kept;
        let unanswered = Care { answer_by: None, ..kept.care };
        self.arrived_until = self.arrived_until.max(Some(kept.id));
        match self.judge(arrival) {
            Judged::AsRead => self.received(scene, arrival, arrival.envelope, kept.care),
            Judged::Edit(edit) => {
                // It was kept as a message.
                self.changes.items.insert(kept.id);
                self.received(scene, arrival, &edit, unanswered)
            }
            Judged::Answered => self.received(scene, arrival, arrival.envelope, none),
            Judged::Also => self.received(scene, arrival, arrival.envelope, unanswered),
        }
    }

    fn received(
        &mut self,
        scene: &mut Scene<'_>,
        arrival: &Arrival<'_>,
        envelope: &Envelope,
        care: Care,
    ) -> Recognised {
        let recognised = match &envelope.event {
            Event::Echo(echo) => match self.recognise(scene, envelope, echo) {
                Recognised::Perhaps if self.parked.len() >= MOST_PARKED => Recognised::Foreign,
                recognised => recognised,
            },
            _ => Recognised::Foreign,
        };
        let id = arrival.kept.id;
        let previous = self.last_event.replace(id);
        self.is_image_behind = true;
        let item = &arrival.kept.item;
        let item = match envelope.kind() == item.kind {
            true => Arc::clone(item),
            false => Arc::new(Item { kind: envelope.kind(), ..Item::clone(item) }),
        };
        if let Some(by) = care.answer_by {
            self.awaits(id, item.happened_at(), by);
        }
        let is_own = recognised == Recognised::Own;
        if !is_own && (care.is_handled || !is_receipt(envelope)) {
            self.last_event_at = Some(scene.now);
        }
        self.note(scene, arrival, envelope, is_own);
        match (recognised, &envelope.event) {
            (Recognised::Own, _) => self.changes.done(id, item, previous),
            // Also of an account that has left: it is evidence of a send that was under way.
            (Recognised::Perhaps, Event::Echo(echo)) => {
                self.parked.push(Parked { id, item, previous, echo: echo.clone() });
                self.changes.parked.insert(id);
            }
            _ if !care.is_handled => {
                self.changes.image |= !is_receipt(envelope);
                self.changes.done(id, item, previous);
            }
            (_, event) => {
                if matches!(event, Event::Echo(echo) if !echo.is_deleted) {
                    self.heard.foreign_echo(id);
                }
                self.enqueue(id, item, previous, scene.now);
                if let (Some(_), None, Some(queued)) =
                    (arrival.kept.care.answer_by, care.answer_by, self.events.back_mut())
                {
                    queued.is_answered = true;
                    self.changes.events.insert(id);
                }
            }
        }
        self.hear_of_others(scene, envelope, recognised == Recognised::Foreign);
        recognised
    }

    /// Notes what an event says of its conversation and its account. Late and repeated events never turn anything back: of two that
    /// contradict each other the later one counts, by the time inside them. What happened in the future counts as happening now.
    fn note(&mut self, scene: &mut Scene<'_>, arrival: &Arrival<'_>, envelope: &Envelope, is_own: bool) {
        let now = scene.now;
        if let Some(owner) = self.owner.after(envelope, scene.ours, now) {
            self.owner = owner;
            self.changes.image = true;
        }
        // What we say counts from when it is planned.
        if says(&envelope.event) && !is_own {
            self.said.said(told_at(envelope, now));
        }
        if let Some(opened_at) = envelope.opened_at().map(|at| at.min(now)) {
            if self.window.is_none_or(|window| opened_at > window.opened_at) {
                self.window = Some(Window { opened_at, opened_by: envelope.kind() });
            }
            if envelope.kind() == Kind::Message {
                self.last_message_at = self.last_message_at.max(Some(opened_at));
            }
        }
        let is_message =
            matches!(envelope.kind(), Kind::Message | Kind::Echo | Kind::Postback | Kind::Edit | Kind::Reaction);
        if is_message && !self.heard.has_messages {
            self.heard.has_messages = true;
            self.changes.image |= is_own;
        }
        if envelope.kind() == Kind::Message {
            let kept = arrival.kept;
            match TakenEdit::of(kept.id, &kept.item).filter(|_| envelope.first_version.is_some()) {
                Some(edit) => self.heard.edit(edit),
                None if envelope.object != Some(Object::Page) => self.heard.message(&envelope.key),
                None => {}
            }
        }
        if !arrival.is_of_another {
            self.hear_of_right(envelope, arrival.kept.id, now);
        }
        match &envelope.event {
            Event::Comment(comment) => {
                scene.account.on_air(envelope, comment, arrival.kept.id, now);
            }
            Event::PolicyEnforcement(enforcement) => {
                scene.account.enforced(envelope, enforcement, arrival.kept.id, now);
            }
            _ => {}
        }
    }

    /// Notes what an event tells of others. `by_another`: an echo is certainly not of our own words.
    fn hear_of_others(&mut self, scene: &Scene<'_>, envelope: &Envelope, by_another: bool) {
        let at = told_at(envelope, scene.now);
        match &envelope.event {
            Event::Echo(echo) if by_another && !echo.is_deleted => self.others_spoke(None, at),
            Event::Handover(Handover::Pass(control) | Handover::Take(control)) if was_with_another(scene, control) => {
                self.said.others_spoke(at);
            }
            _ => {}
        }
    }
}

/// Whether an event only tells that something has arrived or was seen: it changes nothing in the conversation.
fn is_receipt(envelope: &Envelope) -> bool {
    matches!(envelope.kind(), Kind::Read | Kind::Delivery) && !envelope.standby
}

/// Whether an event says something, by whichever side.
fn says(event: &Event) -> bool {
    match event {
        Event::Echo(echo) => !echo.is_deleted,
        event => event.is_act(),
    }
}

fn told_at(envelope: &Envelope, now: Timestamp) -> Timestamp {
    envelope.at.map_or(now, |at| at.min(now))
}

/// Whether another app had the conversation, or has it now. Where our own ids are not configured, whichever app had it before is
/// taken for another one: to disclose oneself once more harms no person.
fn was_with_another(scene: &Scene<'_>, control: &Control) -> bool {
    let is_another = |app: &AppId| scene.ours.is_another_app(app);
    match (&control.previous_owner_app_id, &control.new_owner_app_id) {
        (_, Some(new)) if is_another(new) => true,
        (Some(previous), _) => is_another(previous) || !scene.ours.knows_its_apps(),
        (None, _) => false,
    }
}
