//! Two servers' memories that must agree: the store, which decides in SQL, and the pure functions on conversations. Whatever happens
//! happens in both, and what both say of it is compared.

mod pure;

use crate::clock::Timestamp;
use crate::conversation::live::Conversation;
use crate::conversation::{EventStatus, Identity};
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::policy::Facts;
use crate::store::{
    Appended, AutomaticReplies, Batch, Decided, EventDemand, Failure, Finish, Plain, Post, Posted, Replayed,
    SendDemand, SendOutcome, TakenDoubt, TakenEvent, TakenSend, TurnStep, Typing, WebhookBatch,
};
use pure::Pure;

/// The store and the pure functions.
pub(super) struct Twin {
    plain: Plain,
    pure: Pure,
}

#[track_caller]
fn agree<T: PartialEq + std::fmt::Debug>(what: &str, pure: T, plain: T) -> T {
    assert_eq!(pure, plain, "{what}: the pure functions (left) and the store (right)");
    plain
}

/// Compares two lists of rows, and shows the first that differ.
#[track_caller]
fn agree_on_rows(what: &str, pure: &[String], plain: &[String]) {
    let differing = pure.iter().zip(plain).find(|(pure, plain)| pure != plain);
    assert_eq!(differing.map(|(pure, _)| pure), differing.map(|(_, plain)| plain), "{what}");
    assert_eq!(pure.len(), plain.len(), "{what}: the last {:?} and {:?}", pure.last(), plain.last());
}

/// What is compared of facts.
fn shown(facts: &Facts) -> String {
    format!("{facts:?}")
}

impl Twin {
    pub(super) fn new(ours: Identity) -> Twin {
        let plain = Plain::new(ours);
        let pure = Pure::new(plain.own());
        Twin { plain, pure }
    }

    pub(super) fn next_send_id(&mut self) -> SendId {
        self.plain.next_send_id()
    }

    pub(super) fn append(&mut self, delivery: &WebhookBatch) -> Appended {
        agree("append", self.pure.append(delivery), self.plain.append(delivery))
    }

    /// A delivery is kept, and the process dies before more than the first `happen` of its events have happened.
    pub(super) fn append_and_die(&mut self, delivery: &WebhookBatch, happen: usize, now: Timestamp) {
        self.plain.append(delivery);
        self.pure.append_until(delivery, happen);
        self.recover(now);
    }

    pub(super) fn take(&mut self, room: &[EventDemand], now: Timestamp) -> Batch<TakenEvent> {
        let plain = self.plain.take(room, now);
        let pure = self.pure.take(room, now);
        let of_plain = plain.items.iter().map(|event| {
            let has_failed = (event.has_failed, event.first_failed_at);
            let of_turn = (event.attempt, has_failed, event.state.clone(), event.steps.clone());
            (event.id, of_turn, event.raw.len(), event.person.clone(), shown(&event.facts), event.answer_by)
        });
        let of_pure = pure.iter().map(|(key, event, facts)| {
            let one = self.pure.find(key);
            let has_failed = (event.error.is_some(), event.first_failed_at);
            let state = event.state(one.state.as_deref()).map(str::to_owned);
            let of_turn = (event.attempts, has_failed, state, event.steps.clone());
            (event.id, of_turn, event.item.raw.len(), event.item.person.clone(), shown(facts), one.answer_by(event.id))
        });
        agree("take", of_pure.collect::<Vec<_>>(), of_plain.collect());
        plain
    }

    pub(super) fn finish(&mut self, finish: &Finish) {
        self.plain.finish(finish);
        self.pure.finish(finish);
    }

    pub(super) fn fail(&mut self, failure: &Failure) {
        self.plain.fail(failure);
        self.pure.fail(failure);
    }

    pub(super) fn step(&mut self, step: &TurnStep) -> bool {
        agree("step", self.pure.step(step), self.plain.step(step))
    }

    pub(super) fn show_typing(&mut self, typing: &Typing) {
        self.plain.show_typing(typing);
        self.pure.show_typing(typing);
    }

    pub(super) fn overdue(&mut self, accounts: &[AccountId], now: Timestamp) -> Vec<EventId> {
        let (mut pure, mut plain) = (self.pure.overdue(accounts, now), self.plain.overdue(accounts, now));
        pure.sort_unstable();
        plain.sort_unstable();
        agree("overdue", pure, plain)
    }

    pub(super) fn fall_back(&mut self, event: EventId, owed: &AutomaticReplies, now: Timestamp) {
        self.plain.fall_back(event, owed, now);
        self.pure.fall_back(event, owed, now);
    }

