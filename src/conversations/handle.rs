//! The way into the conversations: each operation happens in memory, and is on disk when its future returns. Only how a send ended is on
//! disk a little later.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::agenda::Work;
use super::live::Live;
use super::shared::{Inner, Keeping};
use crate::clock::Timestamp;
use crate::conversation::{AutomaticReplies, Decided, Overdue, SendOutcome, Typing};
use crate::event;
use crate::id::{AccountId, EventId, PersonId, SendId};
use crate::message::Recipient;
use crate::policy::Facts;
use crate::store::records::{self, Records};
use crate::store::{
    Appended, Batch, EventDemand, Failure, Finish, Intake, PAUSE, Post, Posted, Replayed, SendDemand, StoreError,
    TakenDoubt, TakenEvent, TakenSend, TurnStep, WebhookBatch,
};

/// How many events of a delivery share a transaction at the most.
const MOST_EVENTS: usize = 1000;

/// The conversations. Clones share them.
#[derive(Clone, Debug)]
pub struct Conversations {
    pub(super) inner: Arc<Inner>,
    pub(super) records: Arc<Records>,
    /// Held by a delivery that takes several transactions: one at a time, so that others get their turn between them.
    pub(super) large: Arc<Semaphore>,
    pub(super) probe: Arc<crate::store::Probe>,
}

impl Conversations {
    /// Asks the conversations. What that changes goes with whatever is written next.
    pub(super) fn look<T>(
        &self,
        ask: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.hold(ask, |_, _, _| ()).map(|(answer, ())| answer)
    }

    /// Lets something happen, and gives what it changed to the writer.
    pub(super) fn happen<T>(
        &self,
        happening: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>,
    ) -> Result<(T, Option<Keeping>), StoreError> {
        self.hold(happening, Inner::write)
    }

    /// Lets something happen that need not be on disk at once: where the process dies before, the next start takes the send for in doubt.
    fn happen_before_it_is_kept<T>(
        &self,
        happening: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.hold(happening, Inner::write_soon).map(|(result, ())| result)
    }

    /// Does something with the conversations, and then, also where it failed half way, `write`s what it changed. No other thread has them
    /// meanwhile.
    fn hold<T, U>(
        &self,
        act: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>,
        write: impl FnOnce(&Inner, &mut Live, &Connection) -> U,
    ) -> Result<(T, U), StoreError> {
        self.records.is_held()?;
        let mut guard = self.inner.lock();
        let (live, db) = &mut *guard;
        let result = act(live, db);
        let written = write(&self.inner, live, db);
        Ok((result?, written))
    }

