//! Conversations in memory, with nothing behind them: the pure functions, called as the store's operations are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::conversation::live::{
    AccountValue, Arrival, Care, Changes, Conversation, ConversationKey, Failed, Item, KeptEvent, PostedSends,
    QueuedEvent, Recognised, Record, RightKey, Rows, Scene, Send,
};
use crate::conversation::{EventStatus, SendStatus, StoreIdentity};
use crate::event::{Envelope, Event, Key, Kind, Object};
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::message::Recipient;
use crate::policy::Facts;
use crate::store::{
    Appended, AutomaticReplies, Decided, EventDemand, Failure, Finish, Intake, Post, Posted, Replayed, SendDemand,
    SendOutcome, TurnStep, Typing, WebhookBatch,
};

/// An event that is not open, with how it ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) event: QueuedEvent,
    pub(super) status: EventStatus,
}

/// The conversations and the accounts.
pub(super) struct Pure {
    pub(super) ours: Arc<StoreIdentity>,
    pub(super) conversations: BTreeMap<String, Conversation>,
    accounts: HashMap<AccountId, AccountValue>,
    pub(super) ended: BTreeMap<EventId, Ended>,
    /// Where each event and each send stands.
    events: HashMap<EventId, String>,
    sends: HashMap<SendId, String>,
    timed: HashMap<(Timestamp, [u8; 16]), bool>,
    untimed: HashMap<[u8; 16], bool>,
    /// Sends that policy refused when they were posted: in no conversation's queue.
    pub(super) refused: BTreeSet<SendId>,
    /// What is kept of each conversation.
    rows: BTreeMap<String, Rows>,
    last_event: i64,
}

/// The name of a conversation in the map: it sorts like its key.
fn name(key: &ConversationKey) -> String {
    format!("{} {} {}", key.account, key.thread as i64, key.name)
}

impl Pure {
    pub(super) fn new(ours: Arc<StoreIdentity>) -> Pure {
        Pure {
            ours,
            conversations: BTreeMap::new(),
            accounts: HashMap::new(),
            ended: BTreeMap::new(),
            events: HashMap::new(),
            sends: HashMap::new(),
            timed: HashMap::new(),
            untimed: HashMap::new(),
            refused: BTreeSet::new(),
            rows: BTreeMap::new(),
            last_event: 0,
        }
    }

