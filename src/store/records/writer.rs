//! The writer: a thread that takes whatever waits into one transaction, and lets what is new happen once it is on disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use rusqlite::{Connection, ErrorCode};
use tokio_util::sync::DropGuard;

use super::arrive::{Arriving, quarantine, read_anew, remember};
use super::images::Images;
use super::job::{Deliver, Fresh, Job, Woken, Write, Written};
use super::posted::posted;
use super::queue::Queue;
use super::statements::Statements;
use super::tables::Marks;
use super::write::{Whose, account, record};
use crate::conversation::live::{Care, ConversationKey, Item, KeptEvent};
use crate::id::EventId;
use crate::store::sqlite::checkpointer::Checkpointer;
use crate::store::sqlite::log::LogEnd;
use crate::store::sqlite::open::leave;
use crate::store::sqlite::watch::Watch;
use crate::store::{Appended, Intake, PAUSE, StoreError};
use crate::telemetry::Seldom;

/// How many usual operations share a transaction at the most: what comes meanwhile waits for no more than that. A larger one
/// has a transaction of its own.
const MOST_TOGETHER: usize = 1000;

/// Who is told of what is on disk.
pub(crate) trait Happen: Send {
    /// New events happen to their conversations. Says whose words each of them repeats, in their order: true for our own.
    fn arrived(&mut self, db: &Connection, fresh: &[&Fresh]) -> Vec<bool>;

    /// What was given to be written is on disk: these have something to look at.
    fn wake(&mut self, woken: Woken);
}

/// What the writer works with.
pub(super) struct Workshop {
    pub(super) marks: Marks,
    pub(super) last_event: Arc<AtomicI64>,
    pub(super) last_image: i64,
    pub(super) images: Images,
    /// The number of the last happening that is on disk.
    pub(super) kept: Arc<AtomicU64>,
    /// How many deliveries wait.
    pub(super) waiting: Arc<AtomicU64>,
    /// Whether what has happened waits for a disk that fails.
    pub(super) is_failing: Arc<AtomicBool>,
    pub(super) batch: usize,
    pub(super) watch: Arc<Watch>,
    /// Failures of the file, which every batch meets while the disk is full.
    pub(super) failures: Seldom,
    /// Whether something that has happened cannot be written: what is in memory is not what the next start will find.
    pub(super) is_behind: Arc<AtomicBool>,
    pub(super) happen: Box<dyn Happen>,
    /// Cancelled when the writer has ended, however it ended.
    pub(super) ended: DropGuard,
}

impl Workshop {
    pub(super) fn start(
        self,
        db: Connection,
        jobs: Queue,
        log_end: LogEnd,
        checkpointer: Checkpointer,
    ) -> JoinHandle<()> {
        let thread = Builder::new().name("store-writer".into());
        let work = move || self.work(&mut Statements::that_stay(&db), jobs, log_end, checkpointer);
        thread.spawn(work).expect("the system starts a thread for the store")
    }

