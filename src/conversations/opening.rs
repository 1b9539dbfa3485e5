//! How the conversations begin: what a process that died left open is sorted out, and the writer starts.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::{Notify, Semaphore};

use super::handle::Conversations;
use super::live::Live;
use super::shared::{Happening, Inner};
use crate::clock::Timestamp;
use crate::conversation::{Identity, StoreIdentity};
use crate::settings;
use crate::store::OpenError;
use crate::store::records::{Opening, Records, Woken};
use crate::telemetry::Seldom;

/// Conversations of so many bytes are sorted out at the start however little memory there is.
const AT_THE_START: usize = 1 << 19;

impl Conversations {
    /// Opens the store, and sorts out what a process that died left behind. Another server's hold on the file is waited for.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is no store of this release.
    pub async fn open(settings: &settings::Store, ours: Identity, now: Timestamp) -> Result<Conversations, OpenError> {
        let opening = Records::open(settings).await?;
        let (path, most) = (settings.path.clone(), settings.memory);
        let begin = move || begin(opening, ours, most, now).map_err(|source| OpenError::of(&path, source));
        let opened = tokio::task::spawn_blocking(begin).await.expect("opening the store does not panic")?;
        if opened.inner.lock().0.has_more_to_sort_out() {
            tokio::spawn(opened.clone().sort_out());
        }
        Ok(opened)
    }

    /// What a process left open and had no room at the start follows, a little at a time.
    async fn sort_out(self) {
        while self.happen_surely(Live::sort_out).await == Some(true) {
            tokio::task::yield_now().await;
        }
    }
}

/// Takes up what a process that died left behind, and starts the writer.
fn begin(mut opening: Opening, ours: Identity, most: usize, now: Timestamp) -> rusqlite::Result<Conversations> {
    let ours = Arc::new(StoreIdentity::new(&opening.name, ours));
    let last_event = Arc::new(AtomicI64::new(opening.last_event.0));
    let accounts = std::mem::take(&mut opening.accounts);
    let (images, away, reader) = (opening.images.clone(), opening.take_away()?, opening.another_reader()?);
    let mut live = Live::new(Arc::clone(&ours), accounts, Arc::clone(&last_event), images, away, now);
    live.begin(&reader, (most / 2).max(AT_THE_START), |writes| opening.keep(writes))?;
    let kept = live.number();
    let inner = Arc::new(Inner {
        live: Mutex::new((live, reader)),
        ours,
        // The rest is for those that are to go and are not on disk yet.
        most: most - most / 4,
        failures: Seldom::default(),
        next_send: AtomicI64::new(opening.last_send.0 + 1),
        last_delivery: AtomicI64::new(i64::MIN),
        events: Notify::new(),
        sends: Notify::new(),
        doubts: Notify::new(),
        answers: Notify::new(),
        records: OnceLock::new(),
    });
    let happening = Arc::clone(&inner);
    let happen = Box::new(Happening(happening));
    let records = Arc::new(opening.start(last_event, kept, happen)?);
    let _ = inner.records.set(Arc::downgrade(&records));
    let (large, probe) = (Arc::new(Semaphore::new(1)), Arc::default());
    let conversations = Conversations { inner, records, large, probe };
    conversations.inner.wake(Woken { events: true, sends: true, doubts: true, answers: true });
    Ok(conversations)
}
