//! Sends on their way to Meta, and what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::Connection;

use super::agenda::earlier;
use super::live::{Live, account_of};
use crate::clock::Timestamp;
use crate::conversation::live::{Conversation, ConversationId, ConversationKey, RightKey, Scene, Send};
use crate::conversation::{Decided, SendOutcome};
use crate::id::{AccountId, PersonId, SendId};
use crate::message::{Recipient, Request};
use crate::policy::Facts;
use crate::store::records::Due;
use crate::store::{Batch, Cause, SendDemand, TakenDoubt, TakenSend};

impl Live {
    /// Sends that were marked as on their way with the end of their event, once that is on disk.
    pub(crate) fn take_leaving(&mut self, kept: u64) -> Vec<TakenSend> {
        let count = self.leaving.iter().take_while(|(number, _)| *number <= kept).count();
        self.leaving.drain(..count).map(|(_, send)| send).collect()
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
                    since: state.at,
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
    pub(super) fn conversation_for(
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

    /// Lets something happen in the conversation in which a send stands; nothing, and the default comes back, where there is no such send.
    pub(super) fn at_send<T: Default>(
        &mut self,
        db: &Connection,
        send: SendId,
        now: Timestamp,
        happening: impl FnOnce(&mut Conversation, &mut Scene<'_>) -> T,
    ) -> rusqlite::Result<T> {
        let Some(id) = self.of_send(db, send)? else { return Ok(T::default()) };
        self.at(db, id, now, happening)
    }

    /// Marks a send as on its way. False when it is not planned any more.
    pub(crate) fn sending(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<bool> {
        self.at_send(db, send, now, |one, scene| one.leaves(send, scene.ours.epoch(), now))
    }

    /// Records how a send ended, or that it is to be tried later. True when a person who waited for it gets no answer any more.
    pub(crate) fn settle(
        &mut self,
        db: &Connection,
        send: SendId,
        outcome: &SendOutcome,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        self.at_send(db, send, now, |one, scene| one.settle(scene, send, outcome))
    }

    /// A send was marked as on its way, and has not left.
    pub(crate) fn did_not_leave(
        &mut self,
        db: &Connection,
        send: SendId,
        outcome: &SendOutcome,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        self.at_send(db, send, now, |one, scene| one.did_not_leave(scene, send, outcome))
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
        self.at_send(db, send, now, |one, _| one.look_again(send, due, counts))
    }

    /// Sends a held send again, and after it the rest of its turn.
    pub(crate) fn release_send(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
        self.at_send(db, send, now, |one, _| Some(one.release(send, now))).map(decided_of)
    }

    /// Gives a held send up. The rest of its turn goes on.
    pub(crate) fn drop_send(&mut self, db: &Connection, send: SendId, now: Timestamp) -> rusqlite::Result<Decided> {
        self.at_send(db, send, now, |one, scene| Some(one.discard(scene, send))).map(decided_of)
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
}

pub(super) fn taken_send(one: &Conversation, send: &Send) -> TakenSend {
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

/// The conversations whose first item is due, as many as there is room for.
fn fronts(
    due: &BTreeSet<(Timestamp, SendId, ConversationId)>,
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

/// What an operator is told. A send that is over its conversation does not remember any more.
fn decided_of(decided: Option<Decided>) -> Decided {
    match decided {
        None => Decided::Unknown,
        Some(Decided::Unknown) => Decided::NotHeld,
        Some(decided) => decided,
    }
}
