//! The inbox, the outbox and the ledger, in one file, under one writer.
//!
//! - **Inbox**: every event, with the key by which a redelivery is recognised. `pending → running → done | dead`; what could
//!   not be read is `quarantined`. The first event of a conversation that is not done holds back those behind it.
//! - **Outbox**: every send. `planned → sending → sent | refused | failed | in_doubt | held`. The first send of a conversation that
//!   is not settled holds back those behind it.
//! - **Ledger**: what policy needs to know of a conversation, written with the events that say so.
//!
//! An operation has happened when its future returns `Ok`: it is on disk. Whatever waits at the same moment shares one
//! transaction and one flush. The store also owns the wakes: the loops that take from it wait on it alone.
//!
//! It does not decide anything: whether to retry, whether policy allows, is told to it.

mod backlog;
mod doubted;
mod error;
mod list;
#[cfg(test)]
mod plain;
mod post;
mod probe;
#[cfg(test)]
pub(crate) mod records;
mod sqlite;
mod types;
mod wakes;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub use backlog::*;
pub use doubted::*;
pub(crate) use error::PAUSE;
pub use error::{Harm, Lost, OpenError, StoreError, StoreFile};
pub use list::*;
#[cfg(test)]
pub(crate) use plain::Plain;
pub use post::*;
pub use types::*;

pub use crate::conversation::{
    AutomaticReplies, Decided, DisclosureMessage, EventStatus, Identity, KnownMessages, MessageHash, Next, Overdue,
    SendOutcome, SendStatus, Standings, TakenStep, Typing, recipient,
};

use tokio::sync::Semaphore;

use crate::clock::Timestamp;
use crate::conversation::StoreIdentity;
use crate::id::{AccountId, EventId, PersonId, SendId};
use crate::message::Recipient;
use crate::policy::Facts;
use crate::settings;
use crate::trace::Trace;
use probe::Probe;
use sqlite::{
    Sqlite, answer, count, doubt, held, inbox, intake, ledger, outbox, posted, prune, read, replay, rights, set_back,
    step,
};
use wakes::Wakes;

/// How long others have the writer to themselves between two steps of pruning. Without it a round of pruning makes the log so
/// long that the writer has to copy it while deliveries wait.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// How many events of a delivery share a transaction at the most.
const MOST_EVENTS: usize = 1000;

/// The store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    sqlite: Arc<Sqlite>,
    wakes: Arc<Wakes>,
    own: Arc<StoreIdentity>,
    next_send: Arc<AtomicI64>,
    /// When a delivery was last kept by this process.
    last_delivery: Arc<AtomicI64>,
    /// Held by a delivery that takes several transactions: one at a time, so that others get their turn between them.
    large: Arc<Semaphore>,
    probe: Arc<Probe>,
}

impl Store {
    /// Opens the store, and sorts out what a process that died left behind. Another server's hold on the file is waited for.
    pub async fn open(settings: &settings::Store, ours: Identity, now: Timestamp) -> Result<Store, OpenError> {
        let wakes = Arc::new(Wakes::default());
        let opened = sqlite::open(settings, ours, now, Arc::clone(&wakes)).await?;
        wakes.events.notify_one();
        wakes.sends.notify_one();
        wakes.doubts.notify_one();
        Ok(Store {
            sqlite: Arc::new(opened.sqlite),
            wakes,
            own: opened.own,
            next_send: Arc::new(AtomicI64::new(opened.last_send + 1)),
            last_delivery: Arc::new(AtomicI64::new(i64::MIN)),
            large: Arc::new(Semaphore::new(1)),
            probe: Arc::default(),
        })
    }

