//! The conversations in memory over a database in memory, one operation after the other. What an operation brought about is committed
//! before it returns where its caller waits for that, and sooner or later where not: a process that dies loses what is not committed
//! yet. Where all is, the conversations that were touched are loaded again and compared with those in memory.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use crate::clock::Timestamp;
use crate::conversation::live::{
    Arrival, Arrived, Care, Conversation, ConversationId, ConversationKey, Item, KeptEvent, OnDisk, Recognised,
    RightKey, Scene,
};
use crate::conversation::{Identity, SendStatus, StoreIdentity};
use crate::conversations::Live;
use crate::event::Envelope;
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::message::Recipient;
use crate::policy::Facts;
use crate::store::records::{self, Arriving, Away, Images, Marks, Statements, Whose, Write};
use crate::store::{
    Appended, AutomaticReplies, Batch, Decided, EventDemand, Failure, Finish, Intake, Post, Posted, Replayed,
    SendDemand, SendOutcome, TakenDoubt, TakenEvent, TakenSend, TurnStep, Typing, WebhookBatch,
};

/// The conversations, and what is kept of them.
pub(super) struct Kept {
    pub(super) live: Live,
    pub(super) db: Connection,
    marks: Marks,
    images: Images,
    last_event: Arc<AtomicI64>,
    last_image: i64,
    next_send: i64,
    /// What has happened and is not committed yet, each with the number of its happening.
    waiting: VecDeque<(u64, Vec<Write>)>,
    /// The last happening that is committed.
    kept: u64,
    /// How many commits there were, and behind which the process dies: nothing is written after it.
    commits: u64,
    /// Whether what happened last was committed before its caller went on.
    is_kept: bool,
    dies_behind: Option<u64>,
    /// The conversations that were touched since all was compared.
    touched: BTreeSet<ConversationId>,
    fault: Option<Fault>,
    rng: fastrand::Rng,
    checks_all: bool,
}

/// Whether the caller of an operation waits until it is committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    Kept,
    No,
}

impl Kept {
    /// `checks_all`: what is kept is loaded and compared after every happening; else now and then.
    pub(super) fn new(ours: Identity, fault: Option<Fault>, checks_all: bool) -> Kept {
        let db = Connection::open_in_memory().expect("a database in memory");
        db.set_prepared_statement_cache_capacity(128);
        records::make(&db).expect("tables");
        let ours = Arc::new(StoreIdentity::new("7f3a00112233", ours));
        let marks = Marks::read(&db).expect("marks");
        let (images, last_event) = (Images::default(), Arc::new(AtomicI64::new(0)));
        let away = Away::in_memory(&db).expect("a database in memory");
        let live = Live::new(ours, Vec::new(), Arc::clone(&last_event), images.clone(), away, Timestamp(0));
        Kept {
            live,
            images,
            last_event,
            db,
            marks,
            last_image: 0,
            next_send: 0,
            waiting: VecDeque::new(),
            kept: 0,
            commits: 0,
            is_kept: false,
            dies_behind: None,
            touched: BTreeSet::new(),
            fault,
            rng: fastrand::Rng::with_seed(7),
            checks_all,
        }
    }

    /// Lets something happen, and looks whether the same is loaded once it is committed.
    fn at<T>(&mut self, wait: Wait, happening: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>) -> T {
        let result = happening(&mut self.live, &self.db).expect("the database answers");
        self.end(wait);
        self.is_kept = self.waiting.is_empty();
        // A conversation may leave memory at any time.
        if self.rng.u8(..4) == 0 {
            let most = self.rng.usize(..20_000);
            self.live.make_room(&self.db, most, self.kept).expect("there is room elsewhere");
            self.end(wait);
            self.sweep();
        }
        result
    }

    /// The process dies behind the commit of this number.
    pub(super) fn die_behind(&mut self, commit: u64) {
        self.dies_behind = Some(commit);
    }

    /// Whether it has: what was not committed before is lost.
    pub(super) fn is_dead(&self) -> bool {
        self.dies_behind.is_some_and(|last| self.commits >= last)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits
    }

