//! The store on SQLite: one file, one writer thread, plain functions for what happens inside its transactions.

pub(super) mod answer;
mod checkpointer;
mod conversation;
pub(super) mod count;
mod disclosure;
pub(super) mod doubt;
mod due;
mod echo;
mod first_version;
pub(super) mod held;
pub(super) mod inbox;
pub(super) mod intake;
mod keys;
pub(super) mod ledger;
mod lock;
mod log;
mod migrate;
mod open;
pub(super) mod outbox;
mod outcome;
mod parked;
pub(super) mod posted;
mod private_reply;
pub(super) mod prune;
pub(super) mod read;
mod recover;
pub(super) mod replay;
pub(super) mod rights;
pub(super) mod set_back;
mod settle;
pub(super) mod step;
mod traced;
mod turn;
mod unanswered;
mod watch;
mod work;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::StoreError;
#[cfg(test)]
pub(super) use open::memory;
pub(super) use open::open;
use watch::Watch;
use work::{Call, Job};
pub(super) use work::{Work, probe};
use writer::Writer;
#[cfg(test)]
pub(super) use {recover::recover, work::Woke};

/// How long a write that must succeed waits before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The file: its writer's queue, and a connection to read with.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    reader: Arc<Mutex<Connection>>,
    /// Counts whole tables, which takes longer than other reads may wait.
    counter: Arc<Mutex<Connection>>,
    writer: Mutex<Option<Writer>>,
    /// Held while a count runs: those that wait for it hold no thread.
    counting: tokio::sync::Mutex<()>,
    ended: CancellationToken,
    watch: Arc<Watch>,
}

async fn read_with<T, F>(connection: Arc<Mutex<Connection>>, run: F) -> Result<T, StoreError>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    T: Send + 'static,
{
    let read = move || run(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Closed)??)
}

impl Sqlite {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `run` inside the writer's next transaction and returns once that is on disk. `run` may run more than once,
    /// when a neighbour in the same transaction fails, but is committed once.
    pub(super) async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.write_much(1, run).await
    }

    /// The same for an operation that is worth `weight` usual ones.
    pub(super) async fn write_much<T, F>(&self, weight: usize, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (call, answer) = Call::of(weight, run);
        self.queue()?.send(call).await.map_err(|_| StoreError::Closed)?;
        settle(answer).await
    }

    /// The same, again and again until it is on disk or the store is closed: for what must not be forgotten while we live.
    /// `None` when it is closed or lost.
    pub(super) async fn write_surely<T, F>(&self, run: F) -> Option<T>
    where
        F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
        T: Send + 'static,
    {
        loop {
            match self.write(run.clone()).await {
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

    /// The same as `write_much`, but refuses at once when the queue is full.
    pub(super) async fn try_write<T, F>(&self, weight: usize, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (call, answer) = Call::of(weight, run);
        self.queue()?.try_send(call).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        settle(answer).await
    }

    /// Reads, beside the writer and without waiting for it.
    pub(super) async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        read_with(Arc::clone(&self.reader), run).await
    }

    /// Reads what takes long, beside the other reads. One at a time.
    pub(super) async fn count<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let _turn = self.counting.lock().await;
        read_with(Arc::clone(&self.counter), run).await
    }

    /// Fails once the files are lost.
    pub(super) fn is_held(&self) -> Result<(), StoreError> {
        self.watch.lost().map_or(Ok(()), |lost| Err(lost.into()))
    }

    /// Returns when the writer has ended.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    pub(super) async fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The thread ends when the last sender is gone; a panic in it was logged by its own hook.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        if self.watch.lost().is_some() {
            for connection in [&self.reader, &self.counter] {
                leave(&connection.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    fn queue(&self) -> Result<mpsc::Sender<Box<dyn Job>>, StoreError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }
}

async fn settle<T>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    answer.await.map_err(|_| StoreError::Closed)?
}

/// Lets a connection end without a last write: the files at the store's path are not the ones that it has open.
fn leave(db: &Connection) {
    let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}
