//! The length of the log (SQLite's WAL), and who copies it into the file when.
//!
//! The log begins anew only when a write finds all of it copied. A checkpoint beside the writer never gets so far while the
//! writer is at work: there is always a rest that was appended meanwhile. So the checkpointer copies again and again until
//! the rest is short, and the writer copies that between two of its transactions. Where the checkpointer cannot keep up, the
//! writer waits for it: the log is never longer than [`LONGEST`] and one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::open::PATIENCE;
use super::watch::Watch;
use crate::telemetry::Seldom;

/// From this length on, in pages of 4 KiB, the log is copied without pause, so that it can begin anew: 24 MiB.
const LONG: i64 = 6_000;

/// A rest that the writer copies in a few milliseconds.
const SHORT: i64 = 500;

/// The length at which the writer copies whatever there is: 48 MiB.
const LONGEST: i64 = 12_000;

/// Longer it is only while another connection reads an older state of the store: 60 MiB.
const HINDERED: i64 = 15_000;

/// How long the writer waits for readers of the log, and how long it leaves them alone when it has waited in vain.
const READERS: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(100);

/// How long the log is, and how much of it is copied, in pages.
#[derive(Debug, Default)]
pub(in crate::store) struct Log {
    length: AtomicI64,
    copied: AtomicI64,
}

impl Log {
    /// Counts from here on what `db`, the one connection that writes, appends.
    pub(in crate::store) fn of(db: &mut Connection) -> rusqlite::Result<Arc<Log>> {
        let log = Arc::new(Log::default());
        let counted = Arc::clone(&log);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.grew(i64::from(pages));
            Ok(())
        }))?;
        Ok(log)
    }

    fn grew(&self, length: i64) {
        if self.length.swap(length, Ordering::Relaxed) > length {
            // It has begun anew.
            self.copied.store(0, Ordering::Relaxed);
        }
    }

    /// Whether it is to be copied without pause.
    pub(in crate::store) fn is_long(&self) -> bool {
        self.length.load(Ordering::Relaxed) > LONG
    }

    /// Whether so little of it is not copied that the writer may copy the rest.
    pub(in crate::store) fn is_nearly_copied(&self) -> bool {
        self.length.load(Ordering::Relaxed) - self.copied.load(Ordering::Relaxed) <= SHORT
    }

    fn is_too_long(&self) -> bool {
        self.length.load(Ordering::Relaxed) > LONGEST
    }

    /// Folds what it can without waiting for other connections, beside the writer.
    pub(in crate::store) fn copy(&self, db: &Connection) {
        let copied = checkpoint(db, "PASSIVE").map(|(_, copied)| copied);
        self.copied.store(copied.unwrap_or(0), Ordering::Relaxed);
    }
}

/// The end of the log, which the writer copies between two of its transactions.
pub(in crate::store) struct LogEnd {
    log: Arc<Log>,
    /// Not tried again before: readers were in the way.
    not_before: Instant,
    hindered: Seldom,
}

impl LogEnd {
    pub(in crate::store) fn of(log: Arc<Log>) -> LogEnd {
        LogEnd { log, not_before: Instant::now(), hindered: Seldom::default() }
    }

    /// Between two transactions: copies the rest where it is short, and whatever there is where the log is too long.
    pub(in crate::store) fn copy_rest(&mut self, db: &Connection, watch: &Watch) {
        let is_due = self.log.is_long() && (self.log.is_nearly_copied() || self.log.is_too_long());
        if !is_due || Instant::now() < self.not_before {
            return;
        }
        // The wait for the checkpointer's thread is what keeps the log short on a slow disk.
        let is_whole = watch.while_copying(|| begin_anew(db));
        if !is_whole {
            self.not_before = Instant::now() + PAUSE;
            self.warn();
        }
    }

    /// A reader that stays keeps the log from beginning anew, and it grows as long as that reader does.
    fn warn(&self) {
        let length = self.log.length.load(Ordering::Relaxed);
        if length > HINDERED && self.hindered.times().is_some() {
            let megabytes = length * 4096 / 1_000_000;
            tracing::warn!(
                megabytes,
                "the store's log grows because another program has been reading the store all the while; end that program's \
                 transaction"
            );
        }
    }
}

/// Folds all of the log, and waits a little for those who still read it. True when the next write begins it anew.
fn begin_anew(db: &Connection) -> bool {
    let waited = db.busy_timeout(READERS);
    let is_whole = checkpoint(db, "RESTART").is_some_and(|(is_busy, _)| !is_busy);
    if waited.and_then(|()| db.busy_timeout(PATIENCE)).is_err() {
        tracing::warn!("SQLite did not take the time that it may wait");
    }
    is_whole
}

/// Whether another connection kept the checkpoint from copying all of it, and how many pages of the log are copied.
fn checkpoint(db: &Connection, mode: &str) -> Option<(bool, i64)> {
    let found = db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok((row.get(0)?, row.get(2)?)));
    found
        .inspect_err(|error: &rusqlite::Error| {
            tracing::warn!(code = ?error.sqlite_error_code(), "the store's log could not be copied into its file");
        })
        .ok()
}
