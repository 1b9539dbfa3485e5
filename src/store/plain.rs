//! The store's operations one after the other on a database in memory, for a simulation that decides itself when each happens.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::sqlite::{
    Woke, Work, answer, doubt, held, inbox, intake, ledger, memory, outbox, posted, recover, replay, rights, step,
};
use super::{
    Appended, AutomaticReplies, Batch, Decided, EventDemand, Failure, Finish, Post, Posted, Replayed, SendDemand,
    SendOutcome, TakenDoubt, TakenEvent, TakenSend, TurnStep, Typing, WebhookBatch,
};
use crate::clock::Timestamp;
use crate::conversation::{Identity, StoreIdentity};
use crate::id::{AccountId, EventId, PersonId, SendId};
use crate::message::Recipient;
use crate::policy::Facts;

/// The same plain functions that the writer's thread applies.
pub(crate) struct Plain {
    db: Connection,
    own: Arc<StoreIdentity>,
    last_event: i64,
    next_send: i64,
}

impl Plain {
    pub(crate) fn new(ours: Identity) -> Plain {
        let (db, name) = memory().expect("a database in memory");
        Plain { db, own: Arc::new(StoreIdentity::new(&name, ours)), last_event: 0, next_send: 1 }
    }

    /// What is its own, at this start.
    pub(crate) fn own(&self) -> Arc<StoreIdentity> {
        Arc::clone(&self.own)
    }

    fn apply<T>(&mut self, run: impl FnOnce(&mut Work<'_>) -> rusqlite::Result<T>) -> T {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate).expect("a transaction");
        let mut work =
            Work { db: &transaction, own: &self.own, last_event: &mut self.last_event, woke: Woke::default() };
        let result = run(&mut work).expect("an operation that succeeds");
        transaction.commit().expect("a commit");
        result
    }

    pub(crate) fn next_send_id(&mut self) -> SendId {
        self.next_send += 1;
        SendId(self.next_send)
    }

    pub(crate) fn append(&mut self, delivery: &WebhookBatch) -> Appended {
        self.apply(|work| intake::append(work, delivery))
    }

    pub(crate) fn take(&mut self, room: &[EventDemand], now: Timestamp) -> Batch<TakenEvent> {
        self.apply(|work| inbox::take(work, room, now))
    }

    pub(crate) fn finish(&mut self, finish: &Finish) {
        self.apply(|work| inbox::finish(work, finish));
    }

    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.apply(|work| inbox::fail(work, failure));
    }

    pub(crate) fn step(&mut self, step: &TurnStep) -> bool {
        self.apply(|work| step::keep(work, step))
    }

    pub(crate) fn take_sends(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenSend> {
        self.apply(|work| outbox::take(work, room, now)).items
    }

    pub(crate) fn facts(&mut self, account: &AccountId, person: &PersonId) -> Facts {
        self.apply(|work| ledger::facts(work, account, person, &Recipient::Id(person.clone())))
    }

    pub(crate) fn sending(&mut self, send: SendId, now: Timestamp) -> bool {
        self.apply(|work| outbox::sending(work, send, now))
    }

    pub(crate) fn settle(&mut self, send: SendId, outcome: &SendOutcome, now: Timestamp) -> bool {
        self.apply(|work| outbox::settle(work, send, outcome, now))
    }

    pub(crate) fn take_doubts(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenDoubt> {
        self.apply(|work| doubt::take(work, room, now)).items
    }

    pub(crate) fn look_again(&mut self, send: SendId, at: Timestamp, counts: bool) {
        self.apply(|work| doubt::look_again(work, send, at, counts));
    }

    pub(crate) fn release(&mut self, send: SendId, now: Timestamp) -> Decided {
        self.apply(|work| held::release(work, send, now))
    }

    pub(crate) fn discard(&mut self, send: SendId, now: Timestamp) -> Decided {
        self.apply(|work| held::discard(work, send, now))
    }

    pub(crate) fn post(&mut self, post: &Post) -> Posted {
        self.apply(|work| posted::post(work, post))
    }

    pub(crate) fn replay(&mut self, event: EventId, served: &[AccountId], now: Timestamp) -> Replayed {
        self.apply(|work| replay::replay(work, event, served, now))
    }

    pub(crate) fn overdue(&mut self, accounts: &[AccountId], now: Timestamp) -> Vec<EventId> {
        let overdue = self.apply(|work| answer::overdue(work.db, accounts, 1_000, now));
        overdue.items.into_iter().map(|overdue| overdue.event).collect()
    }

    pub(crate) fn fall_back(&mut self, event: EventId, owed: &AutomaticReplies, now: Timestamp) {
        self.apply(|work| answer::fall_back(work, event, owed, now));
    }

    pub(crate) fn show_typing(&mut self, typing: &Typing) {
        self.apply(|work| answer::show_typing(work, typing));
    }

    pub(crate) fn restrict(&mut self, account: &AccountId, now: Timestamp) {
        self.apply(|work| ledger::restrict(work, account, now));
    }

    pub(crate) fn stop(&mut self, send: SendId) {
        self.apply(|work| rights::stop(work, send));
    }

    /// The rows of a query, each as its values in JSON.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let mut statement = self.db.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("a query");
        rows.map(|row| row.expect("a row")).collect()
    }

    /// What a process does last that ends because it was asked to.
    pub(crate) fn release_all(&mut self) {
        self.apply(|work| inbox::release(work));
    }

    /// What a new process does first.
    pub(crate) fn recover(&mut self, now: Timestamp) {
        self.own = Arc::new(self.own.restarted());
        self.apply(|work| recover(work, now));
    }

    pub(crate) fn metadata(&self, send: SendId) -> String {
        self.own.metadata(send, None)
    }

    /// What is remembered of a person's chat.
    pub(crate) fn state(&self, account: &str, person: &str) -> Option<String> {
        let sql = "SELECT state FROM conversation WHERE account = ?1 AND person = ?2 AND thread = 0";
        self.db.query_row(sql, [account, person], |row| row.get(0)).optional().expect("a query").flatten()
    }

    /// How many events and sends are not at their end.
    pub(crate) fn open(&self) -> i64 {
        let sql = "SELECT (SELECT count(*) FROM event WHERE status IN (0, 1, 2, 6))
                        + (SELECT count(*) FROM send WHERE status < 4)";
        self.db.query_row(sql, [], |row| row.get(0)).expect("a count")
    }

    /// How often something arrived beyond once, as far as that was noticed.
    pub(crate) fn repeats(&self) -> i64 {
        self.db.query_row("SELECT ifnull(sum(repeats), 0) FROM send", [], |row| row.get(0)).expect("a sum")
    }

    /// The sends that are held, in the order of their ids.
    pub(crate) fn held(&self) -> Vec<SendId> {
        let mut statement = self.db.prepare("SELECT id FROM send WHERE status = 7 ORDER BY id").expect("a statement");
        let held = statement.query_map([], |row| row.get(0).map(SendId)).expect("a query");
        held.map(|send| send.expect("a row")).collect()
    }
}
