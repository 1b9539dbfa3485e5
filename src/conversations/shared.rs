//! What the writer's thread shares with the rest: the conversations, and who waits for what happens in them.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use super::live::Live;
use crate::conversation::StoreIdentity;
use crate::conversation::live::{Recognised, Record};
use crate::store::records::{Fresh, Happen, Records, Woken, Write};
use crate::store::{Intake, StoreError};
use crate::telemetry::Seldom;

/// Comes when what happened is on disk.
pub(super) type Keeping = oneshot::Receiver<Result<(), StoreError>>;

/// What the writer's thread shares with the rest.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) live: Mutex<(Live, Connection)>,
    pub(super) ours: Arc<StoreIdentity>,
    pub(super) next_send: AtomicI64,
    /// How many bytes the conversations may take that are not about to leave memory.
    pub(super) most: usize,
    /// When a delivery was last kept by this process.
    pub(super) last_delivery: AtomicI64,
    pub(super) events: Notify,
    pub(super) sends: Notify,
    pub(super) doubts: Notify,
    pub(super) answers: Notify,
    /// Conversations that could not leave memory.
    pub(super) failures: Seldom,
    /// Where what happens while an event arrives goes to be written; the writer's own thread cannot wait for itself.
    pub(super) records: OnceLock<Weak<Records>>,
}

impl Inner {
    pub(super) fn lock(&self) -> MutexGuard<'_, (Live, Connection)> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self, woken: Woken) {
        for (is_woken, loop_) in [
            (woken.events, &self.events),
            (woken.sends, &self.sends),
            (woken.doubts, &self.doubts),
            (woken.answers, &self.answers),
        ] {
            if is_woken {
                loop_.notify_one();
            }
        }
    }

    /// New events happen to their conversations. Called by the writer once they are on disk.
    fn arrived(&self, db: &Connection, fresh: &[&Fresh]) -> Vec<bool> {
        let mut guard = self.lock();
        let live = &mut guard.0;
        // One view for all that is loaded: a read outside any transaction takes a lock of the file and gives it back, and a conversation
        // takes several.
        let _view = db.unchecked_transaction();
        let mut are_own = Vec::with_capacity(fresh.len());
        for Fresh { delivery, place, id, key, kept } in fresh {
            let (Intake::Handled(envelope) | Intake::Awaited(envelope, _) | Intake::Kept(envelope)) =
                &delivery.items[*place]
            else {
                continue;
            };
            match live.arrived(db, (*id, key), kept, envelope) {
                Ok(recognised) => are_own.push(recognised == Recognised::Own),
                Err(error) => {
                    let code = error.sqlite_error_code();
                    are_own.push(false);
                    tracing::error!(event = %kept.id, %error, ?code, "a conversation could not be loaded; its event waits for the next start");
                }
            }
        }
        self.write_soon(live, db);
        are_own
    }

    /// Gives what has happened to the writer. The caller holds the conversations, so that it is written in that order.
    /// The loops are woken when it is on disk; where there is nothing to write, at once.
    pub(super) fn write(&self, live: &mut Live, db: &Connection) -> Option<Keeping> {
        let woken = live.take_woken();
        let records = self.records(live, db)?;
        let (number, writes) = live.take_batch();
        if writes.is_empty() {
            self.wake(woken);
            return None;
        }
        Some(records.keep(number, writes, woken))
    }

    /// The same, where it need not be on disk at once. The loops are woken at once: what they do is written behind it. Where an event of
    /// our own begins, they are woken when it is on disk: a handler may show others its id.
    pub(super) fn write_soon(&self, live: &mut Live, db: &Connection) {
        let woken = live.take_woken();
        let Some(records) = self.records(live, db) else { return };
        let (number, writes) = live.take_batch();
        if writes.iter().any(|write| matches!(write, Write::Record(_, _, Record::Begun(..)))) {
            // The receiver is dropped: there is no caller.
            drop(records.keep(number, writes, woken));
            return;
        }
        if !writes.is_empty() {
            records.keep_soon(number, writes);
        }
        self.wake(woken);
    }

    /// The records, once there is room for what has happened.
    fn records(&self, live: &mut Live, db: &Connection) -> Option<Arc<Records>> {
        let records = self.records.get().and_then(Weak::upgrade)?;
        if live.takes_more_than(self.most)
            && let Err(error) = live.make_room(db, self.most, records.kept())
            && let Some(times) = self.failures.times()
        {
            tracing::warn!(%error, times, "conversations cannot leave memory");
        }
        Some(records)
    }
}

/// What the writer tells of what is on disk.
pub(super) struct Happening(pub(super) Arc<Inner>);

impl Happen for Happening {
    fn arrived(&mut self, db: &Connection, fresh: &[&Fresh]) -> Vec<bool> {
        self.0.arrived(db, fresh)
    }

    fn wake(&mut self, woken: Woken) {
        self.0.wake(woken);
    }
}