    /// Lets something happen, and returns once that is on disk.
    async fn happen_and_keep<T>(
        &self,
        happening: impl FnOnce(&mut Live, &Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let (result, kept) = self.happen(happening)?;
        settle(kept).await?;
        Ok(result)
    }

    /// The same, for what must not be forgotten while we live: a read that fails is tried again. `None` when the store is closed or
    /// lost.
    pub(super) async fn happen_surely<T>(
        &self,
        mut happening: impl FnMut(&mut Live, &Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        loop {
            match self.happen_and_keep(&mut happening).await {
                Ok(result) => return Some(result),
                // A store that is lost keeps nothing before the restart, which takes it up from what was kept.
                Err(StoreError::Closed | StoreError::Lost(_)) => return None,
                Err(error) => {
                    tracing::warn!(%error, "what has happened could not be kept yet");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Returns once all that has happened is on disk.
    async fn keep_all(&self) -> Result<(), StoreError> {
        match self.happen(|live, _| Ok(live.number()))? {
            (_, Some(kept)) => settle(Some(kept)).await,
            (number, None) if number > self.records.kept() => self.records.change(|_, _| Ok(())).await,
            (_, None) => Ok(()),
        }
    }

    /// Keeps a delivery: every new event in it, with its key. Then each happens to its conversation; echoes of our own sends settle
    /// them. Refuses at once when too much waits for the disk already.
    ///
    /// A delivery of very many events takes several transactions, between which others have their turn. When it fails half way,
    /// what is kept stays kept, and is known by its keys when the delivery comes again.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn append(&self, delivery: WebhookBatch) -> Result<Appended, StoreError> {
        let WebhookBatch { received_at, trace, items } = delivery;
        let mut appended = Appended::default();
        let mut parts = in_parts(items).peekable();
        let first = parts.next().unwrap_or_default();
        let _turn = match parts.peek() {
            Some(_) => Some(self.large.acquire().await.expect("the semaphore is never closed")),
            None => None,
        };
        for (number, items) in std::iter::once(first).chain(parts).enumerate() {
            // What has begun costs less to end than to begin again.
            let bytes = items.iter().map(Intake::bytes).sum::<usize>();
            let part = WebhookBatch { received_at, trace, items };
            let kept = self.records.deliver(part, None, number > 0).await;
            if let Err(StoreError::Failed(_) | StoreError::Unseen(_)) = &kept {
                self.probe.failed(bytes);
            }
            appended += kept?;
        }
        self.inner.last_delivery.fetch_max(received_at.0, Ordering::Relaxed);
        Ok(appended)
    }

    /// When a signed delivery was last kept, for whichever account: a sign that echoes would come. Long ago, where none was
    /// since the start.
    pub fn last_delivery_at(&self) -> Timestamp {
        Timestamp(self.inner.last_delivery.load(Ordering::Relaxed))
    }

    /// The accounts that may have events to take: the others need not be asked for.
    pub fn accounts_with_events(&self) -> Vec<AccountId> {
        self.inner.lock().0.accounts_with(Work::Events)
    }

    /// The accounts that may have sends to take.
    pub fn accounts_with_sends(&self) -> Vec<AccountId> {
        self.inner.lock().0.accounts_with(Work::Sends)
    }

    /// The accounts that may have doubts to look at.
    pub fn accounts_with_doubts(&self) -> Vec<AccountId> {
        self.inner.lock().0.accounts_with(Work::Doubts)
    }

    /// Takes events that are due, the first of each conversation, as many as `room` has for their accounts, and marks them
    /// running.
    ///
    /// # Errors
    ///
    /// When the store is lost or closed.
    pub async fn take(&self, room: Vec<EventDemand>, now: Timestamp) -> Result<Batch<TakenEvent>, StoreError> {
        let kept = self.records.kept();
        let (taken, is_counted) = self.look(|live, db| {
            let taken = live.take(db, &room, now, kept)?;
            let is_counted = live.has_taken_what_was_left_open(&taken.items);
            Ok((taken, is_counted))
        })?;
        // That an event was with its handler when a process died is to be known at the next start; of a first try it goes with
        // whatever is written next.
        if is_counted {
            self.keep_all().await?;
        }
        Ok(taken)
    }

    /// Marks an event done, plans what its handler said, and keeps what it remembers. Returns when that is kept, however long the disk
    /// takes; a store that is closed leaves the event running, to run again.
    pub async fn finish(&self, finish: &Finish) {
        self.happen_surely(|live, db| live.finish(db, finish)).await;
    }

    /// Keeps a step of a turn that goes on. False when the turn is over meanwhile: nothing of it is kept then.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn step(&self, step: TurnStep) -> Result<bool, StoreError> {
        self.happen_and_keep(|live, db| live.step(db, &step)).await
    }

    /// Records that an event's handler failed: it is tried again, or it is dead. Returns when that is kept, as
    /// [`finish`](Conversations::finish) does.
    pub async fn fail(&self, failure: Failure) {
        self.happen_surely(|live, db| live.fail(db, &failure)).await;
    }

    /// Shows the person that a turn takes a while, once for each event, and only while it runs and has said nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn show_typing(&self, typing: Typing) -> Result<(), StoreError> {
        self.happen_and_keep(|live, db| live.show_typing(db, &typing)).await
    }

    /// Events of these accounts whose answer is overdue and which no handler has in hand, up to `most` of each.
    ///
    /// # Errors
    ///
    /// When the store is lost or closed.
    #[expect(clippy::unused_async, reason = "the loops wait for each of these alike")]
    pub async fn overdue(
        &self,
        accounts: Vec<AccountId>,
        most: usize,
        now: Timestamp,
    ) -> Result<Batch<Overdue>, StoreError> {
        self.look(|live, db| live.overdue(db, &accounts, most, now))
    }

    /// Answers an overdue event by its fallback. It is handled all the same, once it can be.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn fall_back(&self, event: EventId, owed: AutomaticReplies, now: Timestamp) -> Result<(), StoreError> {
        self.happen_and_keep(|live, db| live.fall_back(db, event, &owed, now)).await
    }

    /// Plans sends that did not come from a handler, unless policy forbids one of them, or they were posted before under the
    /// same key. What is refused is listed, and nothing else comes of it.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn post(&self, post: Post) -> Result<Posted, StoreError> {
        self.records.takes_more()?;
        self.happen_and_keep(|live, db| live.post(db, &post)).await
    }

    /// Puts an event that is done, dead or quarantined at the end of its conversation, to be handled again. `served` says
    /// whose events are handled at all.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn replay(&self, event: EventId, served: Vec<AccountId>, now: Timestamp) -> Result<Replayed, StoreError> {
        self.records.takes_more()?;
        let unread = self.records.read(move |db| records::quarantined(db, event)).await?;
        let Some(unread) = unread else {
            return self.happen_and_keep(|live, db| live.replay(db, event, &served, now)).await;
        };
        let read = event::read_piece(unread.piece, unread.origin.as_ref(), &unread.raw);
        if read.iter().all(Result::is_err) {
            return Ok(Replayed::Unreadable);
        }
        // What of it still cannot be read is quarantined for itself. What Meta has brought again meanwhile is known.
        let items = read.into_iter().map(|item| match item {
            Ok(envelope) if served.contains(&envelope.account) => Intake::Handled(envelope),
            Ok(envelope) => Intake::Kept(envelope),
            Err(piece) => Intake::Unreadable(piece),
        });
        let delivery = WebhookBatch { received_at: now, trace: unread.trace, items: items.collect() };
        self.records.deliver(delivery, Some(event), true).await?;
        Ok(Replayed::Queued)
    }

