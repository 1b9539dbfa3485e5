//! Events on their way to handlers, and what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::agenda::earlier;
use super::live::Live;
use super::outbox::taken_send;
use crate::clock::Timestamp;
use crate::conversation::live::{AccountValue, Conversation, ConversationId, Failed, QueuedEvent, RightKey};
use crate::conversation::{AutomaticReplies, EventStatus, Overdue, Typing, recipient};
use crate::event::{Envelope, Event, Kind, Origin};
use crate::id::{AccountId, EventId, PersonId, Thread};
use crate::policy::{Facts, Right};
use crate::store::records::Due;
use crate::store::{Batch, EventDemand, Failure, Finish, Replayed, TakenEvent, TakenSend, Takes, TurnStep, records};

impl Live {
    /// Gives events that are due to handlers, the first of each conversation, as many as `room` has for their accounts. Those of our own
    /// that are not on disk yet, up to the happening of the number `kept`, are passed over: a handler may tell others an event's id, and
    /// after a crash another event would have it.
    pub(crate) fn take(
        &mut self,
        db: &Connection,
        room: &[EventDemand],
        now: Timestamp,
        kept: u64,
    ) -> rusqlite::Result<Batch<TakenEvent>> {
        self.forget_begun(kept);
        let mut taken = Batch { items: Vec::new(), next_due: None };
        // First for all of them: where that fails, none is running yet.
        for demand in room {
            let kinds: &[(Due, usize)] = match demand.takes {
                Takes::InOrder => &[(Due::Fresh, demand.slots), (Due::Failed, demand.slots)],
                Takes::FreshOnly => &[(Due::Fresh, demand.slots)],
                Takes::FreshFirst => &[(Due::Fresh, demand.slots), (Due::Failed, 1)],
            };
            for (kind, most) in kinds {
                self.fetch(db, &demand.account, *kind, *most, now)?;
                taken.next_due = earlier(taken.next_due, self.away.next_due(&demand.account, *kind, now)?);
            }
        }
        self.have_from_disk(db, now, kept);
        for demand in room {
            let due = self.due_events(demand, now, &mut taken.next_due);
            for id in due {
                let mut event = self.at(db, id, now, |one, scene| {
                    let event = one.take(now).expect("an event that is due").clone();
                    taken_event(one, scene.account, event)
                })?;
                event.read = self.lately_read.take(event.id).map(Box::new);
                self.running.insert(event.id, id);
                taken.items.push(event);
            }
        }
        taken.next_due = earlier(taken.next_due, self.again_at(now));
        Ok(taken)
    }

    /// What began up to the happening of this number is on disk.
    pub(super) fn forget_begun(&mut self, kept: u64) {
        while self.begun.pop_front_if(|(number, _)| *number <= kept).is_some() {}
    }

    fn due_events(&self, demand: &EventDemand, now: Timestamp, next: &mut Option<Timestamp>) -> Vec<ConversationId> {
        let EventDemand { account, slots, takes } = demand;
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        let agenda = &account.agenda;
        let is_due = |(due, _, _): &&(Timestamp, EventId, ConversationId)| *due <= now;
        let is_kept =
            |(_, event, _): &&(Timestamp, EventId, ConversationId)| !self.begun.iter().any(|(_, begun)| begun == event);
        let fresh = agenda.fresh_events.iter().take_while(is_due).filter(is_kept);
        let failed = agenda.failed_events.iter().take_while(is_due);
        let due: Vec<_> = match takes {
            Takes::InOrder => {
                let mut due: Vec<_> = fresh.take(*slots).chain(failed.take(*slots)).collect();
                due.sort();
                due.into_iter().take(*slots).collect()
            }
            Takes::FreshOnly => fresh.take(*slots).collect(),
            Takes::FreshFirst => fresh.chain(failed.take(1)).take(*slots).collect(),
        };
        if due.len() < *slots {
            let later = |set: &BTreeSet<(Timestamp, EventId, ConversationId)>| {
                set.iter().find(|(due, _, _)| *due > now).map(|(due, _, _)| *due)
            };
            *next = earlier(*next, earlier(later(&agenda.fresh_events), later(&agenda.failed_events)));
        }
        due.into_iter().map(|(_, _, id)| *id).collect()
    }

    /// The turn has ended well.
    pub(crate) fn finish(&mut self, db: &Connection, finish: &Finish) -> rusqlite::Result<()> {
        let Some(id) = self.running.remove(&finish.event) else { return Ok(()) };
        let Finish { event, effects, owed, leaves_at_once, now } = finish;
        let mut leaving = None;
        let happened = self.at(db, id, *now, |one, scene| {
            let has_ended = one.finish(scene, *event, effects, owed);
            let epoch = scene.ours.epoch();
            let first = (has_ended && *leaves_at_once).then(|| one.leaves_with_its_turn(*event, epoch, *now));
            leaving = first.flatten().cloned().map(|send| taken_send(one, &send));
        });
        if let Some(send) = leaving {
            self.leaving.push_back((self.number() + 1, TakenSend { attempts: 0, is_marked: true, ..send }));
            self.woken.sends = true;
        }
        happened
    }

    /// The turn has failed.
    pub(crate) fn fail(&mut self, db: &Connection, failure: &Failure) -> rusqlite::Result<()> {
        let Some(id) = self.running.remove(&failure.event) else { return Ok(()) };
        let failed = Failed { error: failure.error.clone(), next: failure.next, counts: failure.counts };
        self.at(db, id, failure.now, |one, scene| one.fail(scene, failure.event, &failed, &failure.owed)).map(drop)
    }