    /// Keeps a delivery: every new event in it, with its key and what it says to the ledger. Echoes of our own sends settle
    /// them. Refuses at once when too much waits for the disk already.
    ///
    /// A delivery of very many events takes several transactions, between which others have their turn. When it fails half way,
    /// what is kept stays kept, and is known by its keys when the delivery comes again.
    pub async fn append(&self, delivery: WebhookBatch) -> Result<Appended, StoreError> {
        let WebhookBatch { received_at, trace, items } = delivery;
        let mut appended = Appended::default();
        let mut parts = in_parts(items).peekable();
        let first = parts.next().unwrap_or_default();
        let _turn = match parts.peek() {
            Some(_) => Some(self.large.acquire().await.expect("the semaphore is never closed")),
            None => None,
        };
        appended += self.append_part((received_at, trace), first, true).await?;
        for part in parts {
            appended += self.append_part((received_at, trace), part, false).await?;
        }
        self.last_delivery.fetch_max(received_at.0, Ordering::Relaxed);
        Ok(appended)
    }

    /// Keeps some of a delivery's events in one transaction. Only the first may be refused because too much waits: what has
    /// begun costs less to end than to begin again.
    async fn append_part(
        &self,
        (received_at, trace): (Timestamp, Trace),
        items: Vec<Intake>,
        is_first: bool,
    ) -> Result<Appended, StoreError> {
        let (weight, bytes) = (items.len(), items.iter().map(Intake::bytes).sum::<usize>());
        let part = WebhookBatch { received_at, trace, items };
        let append = move |work: &mut sqlite::Work<'_>| intake::append(work, &part);
        let appended = match is_first {
            true => self.sqlite.try_write(weight, append).await,
            false => self.sqlite.write_much(weight, append).await,
        };
        if let Err(StoreError::Failed(_) | StoreError::Unseen(_)) = &appended {
            self.probe.failed(bytes);
        }
        appended
    }

    /// When a signed delivery was last kept, for whichever account: a sign that echoes would come. Long ago, where none was
    /// since the start.
    pub fn last_delivery_at(&self) -> Timestamp {
        Timestamp(self.last_delivery.load(Ordering::Relaxed))
    }

    /// Takes events that are due, the first of each conversation, as many as `room` has for their accounts, and marks them
    /// running.
    pub async fn take(&self, room: Vec<EventDemand>, now: Timestamp) -> Result<Batch<TakenEvent>, StoreError> {
        self.sqlite.write(move |work| inbox::take(work, &room, now)).await
    }

    /// Marks an event done, and in the same transaction plans what its handler said and keeps what it remembers. Returns
    /// when that is kept, however long the disk takes; a store that is closed leaves the event running, to run again.
    pub async fn finish(&self, finish: Finish) {
        let finish = Arc::new(finish);
        self.sqlite.write_surely(move |work| inbox::finish(work, &finish)).await;
    }

    /// Keeps a step of a turn that goes on. False when the turn is over meanwhile: nothing of it is kept then.
    pub async fn step(&self, step: TurnStep) -> Result<bool, StoreError> {
        self.sqlite.write(move |work| step::keep(work, &step)).await
    }

    /// Records that an event's handler failed: it is tried again, or it is dead. Returns when that is kept, as
    /// [`finish`](Store::finish) does.
    pub async fn fail(&self, failure: Failure) {
        let failure = Arc::new(failure);
        self.sqlite.write_surely(move |work| inbox::fail(work, &failure)).await;
    }

    /// Shows the person that a turn takes a while, once for each event, and only while it runs and has said nothing.
    pub async fn show_typing(&self, typing: Typing) -> Result<(), StoreError> {
        self.sqlite.write(move |work| answer::show_typing(work, &typing)).await
    }

    /// Events of these accounts whose answer is overdue and which no handler has in hand, up to `most` of each.
    pub async fn overdue(
        &self,
        accounts: Vec<AccountId>,
        most: usize,
        now: Timestamp,
    ) -> Result<Batch<Overdue>, StoreError> {
        self.sqlite.read(move |db| answer::overdue(db, &accounts, most, now)).await
    }

    /// Answers an overdue event by its fallback. It is handled all the same, once it can be.
    pub async fn fall_back(&self, event: EventId, owed: AutomaticReplies, now: Timestamp) -> Result<(), StoreError> {
        self.sqlite.write(move |work| answer::fall_back(work, event, &owed, now)).await
    }