    /// The id of a send that is going to be planned.
    pub fn next_send_id(&self) -> SendId {
        SendId(self.inner.next_send.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends that are due, the first of each conversation, as many as `room` has. They stay planned, and are given again
    /// unless they stand among those in flight.
    ///
    /// # Errors
    ///
    /// When the store is lost or closed.
    #[expect(clippy::unused_async, reason = "the loops wait for each of these alike")]
    pub async fn take_sends(&self, room: Vec<SendDemand>, now: Timestamp) -> Result<Batch<TakenSend>, StoreError> {
        self.look(|live, db| live.take_sends(db, &room, now))
    }

    /// Sends that were marked as on their way with the end of their event.
    pub fn take_leaving(&self) -> Vec<TakenSend> {
        let kept = self.records.kept();
        self.inner.lock().0.take_leaving(kept)
    }

    /// What policy needs to know of a conversation, and of the right that `recipient` names, as of all that has happened before
    /// this call.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    #[expect(clippy::unused_async, reason = "a conversation may come to be loaded beside the others")]
    pub async fn facts(&self, account: AccountId, person: PersonId, recipient: Recipient) -> Result<Facts, StoreError> {
        self.look(|live, db| live.facts(db, &account, &person, &recipient))
    }

    /// Marks a send as on its way; from here on it is sent again only on evidence. False when it is not planned any more.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn sending(&self, send: SendId, now: Timestamp) -> Result<bool, StoreError> {
        self.happen_and_keep(|live, db| live.sending(db, send, now)).await
    }

    /// Records how a send ended, or that it is to be tried later. What an echo has settled stays settled. It is on disk a little later:
    /// a process that dies before finds the send in doubt. True when a person who waited for this send gets no answer any more.
    pub async fn settle(&self, send: SendId, outcome: SendOutcome, now: Timestamp) -> bool {
        self.end(|live, db| live.settle(db, send, &outcome, now)).await
    }

    /// The same for a send that was marked as on its way with the end of its event, and has not left: it was not tried.
    pub async fn did_not_leave(&self, send: SendId, outcome: SendOutcome, now: Timestamp) -> bool {
        self.end(|live, db| live.did_not_leave(db, send, &outcome, now)).await
    }

    /// A send that was marked as on its way with the end of its event is planned again, for this reason.
    pub async fn stays_planned(&self, send: SendId, reason: &'static str, now: Timestamp) {
        self.did_not_leave(send, SendOutcome::Later { at: now, reason: reason.into() }, now).await;
    }

    async fn end(&self, mut ends: impl FnMut(&mut Live, &Connection) -> rusqlite::Result<bool>) -> bool {
        loop {
            match self.happen_before_it_is_kept(&mut ends) {
                Ok(in_vain) => return in_vain,
                // A store that is lost keeps nothing before the restart, which takes it up from what was kept.
                Err(StoreError::Closed | StoreError::Lost(_)) => return false,
                Err(error) => {
                    tracing::warn!(%error, "how a send ended could not be kept yet");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Records that Meta refused an account as a whole, in answer to a send. Returns when that is kept, as
    /// [`finish`](Conversations::finish) does.
    pub async fn restrict(&self, account: AccountId, now: Timestamp) {
        self.happen_surely(|live, _| {
            live.restrict(&account, now);
            Ok(())
        })
        .await;
    }

    /// Records that a person wants no more on the token on which a send went: Meta said so in answer to it. Returns when that is
    /// kept, as [`finish`](Conversations::finish) does.
    pub async fn stop(&self, send: SendId) {
        self.happen_surely(|live, db| live.stop_on(db, send)).await;
    }

    /// Sends in doubt at which it is time to look, as many as `room` has. They stay in doubt, and are given again unless they
    /// stand among those in flight.
    ///
    /// # Errors
    ///
    /// When the store is lost or closed.
    #[expect(clippy::unused_async, reason = "the loops wait for each of these alike")]
    pub async fn take_doubts(&self, room: Vec<SendDemand>, now: Timestamp) -> Result<Batch<TakenDoubt>, StoreError> {
        self.look(|live, db| live.take_doubts(db, &room, now))
    }

    /// Leaves a send in doubt until it is looked at again.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn look_again(&self, send: SendId, at: Timestamp, counts: bool) -> Result<(), StoreError> {
        self.happen_and_keep(|live, db| live.look_again(db, send, at, counts, at)).await
    }

    /// Sends a held send again, and after it the rest of its turn, behind whatever its conversation has planned.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn release_send(&self, send: SendId, now: Timestamp) -> Result<Decided, StoreError> {
        self.records.takes_more()?;
        self.happen_and_keep(|live, db| live.release_send(db, send, now)).await
    }

    /// Gives a held send up: it has failed. The rest of its turn goes on.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn drop_send(&self, send: SendId, now: Timestamp) -> Result<Decided, StoreError> {
        self.records.takes_more()?;
        self.happen_and_keep(|live, db| live.drop_send(db, send, now)).await
    }

    /// Puts back what is still with a handler, for the next start, without counting it against the event: the process ends
    /// because it was asked to.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub async fn release(&self) -> Result<(), StoreError> {
        self.happen_and_keep(|live, db| live.release(db, Timestamp(0))).await
    }

    /// Whether the store can write now as much as a delivery. It writes once a second at the most, however often it is asked.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.records.is_held()?;
        self.probe.run(|bytes| self.records.change(move |db, _| records::probe(db, bytes))).await
    }

