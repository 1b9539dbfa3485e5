//! The thread that copies the log into the file beside the writer, so that no commit waits for it.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

use rusqlite::Connection;

use super::log::Log;
use super::open::leave;
use super::watch::Watch;

const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);

/// How long the writer has to copy a short rest before the next round.
const WRITERS_TURN: Duration = Duration::from_millis(5);

/// How often the files are looked at while nothing is written.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The thread, and the channel that tells it of a write.
pub(in crate::store) struct Checkpointer {
    written: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    pub(in crate::store) fn start(db: Connection, log: Arc<Log>, watch: Arc<Watch>) -> Checkpointer {
        let (written, writes) = sync_channel(1);
        let run = move || {
            loop {
                match writes.recv_timeout(WATCH_EVERY) {
                    Err(RecvTimeoutError::Disconnected) => break,
                    // Deliveries that are refused tell of a write too: however many come, the log is tried again.
                    Ok(()) | Err(RecvTimeoutError::Timeout) if watch.lost().is_some() => {
                        watch.settle(&db);
                        sleep(CHECKPOINT_EVERY);
                    }
                    Ok(()) => round(&db, &log, &watch),
                    // What is found is told, and kept for the writer.
                    Err(RecvTimeoutError::Timeout) => drop(watch.check(&db)),
                }
            }
            if watch.lost().is_some() {
                leave(&db);
            }
        };
        let thread = Builder::new().name("store-checkpoint".into()).spawn(run);
        Checkpointer { written, thread: thread.expect("the system starts a thread for the store") }
    }

    /// Tells it of a write.
    pub(in crate::store) fn tell(&self) {
        // One message that waits is enough.
        let _ = self.written.try_send(());
    }

    pub(in crate::store) fn stop(self) {
        drop(self.written);
        let _ = self.thread.join();
    }
}

/// Folds once, and rests for as long as the log's length allows.
fn round(db: &Connection, log: &Log, watch: &Watch) {
    watch.while_copying(|| log.copy(db));
    if !log.is_long() {
        return sleep(CHECKPOINT_EVERY);
    }
    // The writer's own checkpoint waits for the disk: the less is left to flush, the shorter.
    watch.flush();
    if log.is_nearly_copied() {
        sleep(WRITERS_TURN);
    }
}
