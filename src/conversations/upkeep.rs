//! What is forgotten with time, and what happens when the clock is set back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;

use super::handle::Conversations;
use super::live::Live;
use crate::clock::Timestamp;
use crate::conversation::live::ConversationId;
use crate::store::records::{self, Woken};
use crate::store::{KeepSince, StoreError};

/// How long others have the writer to themselves between two steps of pruning. Without it a round of pruning makes the log so
/// long that the writer has to copy it while deliveries wait.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// What is open for longer is set aside, so that a start need not look for it.
const OPEN: Duration = Duration::from_secs(600);

/// How long it may take until it is noticed that the clock was set back. What was written meanwhile has the right time.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// How many conversations that are not in memory are set back at a time.
const SET_BACK: usize = 500;

/// How many images wait to be brought forward to `conversation`, and how many of them one step takes.
const MOST_IMAGES: usize = 50_000;
const SWEEP: usize = 500;

impl Conversations {
    /// Deletes what has outlived its keeping time, in small steps between which others write, and brings `conversation` forward.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn prune(&self, keep: KeepSince, now: Timestamp) -> Result<(), StoreError> {
        let bounds = self.records.read(move |db| records::bounds(db, keep, now - OPEN, now)).await?;
        while self.records.change(move |db, marks| records::step(db, &bounds, marks)).await? {
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
        let kept = self.records.kept();
        self.happen(|live, _| {
            live.forget_rights(keep.keys);
            live.forget_posted(kept);
            live.forget_begun(kept);
            Ok(())
        })?;
        self.sweep().await
    }

    /// Brings `conversation` forward where many images wait for it, in the order of its rows.
    async fn sweep(&self) -> Result<(), StoreError> {
        let images = self.inner.lock().0.images();
        let mut waiting: Vec<_> = images.lock().iter().map(|(id, number)| (*id, *number)).collect();
        if waiting.len() < MOST_IMAGES {
            return Ok(());
        }
        waiting.sort_unstable();
        for part in waiting.chunks(SWEEP) {
            let numbers: Vec<_> = part.iter().map(|(_, number)| *number).collect();
            self.records.change(move |db, _| records::bring_forward(db, &numbers)).await?;
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
        // Before they are deleted: a conversation that is loaded from here on is found in `conversation`.
        images.were_brought_forward(&waiting);
        let newest = waiting.iter().map(|(_, number)| *number).max().unwrap_or_default();
        while self.records.change(move |db, _| records::forget_images(db, newest)).await? {
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
        Ok(())
    }

    /// The clock was set back by so much: whatever waits for its time waits no longer for it.
    pub async fn clock_was_set_back(&self, by: Duration, now: Timestamp) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let earlier = |last: i64| Some(last.saturating_sub(millis));
        let _ = self.inner.last_delivery.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
        let away = self.happen_surely(|live, db| live.clock_was_set_back(db, by, now)).await.unwrap_or_default();
        let started = std::time::Instant::now();
        for ids in away.chunks(SET_BACK) {
            // What was written meanwhile has the right time.
            let now = now + started.elapsed();
            self.happen_surely(|live, db| live.set_back(db, ids, by, now)).await;
        }
        self.inner.wake(Woken { events: true, sends: true, doubts: true, answers: true });
    }
}

impl Live {
    /// Sets back all that is in memory. Returns the others.
    fn clock_was_set_back(
        &mut self,
        db: &Connection,
        by: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<ConversationId>> {
        let away = self.away.all()?;
        let since = now - NOTICED_WITHIN;
        let accounts: Vec<_> = self.accounts.keys().cloned().collect();
        for account in accounts {
            self.change_account(&account, |value| value.clock_was_set_back(by, since, now));
        }
        let ids: Vec<_> = self.entries.keys().copied().collect();
        self.set_back(db, &ids, by, now)?;
        Ok(away)
    }

    fn set_back(
        &mut self,
        db: &Connection,
        ids: &[ConversationId],
        by: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let since = now - NOTICED_WITHIN;
        for id in ids {
            if let Some(key) = self.away.key(*id)? {
                self.open(db, &key)?;
            }
            if self.entries.contains_key(id) {
                self.at(db, *id, now, |one, _| one.clock_was_set_back(by, since, now))?;
            }
        }
        Ok(())
    }
}