    /// Plans sends that did not come from a handler, unless policy forbids one of them, or they were posted before under the
    /// same key: all in one transaction, so that of many who post at once one plans. What is refused is listed, and nothing else
    /// comes of it.
    pub async fn post(&self, post: Post) -> Result<Posted, StoreError> {
        self.sqlite.write(move |work| posted::post(work, &post)).await
    }

    /// Puts an event that is done, dead or quarantined at the end of its conversation, to be handled again. `served` says
    /// whose events are handled at all.
    pub async fn replay(&self, event: EventId, served: Vec<AccountId>, now: Timestamp) -> Result<Replayed, StoreError> {
        self.sqlite.write(move |work| replay::replay(work, event, &served, now)).await
    }

    /// What is known of a conversation; of one that is not known, nothing.
    pub async fn conversation(&self, account: AccountId, person: PersonId) -> Result<ConversationRow, StoreError> {
        self.sqlite.read(move |db| read::conversation(db, &account, &person)).await
    }

    /// The id of a send that is going to be planned.
    pub fn next_send_id(&self) -> SendId {
        SendId(self.next_send.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends that are due, the first of each conversation, as many as `room` has. They stay planned, and are given again
    /// unless they stand among those in flight.
    pub async fn take_sends(&self, room: Vec<SendDemand>, now: Timestamp) -> Result<Batch<TakenSend>, StoreError> {
        self.sqlite.write(move |work| outbox::take(work, &room, now)).await
    }

    /// What policy needs to know of a conversation, and of the right that `recipient` names, as of all that was kept before
    /// this call.
    pub async fn facts(&self, account: AccountId, person: PersonId, recipient: Recipient) -> Result<Facts, StoreError> {
        self.sqlite.write(move |work| ledger::facts(work, &account, &person, &recipient)).await
    }

    /// Marks a send as on its way; from here on it is sent again only on evidence. False when it is not planned any more.
    pub async fn sending(&self, send: SendId, now: Timestamp) -> Result<bool, StoreError> {
        self.sqlite.write(move |work| outbox::sending(work, send, now)).await
    }

    /// Records how a send ended, or that it is to be tried later. What an echo has settled stays settled. Returns when that
    /// is kept, as [`finish`](Store::finish) does; a store that is closed leaves the send in doubt. True when a person who waited
    /// for this send gets no answer any more.
    pub async fn settle(&self, send: SendId, outcome: SendOutcome, now: Timestamp) -> bool {
        let outcome = Arc::new(outcome);
        let in_vain = self.sqlite.write_surely(move |work| outbox::settle(work, send, &outcome, now)).await;
        in_vain.unwrap_or(false)
    }

    /// Records that Meta refused an account as a whole, in answer to a send. Returns when that is kept, as
    /// [`finish`](Store::finish) does.
    pub async fn restrict(&self, account: AccountId, now: Timestamp) {
        self.sqlite.write_surely(move |work| ledger::restrict(work, &account, now)).await;
    }

    /// Records that a person wants no more on the token on which a send went: Meta said so in answer to it. Returns when that is
    /// kept, as [`finish`](Store::finish) does.
    pub async fn stop(&self, send: SendId) {
        self.sqlite.write_surely(move |work| rights::stop(work, send)).await;
    }

    /// Sends in doubt at which it is time to look, as many as `room` has. They stay in doubt, and are given again unless they
    /// stand among those in flight.
    pub async fn take_doubts(&self, room: Vec<SendDemand>, now: Timestamp) -> Result<Batch<TakenDoubt>, StoreError> {
        self.sqlite.write(move |work| doubt::take(work, &room, now)).await
    }

    /// Leaves a send in doubt until it is looked at again.
    pub async fn look_again(&self, send: SendId, at: Timestamp, counts: bool) -> Result<(), StoreError> {
        self.sqlite.write(move |work| doubt::look_again(work, send, at, counts)).await
    }

    /// Sends a held send again, and after it the rest of its turn, behind whatever its conversation has planned.
    pub async fn release_send(&self, send: SendId, now: Timestamp) -> Result<Decided, StoreError> {
        self.sqlite.write(move |work| held::release(work, send, now)).await
    }

    /// Gives a held send up: it has failed. The rest of its turn goes on.
    pub async fn drop_send(&self, send: SendId, now: Timestamp) -> Result<Decided, StoreError> {
        self.sqlite.write(move |work| held::discard(work, send, now)).await
    }

    /// Deletes what has outlived its keeping time, in small steps between which others write.
    pub async fn prune(&self, keep: KeepSince) -> Result<(), StoreError> {
        let bounds = self.sqlite.read(move |db| prune::bounds(db, keep)).await?;
        while self.sqlite.write(move |work| prune::step(work, &bounds)).await? {
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
        Ok(())
    }

    /// Puts back what is still with a handler, for the next start, without counting it against the event: the process ends
    /// because it was asked to.
    pub async fn release(&self) -> Result<(), StoreError> {
        self.sqlite.write(inbox::release).await
    }

    /// The clock was set back by so much: whatever waits for its time waits no longer for it.
    pub async fn clock_was_set_back(&self, by: Duration, now: Timestamp) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let earlier = |last: i64| Some(last.saturating_sub(millis));
        let _ = self.last_delivery.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
        self.sqlite.write_surely(move |work| set_back::moved(work, by, now)).await;
    }

    /// Events, newest first.
    pub async fn events(&self, query: EventQuery) -> Result<Vec<EventRow>, StoreError> {
        self.sqlite.read(move |db| read::events(db, &query)).await
    }

    /// One event, with the item as Meta sent it.
    pub async fn event(&self, id: EventId) -> Result<Option<(EventRow, Vec<u8>)>, StoreError> {
        self.sqlite.read(move |db| read::event(db, id)).await
    }

    /// Sends, newest first.
    pub async fn sends(&self, query: SendQuery) -> Result<Vec<SendRow>, StoreError> {
        self.sqlite.read(move |db| read::sends(db, &query)).await
    }

    /// One send.
    pub async fn send(&self, id: SendId) -> Result<Option<SendRow>, StoreError> {
        self.sqlite.read(move |db| read::send(db, id)).await
    }

    /// How much is open, dead, quarantined or held.
    pub async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        self.sqlite.count(move |db| count::backlog(db, now)).await
    }

    /// Whether nothing is left to do before `now` moves: what is open waits for its time, or behind what does.
    pub async fn is_at_rest(&self, shut: UnableAccounts, now: Timestamp) -> Result<bool, StoreError> {
        self.sqlite.write(move |work| inbox::is_at_rest(work, &shut, now)).await
    }

    /// Whether the store can write now as much as a delivery. It writes once a second at the most, however often it is asked.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.sqlite.is_held()?;
        self.probe.run(|bytes| self.sqlite.try_write(1, move |work| sqlite::probe(work, bytes))).await
    }