    fn work(mut self, db: &mut Statements<'_>, mut jobs: Queue, mut log_end: LogEnd, checkpointer: Checkpointer) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                if !jobs.take(&mut waiting, self.batch) {
                    break;
                }
            } else {
                // What has happened waits for a disk that fails.
                if jobs.is_closed() && self.watch.lost().is_some() {
                    break;
                }
                std::thread::sleep(PAUSE);
                jobs.take_what_is_there(&mut waiting, self.batch);
            }
            while !waiting.is_empty() {
                let together = together(waiting.iter().map(Job::weight));
                let started = Instant::now();
                let again = self.apply(db, waiting.drain(..together).collect());
                jobs.has_written(together, started.elapsed());
                if self.is_behind.load(Ordering::Relaxed) {
                    waiting.extend(again);
                    break;
                }
                checkpointer.tell();
                log_end.copy_rest(db, &self.watch);
                self.is_failing.store(!again.is_empty(), Ordering::Relaxed);
                if !again.is_empty() {
                    again.into_iter().rev().for_each(|job| waiting.push_front(job));
                    self.refuse(db, &mut waiting);
                    break;
                }
            }
            if self.is_behind.load(Ordering::Relaxed) {
                break;
            }
        }
        waiting.into_iter().for_each(|job| job.fail(StoreError::Closed));
        checkpointer.stop();
        if self.watch.check(db).is_err() {
            self.watch.settle(db);
            leave(db);
        } else if let Err(error) = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            let code = error.sqlite_error_code();
            tracing::warn!(?code, "the store's log was not copied into its file; it will be at the next start");
        }
        drop(self.ended);
    }

    /// What may fail does not wait for a disk that fails.
    fn refuse(&self, db: &Connection, waiting: &mut VecDeque<Job>) {
        let error = self.watch.check(db).err().unwrap_or(StoreError::Busy);
        for job in std::mem::take(waiting) {
            match job {
                Job::Write(_) => waiting.push_back(job),
                job => {
                    self.was_taken(&job);
                    job.fail(error.again());
                }
            }
        }
    }

    /// Applies operations in one transaction. When the file cannot be written, those that may fail fail, and the others are given back
    /// to be tried again. When one operation fails by itself, each is applied in a transaction of its own, so that only the one at fault
    /// fails. Where that is something that has happened, the writer ends: the next start goes on from what is on disk.
    fn apply(&mut self, db: &mut Statements<'_>, mut jobs: Vec<Job>) -> Vec<Job> {
        match self.transact(db, &mut jobs) {
            Ok(()) => {
                self.done(db, jobs);
                Vec::new()
            }
            Err(error) if concerns_the_file(&error) => {
                self.log(&error);
                let is_lost = matches!(error, StoreError::Lost(_));
                let mut again = Vec::new();
                for job in jobs {
                    match job {
                        Job::Write(_) if !is_lost => again.push(job),
                        job => {
                            self.was_taken(&job);
                            job.fail(error.again());
                        }
                    }
                }
                again
            }
            Err(error) if jobs.len() == 1 => {
                let is_behind = matches!(jobs[..], [Job::Write(_)]);
                if is_behind {
                    // First: a caller who is told that it failed must not be told later that it was done.
                    self.is_behind.store(true, Ordering::Relaxed);
                    tracing::error!(%error, "the store cannot keep what has happened: the next start goes on from what is on disk");
                } else {
                    self.log(&error);
                }
                jobs.into_iter().for_each(|job| {
                    self.was_taken(&job);
                    job.fail(if is_behind { StoreError::Closed } else { error.again() });
                });
                Vec::new()
            }
            Err(_) => {
                let mut jobs = jobs.into_iter();
                while let Some(job) = jobs.next() {
                    let mut again = self.apply(db, vec![job]);
                    if self.is_behind.load(Ordering::Relaxed) || !again.is_empty() {
                        again.extend(jobs);
                        return again;
                    }
                }
                Vec::new()
            }
        }
    }

    /// Failures that pass. A store that is lost is told of where that is found.
    fn log(&self, error: &StoreError) {
        let code = match error {
            StoreError::Failed(source) => source.sqlite_error_code(),
            StoreError::Unseen(_) => None,
            StoreError::Busy | StoreError::Lost(_) | StoreError::Closed => return,
        };
        if let Some(times) = self.failures.times() {
            tracing::error!(%error, ?code, times, "an operation of the store failed");
        }
    }

    fn transact(&mut self, db: &mut Statements<'_>, jobs: &mut [Job]) -> Result<(), StoreError> {
        self.watch.check(db)?;
        let transaction = Transaction::begin(db)?;
        let (mut marks, mut last_image) = (self.marks, self.last_image);
        for job in jobs {
            match job {
                Job::Deliver(deliver) => keep(transaction.0, &self.last_event, deliver)?,
                Job::Write(written) => write(transaction.0, &marks, written, &mut last_image)?,
                Job::Other(other) => other.run(transaction.0, &mut marks)?,
            }
        }
        transaction.commit()?;
        (self.marks, self.last_image) = (marks, last_image);
        match self.watch.check(db) {
            // Into a file that the next start will not find, nothing is on disk.
            Err(error @ StoreError::Lost(_)) => Err(error),
            // It is committed: a caller who is told otherwise would do it a second time. The next commit waits for a look.
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// It is on disk: what is new happens, and the callers are told.
    fn done(&mut self, db: &Connection, jobs: Vec<Job>) {
        let fresh: Vec<_> = jobs.iter().flat_map(Job::fresh).collect();
        let mut are_own = match fresh.is_empty() {
            true => Vec::new(),
            false => self.happen.arrived(db, &fresh),
        }
        .into_iter();
        let mut all_woken = Woken::default();
        for job in jobs {
            self.was_taken(&job);
            match job {
                Job::Deliver(deliver) => {
                    let Deliver { mut appended, fresh, caller, .. } = deliver;
                    let own = are_own.by_ref().take(fresh.len()).filter(|is_own| *is_own).count();
                    appended.own_echoes += own;
                    appended.new -= own;
                    let _ = caller.send(Ok(appended));
                }
                Job::Write(Written { number, images, woken, caller, .. }) => {
                    if !images.is_empty() {
                        self.images.lock().extend(images);
                    }
                    all_woken |= woken;
                    self.kept.store(number, Ordering::Release);
                    caller.map(|caller| caller.send(Ok(())));
                }
                Job::Other(other) => other.answer(Ok(())),
            }
        }
        self.happen.wake(all_woken);
    }

    fn was_taken(&self, job: &Job) {
        if matches!(job, Job::Deliver(_)) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A transaction, which is begun and committed for each batch.
struct Transaction<'a, 'db>(&'a mut Statements<'db>);

impl<'db> Transaction<'_, 'db> {
    fn begin<'a>(db: &'a mut Statements<'db>) -> rusqlite::Result<Transaction<'a, 'db>> {
        db.get("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Transaction(db))
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.get("COMMIT")?.execute([]).map(drop)
    }
}

impl Drop for Transaction<'_, '_> {
    fn drop(&mut self) {
        // Where it was not committed, or that has failed. SQLite may have rolled it back itself.
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

/// Keeps what of a delivery is new. It may run again, when a neighbour in the same transaction fails.
fn keep(db: &mut Statements<'_>, last_event: &AtomicI64, deliver: &mut Deliver) -> rusqlite::Result<()> {
    (deliver.appended, deliver.fresh) = (Appended::default(), Vec::new());
    let next_id = || EventId(last_event.fetch_add(1, Ordering::Relaxed) + 1);
    let (now, trace) = (deliver.delivery.received_at, deliver.delivery.trace);
    for (place, item) in deliver.delivery.items.iter().enumerate() {
        let (envelope, care) = match item {
            Intake::Handled(envelope) => (envelope, Care { is_handled: true, answer_by: None }),
            Intake::Awaited(envelope, by) => (envelope, Care { is_handled: true, answer_by: Some(*by) }),
            Intake::Kept(envelope) => (envelope, Care { is_handled: false, answer_by: None }),
            Intake::Unreadable(piece) => {
                match quarantine(db, next_id, piece, now, trace)? {
                    true => deliver.appended.quarantined += 1,
                    false => deliver.appended.repeated += 1,
                }
                continue;
            }
        };
        let Some(known) = remember(db, envelope, now)? else {
            deliver.appended.repeated += 1;
            continue;
        };
        let (account, thread) = (envelope.account.clone(), envelope.thread);
        let key = ConversationKey { account, thread, name: envelope.conversation().to_owned() };
        let item = Arc::new(Item::of(envelope, trace, now));
        let (is_message_known, is_edit_known) = (known.message, known.edit);
        let kept = KeptEvent { id: next_id(), item, object: envelope.object, care, is_message_known, is_edit_known };
        let id = key.id();
        Arriving { kept: &kept, conversation: id, key: &key, done_behind: None }.keep(db)?;
        deliver.appended.new += 1;
        deliver.fresh.push(Fresh { delivery: Arc::clone(&deliver.delivery), place, id, key, kept });
    }
    match deliver.read_anew {
        Some(id) => read_anew(db, id, now),
        None => Ok(()),
    }
}

pub(super) fn write(
    db: &mut Statements<'_>,
    marks: &Marks,
    written: &mut Written,
    last_image: &mut i64,
) -> rusqlite::Result<()> {
    written.images.clear();
    for write in &written.writes {
        match write {
            Write::Record(id, key, of_it) => {
                let before = *last_image;
                record(db, marks, &Whose { id: *id, key }, of_it, last_image)?;
                if *last_image != before {
                    written.images.push((*id, *last_image));
                }
            }
            Write::Account(id, image) => account(db, id, image)?,
            Write::Posted { account, key, body, sends, at } => posted(db, account, key, body, sends, *at)?,
        }
    }
    Ok(())
}

/// How many of the first operations share a transaction, by their weights: at least one.
fn together(weights: impl Iterator<Item = usize>) -> usize {
    let sums = weights.scan(0, |sum: &mut usize, weight| {
        *sum = sum.saturating_add(weight);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= MOST_TOGETHER).count().max(1)
}

fn concerns_the_file(error: &StoreError) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, FileLockingProtocolFailed, OutOfMemory,
        PermissionDenied, ReadOnly, SystemIoFailure,
    };
    let StoreError::Failed(error) = error else { return true };
    matches!(
        error.sqlite_error_code(),
        Some(
            DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | SystemIoFailure
                | ReadOnly
                | CannotOpen
                | DatabaseCorrupt
                | OutOfMemory
                | PermissionDenied
                | FileLockingProtocolFailed
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_holds_few_enough_to_wait_for() {
        for (weights, count) in [
            (vec![1; 512], 512),
            (vec![1000, 1], 1),
            (vec![5000, 1], 1),
            (vec![1, 999, 1], 2),
            (vec![1, 5000], 1),
            (vec![usize::MAX, usize::MAX], 1),
        ] {
            assert_eq!(together(weights.into_iter()), count);
        }
    }
}
