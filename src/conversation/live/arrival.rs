//! An event arrives: what it says of the conversation, and what is to be done about it.

use std::sync::Arc;

use super::echo::MOST_PARKED;
use super::first_version::Judged;
use super::heard::{Parked, Recognised, TakenEdit};
use super::item::{Arrival, Care, Item, QueuedEvent};
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::{Control, Envelope, Event, Handover, Kind, Object};
use crate::id::AppId;
use crate::policy::Window;

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
        if matches!(&envelope.event, Event::Echo(echo) if !echo.is_deleted) && recognised == Recognised::Foreign {
            self.heard.foreign_echo(id);
        }
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
            _ => {
                let is_answered = arrival.kept.care.answer_by.is_some() && care.answer_by.is_none();
                let fresh = QueuedEvent::new(id, item, scene.now);
                self.heard.is_queued(id);
                self.enqueue_as(QueuedEvent { previous, is_answered, ..fresh });
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
            let edit = envelope.first_version.as_ref().and_then(|_| TakenEdit::of(kept.id, &kept.item));
            match edit {
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