    /// Brings `conversation` forward, as the server does now and then.
    fn sweep(&mut self) {
        if self.is_dead() {
            return;
        }
        let waiting: Vec<_> = self.images.lock().iter().map(|(id, number)| (*id, *number)).collect();
        let numbers: Vec<_> = waiting.iter().map(|(_, number)| *number).collect();
        records::bring_forward(&self.db, &numbers).expect("written");
        self.commits += 1;
        self.images.were_brought_forward(&waiting);
        if self.fault == Some(Fault::SweptAhead) {
            self.keep(usize::MAX);
        }
        while !self.is_dead() && records::forget_images(&self.db, self.last_image).expect("deleted") {
            self.commits += 1;
        }
    }

    /// An operation is over. What its caller does not wait for is committed with it, or later.
    fn end(&mut self, wait: Wait) {
        let (number, batch) = self.live.take_batch();
        if !batch.is_empty() {
            self.waiting.push_back((number, batch));
        }
        if wait == Wait::Kept || self.rng.bool() {
            self.keep(usize::MAX);
        }
    }

    /// Commits what waits, the first `most` happenings of it.
    fn keep(&mut self, most: usize) {
        for _ in 0..most.min(self.waiting.len()) {
            if self.is_dead() {
                return;
            }
            let (number, batch) = self.waiting.pop_front().expect("one that waits");
            let transaction = self.db.unchecked_transaction().expect("a transaction");
            let mut db = Statements::of(&self.db);
            for write in &batch {
                match write {
                    Write::Record(id, key, record) => {
                        self.touched.insert(*id);
                        let (whose, before) = (Whose { id: *id, key }, self.last_image);
                        records::record(&mut db, &self.marks, &whose, record, &mut self.last_image).expect("written");
                        if self.last_image != before {
                            self.images.lock().insert(*id, self.last_image);
                        }
                    }
                    Write::Account(id, image) => records::account(&mut db, id, image).expect("written"),
                    Write::Posted { .. } => unreachable!("nothing is posted under a key"),
                }
            }
            transaction.commit().expect("a commit");
            self.kept = number;
            self.commits += 1;
        }
        // A schedule of the simulation is long and its happenings are few: a share of them is enough.
        let is_checked = self.checks_all || self.rng.u8(..16) == 0;
        if self.waiting.is_empty() {
            std::mem::take(&mut self.touched).into_iter().filter(|_| is_checked).for_each(|id| self.check(id));
        }
    }