    /// The person of an event's conversation, where it is a chat.
    pub(super) fn person_of(&self, event: EventId) -> Option<PersonId> {
        let key = &self.pure.conversation_with(event)?.key;
        let is_chat = key.thread == Thread::Chat && !key.name.is_empty();
        is_chat.then(|| PersonId::new(key.name.as_str()))
    }

    pub(super) fn replay(&mut self, event: EventId, served: &[AccountId], now: Timestamp) -> Replayed {
        agree("replay", self.pure.replay(event, now), self.plain.replay(event, served, now))
    }

    pub(super) fn post(&mut self, post: &Post) -> Posted {
        agree("post", self.pure.post(post), self.plain.post(post))
    }

    pub(super) fn take_sends(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenSend> {
        let plain = self.plain.take_sends(room, now);
        let of_pure = self.pure.take_sends(room, now).into_iter().map(|id| {
            let send = self.pure.conversation_of(id).send(id).expect("a send");
            let state = &send.state;
            (id, state.attempts, state.doubted_since.is_some(), state.answers, format!("{:?}", send.origin()))
        });
        let of_plain = plain
            .iter()
            .map(|send| (send.id, send.attempts, send.was_in_doubt, send.answers, format!("{:?}", send.origin)));
        agree("take_sends", of_pure.collect::<Vec<_>>(), of_plain.collect());
        plain
    }

    pub(super) fn facts(&mut self, account: &AccountId, person: &PersonId) -> Facts {
        let plain = self.plain.facts(account, person);
        agree("facts", shown(&self.pure.facts(account, person)), shown(&plain));
        plain
    }

    pub(super) fn sending(&mut self, send: SendId, now: Timestamp) -> bool {
        agree("sending", self.pure.sending(send, now), self.plain.sending(send, now))
    }

    pub(super) fn settle(&mut self, send: SendId, outcome: &SendOutcome, now: Timestamp) -> bool {
        agree("settle", self.pure.settle(send, outcome, now), self.plain.settle(send, outcome, now))
    }

    pub(super) fn take_doubts(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenDoubt> {
        let plain = self.plain.take_doubts(room, now);
        let of_pure = self.pure.take_doubts(room, now).into_iter().map(|id| {
            let (send, around) = self.pure.conversation_of(id).doubt(now).expect("a doubt");
            let state = &send.state;
            let times = (state.attempted_at, state.doubted_since, state.doubts, state.looks, state.is_silent);
            (id, times, state.reason.clone(), around.bound, around.has_messages)
        });
        let of_plain = plain.iter().map(|doubt| {
            let since = (Some(doubt.attempted_at), Some(doubt.doubted_since));
            let times = (since.0, since.1, doubt.doubts, doubt.looks, doubt.silent);
            (doubt.id, times, Some(doubt.reason.clone()), doubt.bound.clone(), doubt.has_messages)
        });
        agree("take_doubts", of_pure.collect::<Vec<_>>(), of_plain.collect());
        plain
    }

    pub(super) fn look_again(&mut self, send: SendId, at: Timestamp, counts: bool, now: Timestamp) {
        self.plain.look_again(send, at, counts);
        self.pure.look_again(send, at, counts, now);
    }

    pub(super) fn release(&mut self, send: SendId, now: Timestamp) -> Decided {
        agree("release", self.pure.release(send, now), self.plain.release(send, now))
    }

    pub(super) fn discard(&mut self, send: SendId, now: Timestamp) -> Decided {
        agree("discard", self.pure.discard(send, now), self.plain.discard(send, now))
    }

    pub(super) fn restrict(&mut self, account: &AccountId, now: Timestamp) {
        self.plain.restrict(account, now);
        self.pure.restrict(account, now);
    }

    pub(super) fn stop(&mut self, send: SendId, now: Timestamp) {
        self.plain.stop(send);
        self.pure.stop(send, now);
    }

    pub(super) fn recover(&mut self, now: Timestamp) {
        self.plain.recover(now);
        self.pure.recover(self.plain.own(), now);
    }

    pub(super) fn metadata(&self, send: SendId) -> String {
        self.plain.metadata(send)
    }

    pub(super) fn state(&self, account: &str, person: &str) -> Option<String> {
        self.plain.state(account, person)
    }

    pub(super) fn open(&self) -> i64 {
        self.plain.open()
    }

    pub(super) fn repeats(&self) -> i64 {
        self.plain.repeats()
    }

    pub(super) fn held(&self) -> Vec<SendId> {
        self.plain.held()
    }

    /// Compares all that is known of every event, send and conversation.
    pub(super) fn compare(&self) {
        agree_on_rows("events", &self.pure.event_rows(), &self.plain.rows(EVENTS));
        let rows = self.plain.rows(SENDS);
        // What has ended long ago is not remembered, nor what was refused when it was posted.
        let remembered: Vec<_> = self.pure.all_sends().map(|send| send.id).collect();
        let id = |row: &String| row.split(' ').next().and_then(|id| id.parse().ok()).map(SendId);
        let rows = rows.into_iter().filter(|row| id(row).is_some_and(|id| remembered.contains(&id)));
        agree_on_rows("sends", &self.pure.send_rows(), &rows.collect::<Vec<_>>());
        agree_on_rows("conversations", &self.pure.conversation_rows(), &self.plain.rows(CONVERSATIONS));
    }
}

const EVENTS: &str = "SELECT concat_ws(' ', id, status, iif(status = 0, due, '-'), attempts, error IS NOT NULL,
        ifnull(first_failed_at, '-'), kind) FROM event ORDER BY id";

const SENDS: &str = "SELECT concat_ws(' ', id, ifnull(event, '-'), turn, status, iif(status IN (0, 3), due, '-'), at, attempts,
        ifnull(attempted_at, '-'), ifnull(doubted_since, '-'), doubts, looks, ifnull(rule, '-'), ifnull(message_id, '-'),
        repeats, ifnull(answers, '-'), ifnull(reason, '-')) FROM send ORDER BY id";

