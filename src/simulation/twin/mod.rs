//! Two servers' memories that must agree: the store, which decides in SQL, and the pure functions on conversations. Whatever happens
//! happens in both, and what both say of it is compared.

mod pure;

use std::collections::BTreeMap;

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
    /// `checks_all`: what is kept is loaded and compared after every happening; else now and then.
    pub(super) fn new(ours: Identity, checks_all: bool) -> Twin {
        let plain = Plain::new(ours);
        let pure = Pure::new(plain.own(), checks_all);
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
        let of = |event: &TakenEvent| {
            let has_failed = (event.has_failed, event.first_failed_at);
            let of_turn = (event.attempt, has_failed, event.state.clone(), event.steps.clone());
            (event.id, of_turn, event.raw.len(), event.person.clone(), shown(&event.facts), event.answer_by)
        };
        agree("take", pure.iter().map(of).collect::<Vec<_>>(), plain.items.iter().map(of).collect());
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
        let key = self.pure.conversation_with(event)?;
        let is_chat = key.thread == Thread::Chat && !key.name.is_empty();
        is_chat.then(|| PersonId::new(key.name.as_str()))
    }

    pub(super) fn replay(&mut self, event: EventId, served: &[AccountId], now: Timestamp) -> Replayed {
        agree("replay", self.pure.replay(event, served, now), self.plain.replay(event, served, now))
    }

    pub(super) fn post(&mut self, post: &Post) -> Posted {
        agree("post", self.pure.post(post), self.plain.post(post))
    }

    pub(super) fn take_sends(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenSend> {
        let plain = self.plain.take_sends(room, now);
        let of = |send: &TakenSend| {
            let of_send = (send.attempts, send.was_in_doubt, send.answers, format!("{:?}", send.origin));
            (send.id, of_send, send.account.clone(), send.person.clone(), format!("{:?}", send.request))
        };
        let pure = self.pure.take_sends(room, now);
        agree("take_sends", pure.iter().map(of).collect::<Vec<_>>(), plain.iter().map(of).collect());
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
        let of = |doubt: &TakenDoubt| {
            let times = (doubt.attempted_at, doubt.doubted_since, doubt.doubts, doubt.looks, doubt.silent);
            (doubt.id, times, doubt.reason.clone(), doubt.bound.clone(), doubt.has_messages, doubt.person.clone())
        };
        let pure = self.pure.take_doubts(room, now);
        agree("take_doubts", pure.iter().map(of).collect::<Vec<_>>(), plain.iter().map(of).collect());
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

    pub(super) fn stop(&mut self, send: SendId) {
        self.plain.stop(send);
        self.pure.stop(send);
    }

    /// The process ends because it was asked to, and another one begins.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.plain.release_all();
        self.pure.release_all(now);
        self.recover(now);
    }

    pub(super) fn recover(&mut self, now: Timestamp) {
        self.plain.recover(now);
        self.pure.recover(self.plain.own(), now);
        // What is due already is due at once after a start: only the order between conversations hangs on it.
        let dues = self.plain.rows("SELECT concat_ws(' ', id, due) FROM event WHERE status = 0");
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let dues = dues.iter().filter_map(|row| row.split_once(' '));
        self.pure.set_dues(&dues.map(|(id, due)| (EventId(number(id)), Timestamp(number(due)))).collect::<Vec<_>>());
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
        let refused: Vec<_> = self.pure.refused.iter().map(|id| format!("{id} ")).collect();
        let is_refused = |row: &String| refused.iter().any(|id| row.starts_with(id));
        let rows = self.plain.rows(SENDS).into_iter().filter(|row| !is_refused(row));
        agree_on_rows("sends", &self.pure.send_rows(), &rows.collect::<Vec<_>>());
        let rows = self.plain.rows(CONVERSATIONS);
        for row in self.pure.conversation_rows() {
            assert!(rows.contains(&row), "conversations: the pure functions say {row}, the store {rows:#?}");
        }
    }
}