    /// Returns when there may be events to take.
    pub async fn events_ready(&self) {
        self.inner.events.notified().await;
    }

    /// Returns when there may be sends to take.
    pub async fn sends_ready(&self) {
        self.inner.sends.notified().await;
    }

    /// Returns when there may be doubts to look at.
    pub async fn doubts_ready(&self) {
        self.inner.doubts.notified().await;
    }

    /// Returns when a person waits for an answer again, because the one that was planned was not sent.
    pub async fn answers_ready(&self) {
        self.inner.answers.notified().await;
    }

    /// The `metadata` by which the echo of `send` is recognised, with the author's own behind it.
    pub fn metadata(&self, send: SendId, authors: Option<&str>) -> String {
        self.inner.ours.metadata(send, authors)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.records.path()
    }

    /// Returns when the writer has ended: after [`close`](Conversations::close), or because something is very wrong.
    pub async fn ended(&self) {
        self.records.ended().await;
    }

    /// Ends the writer once everything that waits is on disk, and copies the log into the file. Later operations fail.
    pub async fn close(&self) {
        // What was taken last goes too, and what a load need not find but may.
        let _ = self.happen(|live, db| live.bring_images_forward(db, Timestamp(0)));
        self.records.close().await;
    }
}

async fn settle(kept: Option<Keeping>) -> Result<(), StoreError> {
    match kept {
        Some(kept) => kept.await.map_err(|_| StoreError::Closed)?,
        None => Ok(()),
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
