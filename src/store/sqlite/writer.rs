//! The writer: a thread that takes whatever waits into one transaction.

use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use super::checkpointer::Checkpointer;
use super::leave;
use super::log::{Log, LogEnd};
use super::open::connect;
use super::watch::Watch;
use super::work::{Job, Woke, Work};
use crate::conversation::StoreIdentity;
use crate::store::StoreError;
use crate::store::wakes::Wakes;
use crate::telemetry::Seldom;

/// How many usual operations share a transaction at the most: what comes meanwhile waits for no more than that. A larger one
/// has a transaction of its own.
const MOST_TOGETHER: usize = 1000;

/// The two threads of a store.
#[derive(Debug)]
pub(super) struct Writer {
    thread: JoinHandle<()>,
}

impl Writer {
    pub(super) fn start(
        mut shop: Workshop,
        path: &Path,
        jobs: mpsc::Receiver<Box<dyn Job>>,
    ) -> rusqlite::Result<Writer> {
        let log = Log::of(&mut shop.db)?;
        let checkpointer = Checkpointer::start(connect(path)?, Arc::clone(&log), Arc::clone(&shop.watch));
        let thread = Builder::new()
            .name("store-writer".into())
            .spawn(move || shop.work(jobs, LogEnd::of(log), checkpointer))
            .expect("the system starts a thread for the store");
        Ok(Writer { thread })
    }

    pub(super) fn join(self) {
        let _ = self.thread.join();
    }
}

/// What the writer works with.
pub(super) struct Workshop {
    pub(super) db: Connection,
    pub(super) own: Arc<StoreIdentity>,
    pub(super) last_event: i64,
    pub(super) batch: usize,
    pub(super) wakes: Arc<Wakes>,
    pub(super) watch: Arc<Watch>,
    /// Failures of the file, which every batch meets while the disk is full.
    pub(super) failures: Seldom,
    /// Cancelled when the writer has ended, however it ended.
    pub(super) ended: DropGuard,
}

impl Workshop {
    fn work(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>, mut log_end: LogEnd, checkpointer: Checkpointer) {
        let mut waiting = Vec::with_capacity(self.batch);
        while jobs.blocking_recv_many(&mut waiting, self.batch) > 0 {
            while !waiting.is_empty() {
                let together = together(waiting.iter().map(|job| job.weight()));
                let woke = self.apply(waiting.drain(..together).collect());
                self.wake(woke);
                checkpointer.tell();
                log_end.copy_rest(&self.db, &self.watch);
            }
        }
        checkpointer.stop();
        if self.watch.check(&self.db).is_err() {
            self.watch.settle(&self.db);
            leave(&self.db);
        } else if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            let code = error.sqlite_error_code();
            tracing::warn!(?code, "the store's log was not copied into its file; it will be at the next start");
        }
        drop(self.ended);
    }

    fn wake(&self, woke: Woke) {
        if woke.events {
            self.wakes.events.notify_one();
        }
        if woke.sends {
            self.wakes.sends.notify_one();
        }
        if woke.doubts {
            self.wakes.doubts.notify_one();
        }
        if woke.answers {
            self.wakes.answers.notify_one();
        }
    }

    /// Applies operations in one transaction. When the file cannot be written all of them fail. When one operation fails by
    /// itself, each is applied in a transaction of its own, so that only the one at fault fails.
    fn apply(&mut self, mut jobs: Vec<Box<dyn Job>>) -> Woke {
        match self.transact(&mut jobs) {
            Ok(woke) => {
                jobs.into_iter().for_each(|job| job.answer(Ok(())));
                woke
            }
            Err(error) if jobs.len() == 1 || concerns_the_file(&error) => {
                self.log(&error);
                jobs.into_iter().for_each(|job| job.answer(Err(error.again())));
                Woke::default()
            }
            Err(_) => {
                let mut woke = Woke::default();
                for job in jobs {
                    let alone = self.apply(vec![job]);
                    woke.events |= alone.events;
                    woke.sends |= alone.sends;
                    woke.doubts |= alone.doubts;
                    woke.answers |= alone.answers;
                }
                woke
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

    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Woke, StoreError> {
        self.watch.check(&self.db)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work =
            Work { db: &transaction, own: &self.own, last_event: &mut self.last_event, woke: Woke::default() };
        for job in jobs {
            job.run(&mut work)?;
        }
        let woke = work.woke;
        transaction.commit()?;
        match self.watch.check(&self.db) {
            // Into a file that the next start will not find, nothing is on disk.
            Err(error @ StoreError::Lost(_)) => Err(error),
            // It is committed: a caller who is told otherwise would do it a second time. The next commit waits for a look.
            Err(_) | Ok(()) => Ok(woke),
        }
    }
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
    use ErrorCode::{CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure};
    let StoreError::Failed(error) = error else { return true };
    let code = error.sqlite_error_code();
    [DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure, ReadOnly, CannotOpen, DatabaseCorrupt]
        .map(Some)
        .contains(&code)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;
    use crate::settings;
    use crate::store::Identity;
    use crate::store::sqlite::open;

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

    /// Makes the folder one that the system cannot look into, or lets it again.
    fn loops(folder: &Path, hidden: &Path, is_loop: bool) {
        if is_loop {
            std::fs::rename(folder, hidden).expect("moved");
            std::os::unix::fs::symlink(folder, folder).expect("a link to itself");
        } else {
            std::fs::remove_file(folder).expect("no link any more");
            std::fs::rename(hidden, folder).expect("moved back");
        }
    }

    #[tokio::test]
    async fn what_is_committed_is_reported_so_though_the_file_cannot_be_looked_at_afterwards() {
        let outer = tempfile::tempdir().expect("a folder");
        let (folder, hidden) = (outer.path().join("store"), outer.path().join("hidden"));
        std::fs::create_dir(&folder).expect("a folder");
        let hour = Duration::from_secs(3600);
        let settings = settings::Store {
            path: folder.join("rejoinder.db"),
            keep_events: hour,
            keep_keys: hour,
            queue: 9,
            batch: 9,
        };
        let opened = open(&settings, Identity::default(), Timestamp(0), Arc::default()).await.expect("a store");
        let ids =
            || opened.sqlite.read(|db| db.query_row("SELECT last_event FROM store", [], |row| row.get::<_, i64>(0)));
        let set = |id: i64, disturb: Option<(PathBuf, PathBuf)>| {
            opened.sqlite.write(move |work| {
                if let Some((folder, hidden)) = &disturb {
                    loops(folder, hidden, true);
                }
                work.db.execute("UPDATE store SET last_event = ?1", [id])
            })
        };
        // The look before the commit finds the file, and the one after it does not.
        assert!(set(7, Some((folder.clone(), hidden.clone()))).await.is_ok());
        assert!(matches!(set(8, None).await, Err(StoreError::Unseen(_))));
        loops(&folder, &hidden, false);
        assert_eq!(ids().await.expect("read"), 7);
        assert!(set(9, None).await.is_ok());
        opened.sqlite.close().await;
    }
}