    /// What is kept of a conversation makes it again as it is.
    fn check(&mut self, id: ConversationId) {
        // It has left memory again, where it was touched before.
        let Some(one) = self.live.conversation(id) else { return };
        let key = one.key.clone();
        let on_disk = self.live.on_disk(id).expect("read");
        let in_memory = one.events.iter().map(|event| event.id).chain(one.parked().map(|(id, ..)| id));
        let open: Vec<_> = in_memory.chain(on_disk.iter().map(|event| event.id)).collect();
        let open: Vec<_> = open.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let rows = records::load(&self.db, id, self.images.get(id), &open).expect("loaded");
        let (mut loaded, later) = Conversation::load(key.clone(), rows);
        let mut account = self.live.account_value(&key.account);
        let mut next_event = || EventId(0);
        let mut to_disk = Vec::new();
        for Arrived { kept, row, steps } in later {
            let envelope = kept.envelope(&key).expect("what was read can be read again");
            let giver = RightKey::of_news(&envelope.event);
            let giver = giver.and_then(|right| records::giver(&self.db, &key.account, &right).expect("read"));
            let arrival =
                Arrival { kept: &kept, envelope: &envelope, is_of_another: giver.is_some_and(|giver| giver != key) };
            let (now, standing) = (kept.item.received_at, self.live.ours().standing(&key.account));
            let mut scene =
                Scene { now, ours: self.live.ours(), standing, account: &mut account, next_event: &mut next_event };
            loaded.arrived(&mut scene, &arrival);
            if let Some(row) = row {
                loaded.stands_again(&kept, row, steps);
            }
            let (_, changes) = loaded.end(&mut account);
            for event in changes.to_disk {
                to_disk.retain(|other: &OnDisk| other.id != event.id);
                to_disk.push(OnDisk { id: event.id, place: event.place });
            }
        }
        let whole = |mut one: Conversation, on_disk: &[OnDisk]| {
            one.come_from_disk(records::from_disk(&self.db, on_disk).expect("read"), true, Timestamp(i64::MAX));
            one.reduced()
        };
        let kept = whole(self.live.conversation(id).expect("in memory").clone(), &on_disk);
        let loaded = whole(loaded, &to_disk);
        if format!("{loaded:?}") != format!("{kept:?}") {
            let (loaded, kept) = (format!("{loaded:#?}"), format!("{kept:#?}"));
            let differing = loaded.lines().zip(kept.lines()).position(|(loaded, kept)| loaded != kept).unwrap_or(0);
            let around =
                |text: &str| text.lines().skip(differing.saturating_sub(6)).take(60).collect::<Vec<_>>().join("\n");
            panic!("loaded:\n{}\nin memory:\n{}", around(&loaded), around(&kept));
        }
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
        // The writer commits in the order in which it is given.
        self.keep(usize::MAX);
        if self.is_dead() {
            return;
        }
        let known =
            records::remember(&mut Statements::of(&self.db), envelope, delivery.received_at).expect("remembered");
        let Some(known) = known else {
            appended.repeated += 1;
            return;
        };
        let (account, thread) = (envelope.account.clone(), envelope.thread);
        let key = ConversationKey { account, thread, name: envelope.conversation().to_owned() };
        let id = EventId(self.last_event.fetch_add(1, Ordering::Relaxed) + 1);
        let item = Arc::new(Item::of(envelope, delivery.trace, delivery.received_at));
        let (is_message_known, is_edit_known) = (known.message, known.edit);
        let kept = KeptEvent { id, item, object: envelope.object, care, is_message_known, is_edit_known };
        let arriving = Arriving { kept: &kept, conversation: key.id(), key: &key, done_behind: None };
        arriving.keep(&mut Statements::of(&self.db)).expect("kept");
        self.commits += 1;
        if !happens || self.is_dead() {
            return;
        }
        let recognised = self.at(Wait::No, |live, db| live.arrived(db, (key.id(), &key), &kept, envelope));
        if recognised == Recognised::Own {
            appended.own_echoes += 1;
        } else {
            appended.new += 1;
        }
    }

    pub(super) fn take(&mut self, room: &[EventDemand], now: Timestamp) -> Batch<TakenEvent> {
        let kept = self.kept;
        self.at(Wait::No, |live, db| live.take(db, room, now, kept))
    }

    /// False where the process dies before it is committed.
    pub(super) fn finish(&mut self, finish: &Finish) -> bool {
        let wait = if self.fault == Some(Fault::LeftBeforeItsMark) { Wait::No } else { Wait::Kept };
        self.at(wait, |live, db| live.finish(db, finish));
        self.is_kept || !self.is_dead()
    }

    pub(super) fn take_leaving(&mut self) -> Vec<TakenSend> {
        let kept = if self.fault == Some(Fault::LeftBeforeItsMark) { u64::MAX } else { self.kept };
        self.live.take_leaving(kept)
    }

    pub(super) fn did_not_leave(&mut self, send: SendId, outcome: &SendOutcome, now: Timestamp) {
        self.at(Wait::No, |live, db| live.did_not_leave(db, send, outcome, now));
    }

    pub(super) fn fail(&mut self, failure: &Failure) {
        self.at(Wait::Kept, |live, db| live.fail(db, failure));
    }

    pub(super) fn step(&mut self, step: &TurnStep) -> bool {
        self.at(Wait::Kept, |live, db| live.step(db, step))
    }

    pub(super) fn show_typing(&mut self, typing: &Typing) {
        self.at(Wait::Kept, |live, db| live.show_typing(db, typing));
    }

    pub(super) fn overdue(&mut self, accounts: &[AccountId], now: Timestamp) -> Vec<EventId> {
        let overdue = self.at(Wait::No, |live, db| live.overdue(db, accounts, usize::MAX, now)).items;
        overdue.into_iter().map(|overdue| overdue.event).collect()
    }