    /// Keeps a step of a turn that goes on. False when the turn is over meanwhile.
    pub(crate) fn step(&mut self, db: &Connection, step: &TurnStep) -> rusqlite::Result<bool> {
        let Some(id) = self.running.get(&step.event).copied() else { return Ok(false) };
        let place = (step.event, step.attempt, step.number);
        self.at(db, id, step.now, |one, scene| {
            one.step(scene, place, step.hash, &step.effects, step.disclosing.as_ref())
        })
    }

    /// Shows the person that a turn takes a while.
    pub(crate) fn show_typing(&mut self, db: &Connection, typing: &Typing) -> rusqlite::Result<()> {
        let Some(id) = self.running.get(&typing.event).copied() else { return Ok(()) };
        self.at(db, id, typing.now, |one, scene| one.show_typing(scene, typing))
    }

    /// Events of these accounts whose answer is overdue and which no handler has in hand, up to `most` of each.
    pub(crate) fn overdue(
        &mut self,
        db: &Connection,
        accounts: &[AccountId],
        most: usize,
        now: Timestamp,
    ) -> rusqlite::Result<Batch<Overdue>> {
        let mut taken = Batch { items: Vec::new(), next_due: None };
        for account in accounts {
            self.fetch(db, account, Due::Answer, most, now)?;
            taken.next_due = earlier(taken.next_due, self.away.next_due(account, Due::Answer, now)?);
            let Some(of_account) = self.accounts.get(account) else { continue };
            for (by, _, id) in &of_account.agenda.answers {
                if *by > now {
                    taken.next_due = earlier(taken.next_due, Some(*by));
                    break;
                }
                let one = &self.entries[id].conversation;
                let Some(recipient) = recipient(one.key.thread, PersonId::new(one.key.name.as_str())) else { continue };
                let overdue = one.overdue(now).into_iter();
                taken.items.extend(overdue.map(|event| Overdue {
                    event,
                    account: account.clone(),
                    recipient: recipient.clone(),
                }));
                if taken.items.len() >= most {
                    break;
                }
            }
        }
        Ok(taken)
    }

    /// Answers an overdue event by its fallback.
    pub(crate) fn fall_back(
        &mut self,
        db: &Connection,
        event: EventId,
        owed: &AutomaticReplies,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let Some(found) = records::event(db, event)? else { return Ok(()) };
        let id = self.open(db, &found.key)?;
        self.at(db, id, now, |one, scene| one.fall_back(scene, event, found.kept.item, owed))
    }

    /// Puts an event that is done or dead at the end of its conversation, to be handled again.
    pub(crate) fn replay(
        &mut self,
        db: &Connection,
        event: EventId,
        served: &[AccountId],
        now: Timestamp,
    ) -> rusqlite::Result<Replayed> {
        let Some(found) = records::event(db, event)? else { return Ok(Replayed::Unknown) };
        let has_ended = matches!(found.status(), EventStatus::Done | EventStatus::Dead);
        let attempts = found.row.as_ref().map_or(0, |row| row.attempts);
        // An echo of our own is not a handler's.
        let is_own = found.kept.item.kind == Kind::Echo && attempts == 0;
        if !has_ended || is_own || !served.contains(&found.key.account) {
            return Ok(Replayed::Open);
        }
        let id = self.open(db, &found.key)?;
        let is_in_memory = self.entries[&id].conversation.status(event).is_some();
        if is_in_memory || self.away.before_on_disk(id, event)?.is_some() {
            return Ok(Replayed::Open);
        }
        let fresh = || QueuedEvent::new(event, Arc::clone(&found.kept.item), now);
        let ended = found.row.clone().map(|row| row.into_event(Arc::clone(&found.kept.item), Vec::new()));
        let last = EventId(self.last_event.load(Ordering::Relaxed));
        self.at(db, id, now, |one, _| one.replay(ended.unwrap_or_else(fresh), last, now))?;
        Ok(Replayed::Queued)
    }

    /// Puts back what is with a handler: the process ends because it was asked to.
    pub(crate) fn release(&mut self, db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        for (_, id) in std::mem::take(&mut self.running) {
            self.at(db, id, now, |one, _| one.release_running())?;
        }
        Ok(())
    }
}

fn taken_event(one: &Conversation, account: &AccountValue, event: QueuedEvent) -> TakenEvent {
    let state = event.state(one.state.as_deref()).map(str::to_owned);
    let facts =
        Facts { right: right_of(one, account, &event), person: event.item.person.clone(), ..one.facts(account) };
    let answer_by = one.answer_by(event.id);
    let item = event.item;
    TakenEvent {
        id: event.id,
        account: one.key.account.clone(),
        person: item.person.clone(),
        kind: item.kind.as_str().to_owned(),
        standby: item.standby,
        list: item.list.clone(),
        at: item.at,
        attempt: event.attempts,
        has_failed: event.error.is_some(),
        first_failed_at: event.first_failed_at,
        received_at: item.received_at,
        raw: item.raw.clone(),
        read: None,
        state,
        steps: event.steps,
        facts,
        thread: one.key.thread,
        answer_by,
        trace: item.trace,
    }
}

/// The right that the reply to a comment has.
fn right_of(one: &Conversation, account: &AccountValue, event: &QueuedEvent) -> Option<Right> {
    if event.item.kind != Kind::Comment || one.key.thread != Thread::Comments {
        return None;
    }
    let raw: Box<serde_json::value::RawValue> = serde_json::from_slice(&event.item.raw).ok()?;
    let account_id = one.key.account.clone();
    let origin = Origin { account: account_id, standby: false, time: event.item.at, list: None };
    match Envelope::read(&origin, &raw)?.event {
        Event::Comment(comment) => one.right(account, &RightKey::of_comment(&comment)?),
        _ => None,
    }
}