const EVENTS: &str = "SELECT concat_ws(' ', id, status, iif(status = 0, due, '-'), attempts, deaths, error IS NOT NULL,
        ifnull(first_failed_at, '-'), kind, typing) FROM event ORDER BY id";

/// The same of the new tables; where an open event stands is known in memory.
const NEW_EVENTS: &str =
    "SELECT concat_ws(' ', event.id, ifnull(event_state.status, event.status), '-', ifnull(attempts, 0),
        ifnull(deaths, 0), error IS NOT NULL, ifnull(first_failed_at, '-'), kind, ifnull(typing, 0))
    FROM event LEFT JOIN event_state USING (id) WHERE event.id = ?1";

const SENDS: &str = "SELECT concat_ws(' ', id, ifnull(event, '-'), turn, status, iif(status IN (0, 3), due, '-'), at, attempts,
        ifnull(attempted_at, '-'), ifnull(doubted_since, '-'), doubts, looks, ifnull(rule, '-'), ifnull(message_id, '-'),
        repeats, ifnull(answers, '-'), iif(reason GLOB 'behind *', 'behind', ifnull(reason, '-'))) FROM send ORDER BY id";

const NEW_SENDS: &str = "SELECT concat_ws(' ', id, ifnull(event, '-'), turn, status, iif(status IN (0, 3), due, '-'), at, attempts,
        ifnull(attempted_at, '-'), ifnull(doubted_since, '-'), doubts, looks, ifnull(rule, '-'), ifnull(message_id, '-'),
        repeats, ifnull(answers, '-'), iif(reason GLOB 'behind *', 'behind', ifnull(reason, '-')))
    FROM send JOIN send_state USING (id) ORDER BY id";

const CONVERSATIONS: &str =
    "SELECT concat_ws(' ', account, thread, person, ifnull(opened_at, '-'), ifnull(opened_by, '-'),
        ifnull(last_message_at, '-'), ifnull(owner, '-'), ifnull(said_at, '-'),
        ifnull(disclosed_at, '-'), silence, others_spoke, ifnull(state, '-')) FROM conversation
    ORDER BY account, thread, person";

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

impl Pure {
    fn event_rows(&self) -> Vec<String> {
        let mut ids = self.db.prepare_cached("SELECT id FROM event ORDER BY id").expect("a statement");
        let ids = ids.query_map([], |row| row.get::<_, i64>(0)).expect("a query").map(|id| id.expect("an id"));
        let mut open = BTreeMap::new();
        for one in self.live.conversations() {
            for event in &one.events {
                open.insert(event.id.0, (one.status(event.id).expect("a status"), event));
            }
        }
        let row = |id: i64| {
            let Some((status, event)) = open.get(&id) else {
                let mut kept = self.db.prepare_cached(NEW_EVENTS).expect("a statement");
                return kept.query_row([id], |row| row.get(0)).expect("a row");
            };
            let due = if *status == EventStatus::Ready { event.due.0.to_string() } else { "-".to_owned() };
            let failed = (u8::from(event.error.is_some()), or_dash(event.first_failed_at.map(|at| at.0)));
            let tries = (event.attempts, event.deaths, u8::from(event.typing));
            let status = *status as i64;
            format!(
                "{id} {status} {due} {} {} {} {} {} {}",
                tries.0, tries.1, failed.0, failed.1, event.item.kind, tries.2
            )
        };
        ids.map(row).collect()
    }

    fn send_rows(&self) -> Vec<String> {
        let mut statement = self.db.prepare_cached(NEW_SENDS).expect("a statement");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("a query");
        rows.map(|row| row.expect("a row")).collect()
    }

    fn conversation_rows(&self) -> Vec<String> {
        let time = |at: Option<Timestamp>| or_dash(at.map(|at| at.0));
        let row = |one: &Conversation| {
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
        // One that was only asked about has no row.
        self.live.conversations().filter(|one| one.last_event.is_some() || one.last_send.is_some()).map(row).collect()
    }
}