    pub(super) fn fall_back(&mut self, event: EventId, owed: &AutomaticReplies, now: Timestamp) {
        self.at(Wait::Kept, |live, db| live.fall_back(db, event, owed, now));
    }

    pub(super) fn replay(&mut self, event: EventId, served: &[AccountId], now: Timestamp) -> Replayed {
        self.at(Wait::Kept, |live, db| live.replay(db, event, served, now))
    }

    pub(super) fn post(&mut self, post: &Post) -> Posted {
        self.at(Wait::Kept, |live, db| live.post(db, post))
    }

    pub(super) fn take_sends(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenSend> {
        self.at(Wait::No, |live, db| live.take_sends(db, room, now)).items
    }

    pub(super) fn take_doubts(&mut self, room: &[SendDemand], now: Timestamp) -> Vec<TakenDoubt> {
        self.at(Wait::No, |live, db| live.take_doubts(db, room, now)).items
    }

    /// The person of an event's conversation, where it is a chat.
    pub(super) fn person_of(&self, event: EventId) -> Option<PersonId> {
        let key = records::event(&self.db, event).expect("read")?.key;
        let is_chat = key.thread == Thread::Chat && !key.name.is_empty();
        is_chat.then(|| PersonId::new(key.name.as_str()))
    }

    pub(super) fn facts(&mut self, account: &AccountId, person: &PersonId) -> Facts {
        let recipient = Recipient::Id(person.clone());
        self.at(Wait::No, |live, db| live.facts(db, account, person, &recipient))
    }

    pub(super) fn sending(&mut self, send: SendId, now: Timestamp) -> bool {
        self.at(Wait::Kept, |live, db| live.sending(db, send, now))
    }

    pub(super) fn settle(&mut self, send: SendId, outcome: &SendOutcome, now: Timestamp) -> bool {
        self.at(Wait::No, |live, db| live.settle(db, send, outcome, now))
    }

    pub(super) fn look_again(&mut self, send: SendId, due: Timestamp, counts: bool, now: Timestamp) {
        self.at(Wait::Kept, |live, db| live.look_again(db, send, due, counts, now));
    }

    pub(super) fn release(&mut self, send: SendId, now: Timestamp) -> Decided {
        self.at(Wait::Kept, |live, db| live.release_send(db, send, now))
    }

    pub(super) fn discard(&mut self, send: SendId, now: Timestamp) -> Decided {
        self.at(Wait::Kept, |live, db| live.drop_send(db, send, now))
    }

    pub(super) fn restrict(&mut self, account: &AccountId, now: Timestamp) {
        self.at(Wait::Kept, |live, _| {
            live.restrict(account, now);
            Ok(())
        });
    }

    pub(super) fn stop(&mut self, send: SendId) {
        let (send, key) = records::send(&self.db, send).expect("read").expect("a send");
        // A sender action uses up nothing.
        if send.request.as_message().is_some() {
            let (recipient, left_at) = (&send.request.recipient, send.state.attempted_at.expect("it has left"));
            self.at(Wait::Kept, |live, db| live.stop(db, &key.account, recipient, left_at));
        }
    }

    pub(super) fn release_all(&mut self, now: Timestamp) {
        self.at(Wait::Kept, |live, db| live.release(db, now));
    }

    /// The keys of a delivery are remembered, and the process dies before its events are kept: what must not be.
    pub(super) fn remember_alone(&mut self, delivery: &WebhookBatch) {
        for item in &delivery.items {
            if let Intake::Handled(envelope) = item {
                records::remember(&mut Statements::of(&self.db), envelope, delivery.received_at).expect("remembered");
            }
        }
    }

    /// The process dies, and another one has everything again from what was kept: of what no caller waited for, the first part.
    pub(super) fn recover(&mut self, now: Timestamp) {
        let most = self.rng.usize(..=self.waiting.len());
        self.keep(most);
        self.dies_behind = None;
        self.waiting.clear();
        self.touched.clear();
        self.kept = 0;
        let ours = Arc::new(self.live.ours().restarted());
        let accounts = records::accounts(&self.db).expect("read");
        let (last_event, _, last_image) = records::last_ids(&self.db).expect("read");
        // Where all were brought forward, numbers begin anew.
        let begins_anew = last_image == 0 && self.images.lock().is_empty();
        assert!(last_image == self.last_image || begins_anew || self.fault == Some(Fault::SweptAhead));
        self.last_image = last_image;
        self.last_event = Arc::new(AtomicI64::new(last_event.0));
        self.images = Images::of(records::images(&self.db).expect("read"));
        let away = Away::in_memory(&self.db).expect("read");
        self.live = Live::new(ours, accounts, Arc::clone(&self.last_event), self.images.clone(), away, now);
        let most = self.rng.usize(..10_000);
        let mut parts = Vec::new();
        let begun = self.live.begin(&self.db, most, |writes| {
            parts.push(writes);
            Ok(())
        });
        begun.expect("the database answers");
        self.waiting.extend(parts.into_iter().map(|writes| (0, writes)));
        self.keep(usize::MAX);
        while self.at(Wait::Kept, |live, db| live.sort_out(db)) {}
    }

    /// The process ends because it was asked to, and another one begins.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.release_all(now);
        self.recover(now);
    }