    /// Returns when there may be events to take.
    pub async fn events_ready(&self) {
        self.wakes.events.notified().await;
    }

    /// Returns when there may be sends to take.
    pub async fn sends_ready(&self) {
        self.wakes.sends.notified().await;
    }

    /// Returns when there may be doubts to look at.
    pub async fn doubts_ready(&self) {
        self.wakes.doubts.notified().await;
    }

    /// Returns when a person waits for an answer again, because the one that was planned was not sent.
    pub async fn answers_ready(&self) {
        self.wakes.answers.notified().await;
    }

    /// The `metadata` by which the echo of `send` is recognised, with the author's own behind it.
    pub fn metadata(&self, send: SendId, authors: Option<&str>) -> String {
        self.own.metadata(send, authors)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.sqlite.path()
    }

    /// Returns when the writer has ended: after [`close`](Store::close), or because something is very wrong.
    pub async fn ended(&self) {
        self.sqlite.ended().await;
    }

    /// Ends the writer once everything that waits is on disk, and copies the log into the file. Later operations fail.
    pub async fn close(&self) {
        self.sqlite.close().await;
    }
}

/// Cuts a delivery's events into parts that fit into a transaction each.
fn in_parts(items: Vec<Intake>) -> impl Iterator<Item = Vec<Intake>> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<_> = items.by_ref().take(MOST_EVENTS).collect();
        (!part.is_empty()).then_some(part)
    })
}
