//! What is given to the loops, and what they bring about.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::agenda::Work;
use super::live::{Live, account_of};
use crate::clock::Timestamp;
use crate::conversation::live::{
    Conversation, ConversationId, ConversationKey, Failed, PostedSends, QueuedEvent, Record, RightKey, Scene, Send,
    SendState,
};
use crate::conversation::{
    AutomaticReplies, Decided, EventStatus, Overdue, SendOutcome, SendStatus, Typing, recipient,
};
use crate::event::{Event, Kind};
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::message::{Recipient, Request};
use crate::policy::{Facts, Right};
use crate::store::records::{Due, Write};
use crate::store::{
    Batch, Cause, EventDemand, Failure, Finish, Post, Posted, RefusedPost, Replayed, SendDemand, TakenDoubt,
    TakenEvent, TakenSend, Takes, TurnStep, records,
};
use crate::trace::Trace;

impl Live {
    /// Gives events that are due to handlers, the first of each conversation, as many as `room` has for their accounts.
    pub(crate) fn take(
        &mut self,
        db: &Connection,
        room: &[EventDemand],
        now: Timestamp,
    ) -> rusqlite::Result<Batch<TakenEvent>> {
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
        Ok(taken)
    }

    /// The accounts that may have work of this kind.
    pub(super) fn accounts_with(&self, work: Work) -> Vec<AccountId> {
        let mut accounts: Vec<_> = self.busy.with(work).cloned().collect();
        match work {
            Work::Events => accounts.extend(self.away.events().map(|(account, ..)| account.clone())),
            Work::Sends | Work::Doubts => accounts.extend(self.away.sends().map(|(account, ..)| account.clone())),
        }
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    fn due_events(&self, demand: &EventDemand, now: Timestamp, next: &mut Option<Timestamp>) -> Vec<ConversationId> {
        let EventDemand { account, slots, takes } = demand;
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        let agenda = &account.agenda;
        let is_due = |(due, _, _): &&(Timestamp, EventId, ConversationId)| *due <= now;
        let fresh = agenda.fresh_events.iter().take_while(is_due);
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
            let later = |set: &std::collections::BTreeSet<(Timestamp, EventId, ConversationId)>| {
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

    /// Sends that were marked as on their way with the end of their event, once that is on disk.
    pub(crate) fn take_leaving(&mut self, kept: u64) -> Vec<TakenSend> {
        let count = self.leaving.iter().take_while(|(number, _)| *number <= kept).count();
        self.leaving.drain(..count).map(|(_, send)| send).collect()
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
        if self.entries[&id].conversation.status(event).is_some() {
            return Ok(Replayed::Open);
        }
        let fresh = || QueuedEvent::new(event, Arc::clone(&found.kept.item), now);
        let ended = found.row.clone().map(|row| row.into_event(Arc::clone(&found.kept.item), Vec::new()));
        let last = EventId(self.last_event.load(Ordering::Relaxed));
        self.at(db, id, now, |one, _| one.replay(ended.unwrap_or_else(fresh), last, now))?;
        Ok(Replayed::Queued)
    }

    /// Plans sends that did not come from a handler, unless policy forbids one of them.
    pub(crate) fn post(&mut self, db: &Connection, post: &Post) -> rusqlite::Result<Posted> {
        if let Some(before) = self.posted_before(db, post)? {
            return Ok(before);
        }
        let id = self.conversation_for(db, &post.account, &post.person, &post.recipient)?;
        let (recipient, sends, agent) = (post.recipient.clone(), post.sends.clone(), post.agent.clone());
        let posted = PostedSends { recipient, sends, standing: post.standing.clone(), trace: Trace::random(), agent };
        Ok(match self.at(db, id, post.now, |one, scene| one.post(scene, posted))? {
            Ok(()) => {
                let sends: Vec<_> = post.sends.iter().map(|(id, _)| *id).collect();
                if let Some((key, body)) = &post.key {
                    let posted = (post.account.clone(), key.clone());
                    self.posted.insert(posted, (*body, sends.clone(), self.number() + 1));
                    self.write(Write::Posted {
                        account: post.account.clone(),
                        key: key.clone(),
                        body: *body,
                        sends: sends.clone(),
                        at: post.now,
                    });
                }
                Posted::Planned(sends)
            }
            Err(refusal) => {
                let refused = post.refused(refusal);
                self.list_refused(id, post, &refused);
                Posted::Refused(refused)
            }
        })
    }

    /// What was posted under the same key before.
    fn posted_before(&self, db: &Connection, post: &Post) -> rusqlite::Result<Option<Posted>> {
        let Some((key, body)) = &post.key else { return Ok(None) };
        let known = match self.posted.get(&(post.account.clone(), key.clone())) {
            Some((body, sends, _)) => Some((*body, sends.clone())),
            None => records::posted_before(db, &post.account, key)?,
        };
        Ok(known.map(|(known, sends)| if known == *body { Posted::Planned(sends) } else { Posted::Conflict }))
    }

    /// Keeps a refused post for the lists. It has no place in the queue, and is not linked into the conversation's list of sends:
    /// a poster who tries again every second must not make that long. No event tells of it: the poster has been answered.
    fn list_refused(&mut self, id: ConversationId, post: &Post, refused: &RefusedPost) {
        let previous = self.entries[&id].conversation.last_send;
        for (send, request) in &post.sends {
            let mut state = SendState::planned(SendStatus::Refused, post.now);
            (state.rule, state.reason) = (Some(refused.rule.to_owned()), Some(refused.reason.clone()));
            let send = Send {
                id: *send,
                event: None,
                on_outcome: false,
                turn: refused.id,
                previous,
                planned_at: post.now,
                trace: Trace::random(),
                agent: post.agent.clone(),
                request: Arc::new(request.clone()),
                state,
                kept: None,
            };
            self.record(id, Record::Planned(Box::new(send)));
        }
    }

    /// Sends that are due, the first of each conversation, as many as `room` has.
    pub(crate) fn take_sends(
        &mut self,
        db: &Connection,
        room: &[SendDemand],
        now: Timestamp,
    ) -> rusqlite::Result<Batch<TakenSend>> {
        let mut taken = Batch { items: Vec::new(), next_due: None };
        for demand in room {
            self.fetch(db, &demand.account, Due::Send, demand.slots + demand.in_flight.len(), now)?;
            taken.next_due = earlier(taken.next_due, self.away.next_due(&demand.account, Due::Send, now)?);
            let Some(account) = self.accounts.get(&demand.account) else { continue };
            for id in fronts(&account.agenda.sends, demand, now, &mut taken.next_due) {
                let one = &self.entries[&id].conversation;
                let Some(send) = one.next_send(now) else { continue };
                taken.items.push(taken_send(one, send));
            }
        }
        Ok(taken)
    }

    /// Sends in doubt at which it is time to look, as many as `room` has.
    pub(crate) fn take_doubts(
        &mut self,
        db: &Connection,
        room: &[SendDemand],
        now: Timestamp,
    ) -> rusqlite::Result<Batch<TakenDoubt>> {
        let mut taken = Batch { items: Vec::new(), next_due: None };
        for demand in room {
            self.fetch(db, &demand.account, Due::Doubt, demand.slots + demand.in_flight.len(), now)?;
            taken.next_due = earlier(taken.next_due, self.away.next_due(&demand.account, Due::Doubt, now)?);
            let Some(account) = self.accounts.get(&demand.account) else { continue };
            for id in fronts(&account.agenda.doubts, demand, now, &mut taken.next_due) {
                let one = &self.entries[&id].conversation;
                let Some((send, context)) = one.doubt(now) else { continue };
                let state = &send.state;
                let left_at = state.attempted_at.unwrap_or(state.at);
                taken.items.push(TakenDoubt {
                    id: send.id,
                    account: demand.account.clone(),
                    person: whose(one, &send.request),
                    request: Request::clone(&send.request),
                    attempts: state.attempts,
                    attempted_at: left_at,
                    doubted_since: state.doubted_since.unwrap_or(left_at),
                    doubts: state.doubts,
                    looks: state.looks,
                    silent: state.is_silent,
                    reason: state.reason.clone().unwrap_or_default(),
                    has_messages: context.has_messages,
                    bound: context.bound,
                    cause: send.event.map(|event| Cause { event, trace: Some(send.trace) }),
                });
            }
        }
        Ok(taken)
    }

    /// The conversation in which something goes to `recipient`: that of the person who gave the right which it names, else that of
    /// `person`.
    fn conversation_for(
        &mut self,
        db: &Connection,
        account: &AccountId,
        person: &PersonId,
        recipient: &Recipient,
    ) -> rusqlite::Result<ConversationId> {
        if let Some(right) = RightKey::of_recipient(recipient)
            && let Some(giver) = self.giver(db, account, &right)?
        {
            return Ok(giver);
        }
        let (account, thread, name) = (account.clone(), recipient.thread(), person.to_string());
        self.open(db, &ConversationKey { account, thread, name })
    }

    /// What policy needs to know of a conversation, and of the right that `recipient` names.
    pub(crate) fn facts(
        &mut self,
        db: &Connection,
        account: &AccountId,
        person: &PersonId,
        recipient: &Recipient,
    ) -> rusqlite::Result<Facts> {
        let id = self.conversation_for(db, account, person, recipient)?;
        let value = account_of(&mut self.accounts, account);
        Ok(self.entries[&id].conversation.facts_for(&value.value, recipient))
    }

    /// Lets something happen in the conversation in which a send stands; nothing where there is no such send.
    pub(super) fn at_send<T>(
        &mut self,
        db: &Connection,
        send: SendId,
        now: Timestamp,
        happening: impl FnOnce(&mut Conversation, &mut Scene<'_>) -> T,
    ) -> rusqlite::Result<Option<T>> {
        let Some(id) = self.of_send(db, send)? else { return Ok(None) };
        self.at(db, id, now, happening).map(Some)
    }

    /// Marks a send as on its way. False when it is not planned any more.
    pub(crate) fn sending(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<bool> {
        let leaves = self.at_send(db, send, now, |one, scene| one.leaves(send, scene.ours.epoch(), now))?;
        Ok(leaves.unwrap_or(false))
    }

    /// Records how a send ended, or that it is to be tried later. True when a person who waited for it gets no answer any more.
    pub(crate) fn settle(
        &mut self,
        db: &Connection,
        send: SendId,
        outcome: &SendOutcome,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let in_vain = self.at_send(db, send, now, |one, scene| one.settle(scene, send, outcome))?;
        Ok(in_vain.unwrap_or(false))
    }

    /// A send was marked as on its way, and has not left.
    pub(crate) fn did_not_leave(
        &mut self,
        db: &Connection,
        send: SendId,
        outcome: &SendOutcome,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let in_vain = self.at_send(db, send, now, |one, scene| one.did_not_leave(scene, send, outcome))?;
        Ok(in_vain.unwrap_or(false))
    }

    /// Leaves a send in doubt until it is looked at again.
    pub(crate) fn look_again(
        &mut self,
        db: &Connection,
        send: SendId,
        due: Timestamp,
        counts: bool,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.at_send(db, send, now, |one, _| one.look_again(send, due, counts)).map(drop)
    }

    /// Sends a held send again, and after it the rest of its turn.
    pub(crate) fn release_send(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
        let decided = self.at_send(db, send, now, |one, _| one.release(send, now))?;
        Ok(decided_of(decided))
    }

    /// Gives a held send up. The rest of its turn goes on.
    pub(crate) fn drop_send(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
        let decided = self.at_send(db, send, now, |one, scene| one.discard(scene, send))?;
        Ok(decided_of(decided))
    }

    /// Meta has refused an account as a whole, in answer to a send.
    pub(crate) fn restrict(&mut self, account: &AccountId, now: Timestamp) {
        self.change_account(account, |value| value.restrict(now));
    }

    /// Meta has refused a send because the person wants no more on its token.
    pub(crate) fn stop_on(&mut self, db: &Connection, send: SendId) -> rusqlite::Result<()> {
        let Some(id) = self.of_send(db, send)? else { return Ok(()) };
        let Some(send) = self.entries[&id].conversation.send(send) else { return Ok(()) };
        let (account, recipient) = (self.entries[&id].conversation.key.account.clone(), send.request.recipient.clone());
        match send.state.attempted_at {
            Some(left_at) => self.stop(db, &account, &recipient, left_at),
            None => Ok(()),
        }
    }

    /// Meta has refused a message to this recipient because the person wants no more.
    pub(crate) fn stop(
        &mut self,
        db: &Connection,
        account: &AccountId,
        recipient: &Recipient,
        left_at: Timestamp,
    ) -> rusqlite::Result<()> {
        let Some(right) = RightKey::of_recipient(recipient) else { return Ok(()) };
        let Some(id) = self.giver(db, account, &right)? else { return Ok(()) };
        self.at(db, id, left_at, |one, _| one.stop(recipient, left_at))
    }

    /// Puts back what is with a handler: the process ends because it was asked to.
    pub(crate) fn release(&mut self, db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        for (_, id) in std::mem::take(&mut self.running) {
            self.at(db, id, now, |one, _| one.release_running())?;
        }
        Ok(())
    }
}

/// What an operator is told. A send that is over its conversation does not remember any more.
fn decided_of(decided: Option<Decided>) -> Decided {
    match decided {
        None => Decided::Unknown,
        Some(Decided::Unknown) => Decided::NotHeld,
        Some(decided) => decided,
    }
}

/// The earlier of two moments.
fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The conversations whose first item is due, as many as there is room for.
fn fronts(
    due: &std::collections::BTreeSet<(Timestamp, SendId, ConversationId)>,
    demand: &SendDemand,
    now: Timestamp,
    next: &mut Option<Timestamp>,
) -> Vec<ConversationId> {
    let later = due.range((now, SendId(i64::MAX), ConversationId(i64::MAX))..).next().map(|(due, _, _)| *due);
    *next = earlier(*next, later);
    let now_due = due.iter().take_while(|(due, _, _)| *due <= now);
    let free = now_due.filter(|(_, send, _)| !demand.in_flight.contains(send));
    free.take(demand.slots).map(|(_, _, id)| *id).collect()
}

/// The person of a conversation, in which something goes to a request's recipient; empty where Meta does not name them.
fn whose(conversation: &Conversation, request: &Request) -> PersonId {
    conversation.key.person(&request.recipient).unwrap_or_else(|| PersonId::new(""))
}

fn taken_send(one: &Conversation, send: &Send) -> TakenSend {
    TakenSend {
        id: send.id,
        account: one.key.account.clone(),
        person: whose(one, &send.request),
        attempts: send.state.attempts,
        was_in_doubt: send.was_in_doubt(),
        origin: send.origin(),
        request: Arc::clone(&send.request),
        answers: send.state.answers,
        is_marked: false,
        cause: send.event.map(|event| Cause { event, trace: Some(send.trace) }),
    }
}

fn taken_event(
    one: &Conversation,
    account: &crate::conversation::live::AccountValue,
    event: QueuedEvent,
) -> TakenEvent {
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
fn right_of(
    one: &Conversation,
    account: &crate::conversation::live::AccountValue,
    event: &QueuedEvent,
) -> Option<Right> {
    if event.item.kind != Kind::Comment || one.key.thread != Thread::Comments {
        return None;
    }
    let raw: Box<serde_json::value::RawValue> = serde_json::from_slice(&event.item.raw).ok()?;
    let account_id = one.key.account.clone();
    let origin = crate::event::Origin { account: account_id, standby: false, time: event.item.at, list: None };
    match crate::event::Envelope::read(&origin, &raw)?.event {
        Event::Comment(comment) => one.right(account, &RightKey::of_comment(&comment)?),
        _ => None,
    }
}