    /// A delivery is kept, and the process dies before more than the first `happen` of its events have happened.
    pub(super) fn append_and_die(&mut self, delivery: &WebhookBatch, happen: usize, now: Timestamp) {
        self.append_until(delivery, happen);
        self.recover(now);
    }

    pub(super) fn next_send_id(&mut self) -> SendId {
        self.next_send += 1;
        SendId(self.next_send)
    }

    pub(super) fn metadata(&self, send: SendId) -> String {
        self.live.ours().metadata(send, None)
    }

    /// What is remembered of a person's chat.
    pub(super) fn state(&mut self, account: &str, person: &str) -> Option<String> {
        self.keep(usize::MAX);
        let (account, name) = (AccountId::new(account), person.to_owned());
        let id = ConversationKey { account, thread: Thread::Chat, name }.id();
        let sql = "SELECT value FROM state WHERE conversation = ?1";
        self.db.query_row(sql, [id.0], |row| row.get(0)).optional().expect("a query")
    }

    /// How many events and sends are not at their end.
    pub(super) fn open(&self) -> usize {
        let of = |one: &Conversation| {
            let sends =
                one.whole_sends().filter(|send| !send.state.has_ended() && send.state.status != SendStatus::Held);
            one.events.len() + one.parked().count() + sends.count()
        };
        self.live.conversations().map(of).sum::<usize>() + self.live.open_elsewhere()
    }

    /// What is open on disk is open in memory, or known to be elsewhere.
    pub(super) fn check_open(&mut self) {
        self.keep(usize::MAX);
        let mut on_disk = 0;
        records::left_open(&self.db, |_| {
            on_disk += 1;
            Ok(())
        })
        .expect("read");
        assert_eq!(self.open(), on_disk, "what is open");
        for one in self.live.conversations() {
            let waiting = self.live.on_disk(one.key.id()).expect("read");
            assert_eq!(one.last_on_disk(), waiting.last().copied(), "what waits on disk");
        }
    }

    /// How often something arrived beyond once, as far as that was noticed.
    pub(super) fn repeats(&mut self) -> i64 {
        self.keep(usize::MAX);
        self.db.query_row("SELECT ifnull(sum(repeats), 0) FROM send_state", [], |row| row.get(0)).expect("a sum")
    }

    /// How many rows a query counts.
    pub(super) fn count(&self, sql: &str, value: impl rusqlite::ToSql) -> i64 {
        self.db.query_row(sql, [value], |row| row.get(0)).expect("a count")
    }

    /// The sends that are held, in the order of their ids.
    pub(super) fn held(&mut self) -> Vec<SendId> {
        self.keep(usize::MAX);
        let mut statement =
            self.db.prepare("SELECT id FROM send_state WHERE status = 7 ORDER BY id").expect("a statement");
        let held = statement.query_map([], |row| row.get(0).map(SendId)).expect("a query");
        held.map(|send| send.expect("a row")).collect()
    }
}