const CONVERSATIONS: &str =
    "SELECT concat_ws(' ', account, thread, person, ifnull(opened_at, '-'), ifnull(opened_by, '-'),
        ifnull(last_message_at, '-'), ifnull(owner, '-'), ifnull(said_at, '-'),
        ifnull(disclosed_at, '-'), silence, others_spoke, ifnull(state, '-')) FROM conversation
    ORDER BY account, thread, person";

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

impl Pure {
    fn find(&self, key: &crate::conversation::live::ConversationKey) -> &Conversation {
        self.conversations.values().find(|one| one.key == *key).expect("a conversation")
    }

    fn event_rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for one in self.conversations.values() {
            for event in &one.events {
                rows.push((event.id, one.status(event.id).expect("a status"), event.clone()));
            }
        }
        let open = rows.into_iter();
        let ended = self.ended.values().map(|ended| (ended.event.id, ended.status, ended.event.clone()));
        let parked = self.parked().map(|event| (event.id, EventStatus::Parked, event));
        let mut all: Vec<_> = open.chain(ended).chain(parked).collect();
        all.sort_by_key(|(id, _, _)| *id);
        let row = |(id, status, event): (EventId, EventStatus, crate::conversation::live::QueuedEvent)| {
            let due = if status == EventStatus::Ready { event.due.0.to_string() } else { "-".to_owned() };
            let failed = (u8::from(event.error.is_some()), or_dash(event.first_failed_at.map(|at| at.0)));
            format!("{id} {} {due} {} {} {} {}", status as i64, event.attempts, failed.0, failed.1, event.item.kind)
        };
        all.into_iter().map(row).collect()
    }

    fn send_rows(&self) -> Vec<String> {
        let mut sends: Vec<_> = self.all_sends().collect();
        sends.sort_by_key(|send| send.id);
        let time = |at: Option<Timestamp>| or_dash(at.map(|at| at.0));
        let row = |send: &&crate::conversation::live::Send| {
            let state = &send.state;
            let status = state.status as i64;
            let due = if matches!(status, 0 | 3) { state.due.0.to_string() } else { "-".to_owned() };
            [
                send.id.to_string(),
                or_dash(send.event),
                send.turn.to_string(),
                status.to_string(),
                due,
                state.at.0.to_string(),
                state.attempts.to_string(),
                time(state.attempted_at),
                time(state.doubted_since),
                state.doubts.to_string(),
                state.looks.to_string(),
                or_dash(state.rule.clone()),
                or_dash(state.message_id.clone()),
                state.repeats.to_string(),
                time(state.answers),
                or_dash(state.reason.clone()),
            ]
            .join(" ")
        };
        sends.iter().map(row).collect()
    }

    fn conversation_rows(&self) -> Vec<String> {
        let mut all: Vec<_> = self.conversations.values().collect();
        all.sort_by_key(|one| (one.key.account.clone(), one.key.thread as i64, one.key.name.clone()));
        let time = |at: Option<Timestamp>| or_dash(at.map(|at| at.0));
        let row = |one: &&Conversation| {
            let said = one.since_disclosed();
            [
                one.key.account.to_string(),
                (one.key.thread as i64).to_string(),
                one.key.name.clone(),
                time(one.window.map(|window| window.opened_at)),
                or_dash(one.window.map(|window| window.opened_by)),
                time(one.last_message_at),
                or_dash(one.owner()),
                time(said.said_at),
                time(one.disclosed_at()),
                said.silence.as_millis().to_string(),
                u8::from(said.others_spoke).to_string(),
                or_dash(one.state.clone()),
            ]
            .join(" ")
        };
        all.iter().map(row).collect()
    }
}