    /// Lets something happen in a conversation, and follows what it brings about elsewhere.
    fn at<T>(&mut self, at: &str, now: Timestamp, happening: impl FnOnce(&mut Conversation, &mut Scene<'_>) -> T) -> T {
        let conversation = self.conversations.get_mut(at).expect("a conversation");
        let key = conversation.key.clone();
        let account = self.accounts.entry(key.account.clone()).or_default();
        let last = &mut self.last_event;
        let mut next_event = || {
            *last += 1;
            EventId(*last)
        };
        let standing = self.ours.standing(&key.account);
        let mut scene = Scene { now, ours: &self.ours, standing, account, next_event: &mut next_event };
        let result = happening(conversation, &mut scene);
        let (records, changes) = conversation.end(account);
        let rows = self.rows.entry(at.to_owned()).or_default();
        for record in records {
            match &record {
                Record::Ended(event, status) => {
                    self.ended.insert(event.id, Ended { event: QueuedEvent::clone(event), status: *status });
                }
                Record::Kept(id, item) => {
                    let event = QueuedEvent::new(*id, Arc::clone(item), now);
                    self.ended.insert(*id, Ended { event, status: EventStatus::Done });
                }
                Record::Event(event) => drop(self.ended.remove(&event.id)),
                _ => {}
            }
            keep(rows, record);
        }
        self.follow(at, &key, changes, now);
        result
    }

    fn follow(&mut self, at: &str, key: &ConversationKey, changes: Changes, now: Timestamp) {
        for (event, _) in &changes.told {
            self.events.insert(*event, at.to_owned());
        }
        for send in &changes.sends {
            self.sends.insert(*send, at.to_owned());
        }
        let settles = key.thread == Thread::Comments && !changes.sends.is_empty();
        for (mark, person, mid) in changes.echoed {
            // A send of this very conversation has ended long ago.
            let other = self.of_send(mark.send).filter(|other| other != at && self.is_of(other, &key.account));
            if let Some(other) = other {
                self.at(&other, now, |other, scene| other.marked(scene, &mark, person.as_ref(), mid.as_ref()));
            }
        }
        for (send, mid) in changes.repeated {
            if let Some(other) = self.of_send(send) {
                self.at(&other, now, |other, scene| other.settle_as_sent(scene, send, mid.as_ref()));
            }
        }
        if settles {
            let waiting =
                self.conversations.iter().filter(|(_, chat)| chat.key.account == key.account && chat.has_parked());
            let waiting: Vec<_> = waiting.map(|(at, _)| at.clone()).collect();
            for chat in waiting {
                self.at(&chat, now, |chat, scene| chat.look_at_parked(scene));
            }
        }
    }

    fn is_of(&self, at: &str, account: &AccountId) -> bool {
        self.conversations[at].key.account == *account
    }

    fn of_send(&self, send: SendId) -> Option<String> {
        self.sends.get(&send).cloned()
    }

    fn open(&mut self, account: &AccountId, thread: Thread, person: &str) -> String {
        let key = ConversationKey { account: account.clone(), thread, name: person.to_owned() };
        let at = name(&key);
        self.conversations.entry(at.clone()).or_insert_with(|| Conversation::new(key));
        at
    }

    fn remember(&mut self, key: &Key, standby: bool) -> bool {
        let known = match key.time {
            Some(time) => self.timed.get_mut(&(time, key.hash)),
            None => self.untimed.get_mut(&key.hash),
        };
        match (known, key.time) {
            (Some(known), _) if *known && !standby => *known = false,
            (Some(_), _) => return false,
            (None, Some(time)) => drop(self.timed.insert((time, key.hash), standby)),
            (None, None) => drop(self.untimed.insert(key.hash, standby)),
        }
        true
    }

    pub(super) fn append(&mut self, delivery: &WebhookBatch) -> Appended {
        self.append_until(delivery, usize::MAX)
    }

    /// Keeps a delivery. Only the first `happen` of its events happen to their conversations: then the process dies.
    pub(super) fn append_until(&mut self, delivery: &WebhookBatch, mut happen: usize) -> Appended {
        let mut appended = Appended::default();
        for item in &delivery.items {
            let (envelope, care) = match item {
                Intake::Handled(envelope) => (envelope, Care { is_handled: true, answer_by: None }),
                Intake::Awaited(envelope, by) => (envelope, Care { is_handled: true, answer_by: Some(*by) }),
                Intake::Kept(envelope) => (envelope, Care { is_handled: false, answer_by: None }),
                Intake::Unreadable(_) => unreachable!("all that is delivered here can be read"),
            };
            self.arrive(envelope, care, delivery, happen > 0, &mut appended);
            happen = happen.saturating_sub(1);
        }
        appended
    }

    fn arrive(
        &mut self,
        envelope: &Envelope,
        care: Care,
        delivery: &WebhookBatch,
        happens: bool,
        appended: &mut Appended,
    ) {
        if !self.remember(&envelope.key, envelope.standby) {
            appended.repeated += 1;
            return;
        }
        let at = self.open(&envelope.account, envelope.thread, envelope.conversation());
        let is_message_known = match &envelope.first_version {
            Some(first) if envelope.object != Some(Object::Page) => {
                self.conversations[&at].knows_message(&first.message)
                    || !self.remember(&first.message, envelope.standby)
            }
            _ => false,
        };
        let only_standby = envelope.key.time.and_then(|_| self.untimed.get(&envelope.key.hash).copied());
        let is_edit_known = only_standby.is_some_and(|only| envelope.standby || !only);
        let is_reply = matches!(&envelope.event, Event::Echo(echo) if echo.mid.as_ref().is_some_and(|mid| {
            self.conversations.values().filter(|one| one.key.account == envelope.account).any(|one| {
                one.sends.iter().any(|send| {
                    let is_lost = matches!(send.state.status, SendStatus::Refused | SendStatus::Failed);
                    send.request.recipient.thread() == Thread::Comments
                        && (!is_lost || send.state.doubted_since.is_some())
                        && send.state.message_id.as_ref() == Some(mid)
                })
            })
        }));
        self.last_event += 1;
        let id = EventId(self.last_event);
        let item = Arc::new(Item::of(envelope, delivery.trace, delivery.received_at));
        let kept_item = Arc::clone(&item);
        let arrival = Arrival { id, envelope, item, care, is_message_known, is_edit_known, is_reply };
        self.events.insert(id, at.clone());
        let (item, object) = (kept_item, envelope.object);
        let kept = KeptEvent { id, item, object, care, is_message_known, is_edit_known, is_reply };
        self.rows.entry(at.clone()).or_default().events.push((kept, None));
        if !happens {
            return;
        }
        let recognised = self.at(&at, delivery.received_at, |one, scene| one.arrived(scene, &arrival));
        if recognised == Recognised::Own {
            appended.own_echoes += 1;
        } else {
            appended.new += 1;
        }
    }

    /// Takes what is due, as the store does.
    pub(super) fn take(&mut self, room: &[EventDemand], now: Timestamp) -> Vec<(ConversationKey, QueuedEvent, Facts)> {
        let mut taken = Vec::new();
        for EventDemand { account, slots, .. } in room {
            let of_account = self.conversations.iter().filter(|(_, one)| one.key.account == *account);
            let mut due: Vec<_> = of_account
                .filter_map(|(at, one)| {
                    let front = one.events.front().filter(|front| !front.is_running && front.due <= now)?;
                    Some((front.due, front.id, at.clone()))
                })
                .collect();
            due.sort();
            for (_, _, at) in due.into_iter().take(*slots) {
                let one = self.at(&at, now, |one, scene| {
                    let event = one.take(now).expect("an event that is due").clone();
                    let right = comment_key(&one.key.account, &event).and_then(|key| one.right(scene.account, &key));
                    let facts = Facts { right, person: event.item.person.clone(), ..one.facts(scene.account) };
                    (one.key.clone(), event, facts)
                });
                taken.push(one);
            }
        }
        taken
    }

    pub(super) fn finish(&mut self, finish: &Finish) {
        let at = self.events[&finish.event].clone();
        self.at(&at, finish.now, |one, scene| one.finish(scene, finish.event, &finish.effects, &finish.owed));
    }

    pub(super) fn fail(&mut self, failure: &Failure) {
        let at = self.events[&failure.event].clone();
        let failed = Failed { error: failure.error.clone(), next: failure.next, counts: failure.counts };
        self.at(&at, failure.now, |one, scene| one.fail(scene, failure.event, &failed, &failure.owed));
    }

    pub(super) fn step(&mut self, step: &TurnStep) -> bool {
        let at = self.events[&step.event].clone();
        let place = (step.event, step.attempt, step.number);
        self.at(&at, step.now, |one, scene| one.step(scene, place, step.hash, &step.effects, step.disclosing.as_ref()))
    }

    pub(super) fn show_typing(&mut self, typing: &Typing) {
        let at = self.events[&typing.event].clone();
        self.at(&at, typing.now, |one, scene| one.show_typing(scene, typing));
    }

    pub(super) fn overdue(&self, accounts: &[AccountId], now: Timestamp) -> Vec<EventId> {
        let of_accounts = self.conversations.values().filter(|one| accounts.contains(&one.key.account));
        // An author of comments cannot be written to but through a comment.
        of_accounts.filter(|one| one.key.thread != Thread::Comments).flat_map(|one| one.overdue(now)).collect()
    }

    pub(super) fn fall_back(&mut self, event: EventId, owed: &AutomaticReplies, now: Timestamp) {
        let at = self.events[&event].clone();
        let item = self.item(event);
        self.at(&at, now, |one, scene| one.fall_back(scene, event, item, owed));
    }

    fn item(&self, event: EventId) -> Arc<Item> {
        let one = &self.conversations[&self.events[&event]];
        let queued = one.events.iter().find(|queued| queued.id == event);
        Arc::clone(&queued.unwrap_or_else(|| &self.ended[&event].event).item)
    }

    pub(super) fn replay(&mut self, event: EventId, now: Timestamp) -> Replayed {
        let Some(at) = self.events.get(&event).cloned() else { return Replayed::Unknown };
        let Some(ended) = self.ended.get(&event).cloned() else { return Replayed::Open };
        if ended.event.item.kind == Kind::Echo && ended.event.attempts == 0 {
            return Replayed::Open;
        }
        self.at(&at, now, |one, _| one.replay(ended.event, now));
        Replayed::Queued
    }

    pub(super) fn post(&mut self, post: &Post) -> Posted {
        let right = RightKey::of_recipient(&post.recipient);
        let giver = right.and_then(|key| {
            let of_account = self.conversations.iter().filter(|(_, one)| one.key.account == post.account);
            of_account.into_iter().find(|(_, one)| one.has_right(&key)).map(|(at, _)| at.clone())
        });
        let at = giver.unwrap_or_else(|| self.open(&post.account, post.recipient.thread(), post.person.as_str()));
        let (recipient, agent) = (post.recipient.clone(), post.agent.clone());
        let posted = PostedSends { recipient, sends: post.sends.clone(), agent };
        match self.at(&at, post.now, |one, scene| one.post(scene, posted)) {
            Ok(()) => Posted::Planned(post.sends.iter().map(|(id, _)| *id).collect()),
            Err(refusal) => {
                self.refused.extend(post.sends.iter().map(|(id, _)| *id));
                Posted::Refused(post.refused(refusal))
            }
        }
    }

    /// The sends that are due, as the store gives them.
    pub(super) fn take_sends(&self, room: &[SendDemand], now: Timestamp) -> Vec<SendId> {
        self.fronts(room, |one| one.next_send(now).map(|send| (send.state.due, send.id)))
    }

    /// The doubts that are due, as the store gives them.
    pub(super) fn take_doubts(&self, room: &[SendDemand], now: Timestamp) -> Vec<SendId> {
        self.fronts(room, |one| one.doubt(now).map(|(send, _)| (send.state.due, send.id)))
    }

    fn fronts(&self, room: &[SendDemand], front: impl Fn(&Conversation) -> Option<(Timestamp, SendId)>) -> Vec<SendId> {
        let mut taken = Vec::new();
        for SendDemand { account, slots, in_flight } in room {
            let of_account = self.conversations.values().filter(|one| one.key.account == *account);
            let mut due: Vec<_> = of_account.filter_map(&front).collect();
            due.sort();
            let due = due.into_iter().take(slots + in_flight.len()).map(|(_, id)| id);
            taken.extend(due.filter(|id| !in_flight.contains(id)).take(*slots));
        }
        taken
    }

    pub(super) fn conversation_of(&self, send: SendId) -> &Conversation {
        &self.conversations[&self.sends[&send]]
    }

    pub(super) fn conversation_with(&self, event: EventId) -> Option<&Conversation> {
        self.conversations.get(self.events.get(&event)?)
    }

    pub(super) fn facts(&self, account: &AccountId, person: &PersonId) -> Facts {
        let recipient = Recipient::Id(person.clone());
        let key = ConversationKey { account: account.clone(), thread: Thread::Chat, name: person.to_string() };
        let none = AccountValue::default();
        let account = self.accounts.get(account).unwrap_or(&none);
        match self.conversations.get(&name(&key)) {
            Some(one) => one.facts_for(account, &recipient),
            None => Facts { person: Some(person.clone()), blocked: account.blocked(), ..Facts::default() },
        }
    }

    pub(super) fn sending(&mut self, send: SendId, now: Timestamp) -> bool {
        let (at, ours) = (self.sends[&send].clone(), Arc::clone(&self.ours));
        self.at(&at, now, |one, _| one.leaves(send, ours.epoch(), now))
    }

    pub(super) fn settle(&mut self, send: SendId, outcome: &SendOutcome, now: Timestamp) -> bool {
        let at = self.sends[&send].clone();
        self.at(&at, now, |one, scene| one.settle(scene, send, outcome))
    }

    pub(super) fn look_again(&mut self, send: SendId, due: Timestamp, counts: bool, now: Timestamp) {
        let at = self.sends[&send].clone();
        self.at(&at, now, |one, _| one.look_again(send, due, counts));
    }

    pub(super) fn release(&mut self, send: SendId, now: Timestamp) -> Decided {
        let Some(at) = self.of_send(send) else { return self.undecided(send) };
        self.at(&at, now, |one, _| one.release(send, now))
    }

    pub(super) fn discard(&mut self, send: SendId, now: Timestamp) -> Decided {
        let Some(at) = self.of_send(send) else { return self.undecided(send) };
        self.at(&at, now, |one, scene| one.discard(scene, send))
    }

    fn undecided(&self, send: SendId) -> Decided {
        if self.refused.contains(&send) { Decided::NotHeld } else { Decided::Unknown }
    }

    pub(super) fn restrict(&mut self, account: &AccountId, now: Timestamp) {
        self.accounts.entry(account.clone()).or_default().restrict(now);
    }

    pub(super) fn stop(&mut self, send: SendId, now: Timestamp) {
        let at = self.sends[&send].clone();
        self.at(&at, now, |one, _| one.stop(send));
    }

    pub(super) fn recover(&mut self, ours: Arc<StoreIdentity>, now: Timestamp) {
        self.ours = ours;
        self.load(now);
        let all: Vec<_> = self.conversations.keys().cloned().collect();
        for at in all {
            self.at(&at, now, |one, scene| one.recover(scene));
        }
    }

    /// Forgets everything, and has it again from what was kept.
    fn load(&mut self, now: Timestamp) {
        let keys: Vec<_> = self.conversations.iter().map(|(at, one)| (at.clone(), one.key.clone())).collect();
        self.accounts.values_mut().for_each(AccountValue::forget_private_replies);
        for (at, key) in &keys {
            let account = self.accounts.entry(key.account.clone()).or_default();
            let rows = self.rows.get(at).into_iter();
            rows.flat_map(|rows| rows.remembered()).for_each(|send| account.hear_of(send));
        }
        self.conversations.clear();
        for (at, key) in &keys {
            let rows = self.rows.get(at).cloned().unwrap_or_default();
            let account = self.accounts.entry(key.account.clone()).or_default();
            let mut next_event = || unreachable!("what arrives again begins nothing");
            let standing = self.ours.standing(&key.account);
            let mut scene = Scene { now, ours: &self.ours, standing, account, next_event: &mut next_event };
            let loaded = Conversation::load(key.clone(), rows, &mut scene);
            self.conversations.insert(at.clone(), loaded);
        }
        for (at, _) in keys {
            // What arrived again may have settled a send.
            self.at(&at, now, |_, _| ());
        }
    }

    /// The echoes that wait, as events.
    pub(super) fn parked(&self) -> impl Iterator<Item = QueuedEvent> {
        self.conversations.values().flat_map(|one| one.parked().map(|(id, item)| plain_event(id, Arc::clone(item))))
    }

    /// Every send that is remembered.
    pub(super) fn all_sends(&self) -> impl Iterator<Item = &Send> {
        self.conversations.values().flat_map(|one| &one.sends)
    }
}

/// An event that no handler was given.
fn plain_event(id: EventId, item: Arc<Item>) -> QueuedEvent {
    QueuedEvent::new(id, item, Timestamp(0))
}

/// Writes a record into the rows of its conversation.
fn keep(rows: &mut Rows, record: Record) {
    match record {
        Record::Told(id, item) => {
            let care = Care { is_handled: true, answer_by: None };
            let (is_message_known, is_edit_known, is_reply) = (false, false, false);
            let event = KeptEvent { id, item, object: None, care, is_message_known, is_edit_known, is_reply };
            rows.events.push((event, None));
        }
        Record::Event(event) => match rows.events.iter_mut().find(|(kept, _)| kept.id == event.id) {
            Some((_, noted)) => *noted = Some(*event),
            // One that is handled again: its end is taken back.
            None => {
                let (id, item, care) = (event.id, Arc::clone(&event.item), Care { is_handled: true, answer_by: None });
                let (is_message_known, is_edit_known, is_reply) = (false, false, false);
                let kept = KeptEvent { id, item, object: None, care, is_message_known, is_edit_known, is_reply };
                rows.events.push((kept, Some(*event)));
            }
        },
        Record::Ended(event, _) => rows.events.retain(|(kept, _)| kept.id != event.id),
        Record::Kept(id, _) => rows.events.retain(|(kept, _)| kept.id != id),
        Record::Planned(send) => drop(rows.sends.insert(send.id, *send)),
        Record::Send(id, state) => {
            if let Some(send) = rows.sends.get_mut(&id) {
                send.state = *state;
            }
        }
        Record::Right(key, given) => drop(rows.rights.insert(key, *given)),
        Record::Image(image) => rows.image = Some(*image),
    }
}

/// The right that the reply to a comment has.
fn comment_key(account: &AccountId, event: &QueuedEvent) -> Option<RightKey> {
    if event.item.kind != Kind::Comment {
        return None;
    }
    let raw: Box<serde_json::value::RawValue> = serde_json::from_slice(&event.item.raw).ok()?;
    let origin = crate::event::Origin { account: account.clone(), standby: false, time: event.item.at, list: None };
    match Envelope::read(&origin, &raw)?.event {
        Event::Comment(comment) => RightKey::of_comment(&comment),
        _ => None,
    }
}
