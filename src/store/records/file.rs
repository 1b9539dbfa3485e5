//! The store's file, open: its writer, and the connections that read beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::away::Away;
use super::images::Images;
use super::job::{Call, Deliver, Job, Woken, Write, Written};
use super::load::accounts;
use super::migrate::to_6;
use super::queue::Queue;
use super::recover::{images, last_ids};
use super::statements::Statements;
use super::tables::{Marks, make};
use super::writer::{Happen, Workshop, write};
use crate::conversation::live::AccountValue;
use crate::id::{AccountId, EventId, SendId};
use crate::settings;
use crate::store::sqlite::checkpointer::Checkpointer;
use crate::store::sqlite::lock::Lock;
use crate::store::sqlite::log::{Log, LogEnd};
use crate::store::sqlite::migrate::migrate_to_5;
use crate::store::sqlite::open::{Found, configure, connect, connect_to_read, keep_log, leave, look_at};
use crate::store::sqlite::watch::Watch;
use crate::store::{Appended, OpenError, StoreError, WebhookBatch};
use crate::telemetry::Seldom;

/// Goes up with every change of `schema.sql`.
const SCHEMA: i64 = 6;

/// An open store.
#[derive(Debug)]
pub(crate) struct Records {
    path: PathBuf,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// How many deliveries wait for the disk, and how many may.
    waiting: Arc<AtomicU64>,
    most_waiting: u64,
    kept: Arc<AtomicU64>,
    is_failing: Arc<AtomicBool>,
    /// Whether something that has happened cannot be written.
    is_behind: Arc<AtomicBool>,
    reader: Arc<Mutex<Connection>>,
    counter: Arc<Mutex<Connection>>,
    /// Held while a count runs: those that wait for it hold no thread.
    counting: tokio::sync::Mutex<()>,
    writer: Mutex<Option<JoinHandle<()>>>,
    ended: CancellationToken,
    watch: Arc<Watch>,
}

/// A store that was opened, before its writer is at work.
pub(crate) struct Opening {
    db: Connection,
    watch: Arc<Watch>,
    settings: settings::Store,
    last_image: i64,
    marks: Marks,
    pub(crate) images: Images,
    pub(crate) name: String,
    pub(crate) last_event: EventId,
    pub(crate) last_send: SendId,
    pub(crate) accounts: Vec<(AccountId, AccountValue)>,
}

impl Records {
    /// Opens the file and reads what is open. Another server's hold on it is waited for.
    pub(crate) async fn open(settings: &settings::Store) -> Result<Opening, OpenError> {
        let lock = Lock::take(&settings.path).await?;
        let settings = settings.clone();
        let opening = tokio::task::spawn_blocking(move || {
            let path = settings.path.clone();
            let db = connect_and_prepare(&path, &lock)?;
            let failed = |source| OpenError::of(&path, source);
            // Where nothing is left to recover, nothing else would tell now that the log beside the file cannot be written.
            db.execute("UPDATE store SET name = name", []).map_err(failed)?;
            let watch = Watch::begin(lock, &path, &db);
            let watch = Arc::new(watch.map_err(|source| OpenError::Io { path: path.clone(), source })?);
            read(db, watch, settings).map_err(failed)
        });
        opening.await.expect("opening the store does not panic")
    }
}

fn read(db: Connection, watch: Arc<Watch>, settings: settings::Store) -> rusqlite::Result<Opening> {
    let name = db.query_row("SELECT name FROM store", [], |row| row.get(0))?;
    let marks = Marks::read(&db)?;
    let (last_event, last_send, last_image) = last_ids(&db)?;
    let accounts = accounts(&db)?;
    let images = Images::of(images(&db)?);
    Ok(Opening { db, watch, settings, last_image, marks, images, name, last_event, last_send, accounts })
}

impl Opening {
    /// Writes what the beginning of the process has brought about.
    pub(crate) fn keep(&mut self, writes: Vec<Write>) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        let mut written = Written { number: 0, writes, images: Vec::new(), woken: Woken::default(), caller: None };
        write(&mut Statements::of(&transaction), &self.marks, &mut written, &mut self.last_image)?;
        transaction.commit()?;
        self.images.lock().extend(written.images);
        Ok(())
    }

    /// What the process before left open.
    pub(crate) fn take_away(&self) -> rusqlite::Result<Away> {
        Away::begin(&self.settings.path, &self.db)
    }

    /// A further connection, for who decides.
    pub(crate) fn another_reader(&self) -> rusqlite::Result<Connection> {
        connect_to_read(&self.settings.path)
    }

    /// Starts the writer. `kept`: the last happening that is on disk; `happen`: what happens to conversations once it is on disk.
    pub(crate) fn start(
        self,
        last_event: Arc<AtomicI64>,
        kept: u64,
        happen: Box<dyn Happen>,
    ) -> rusqlite::Result<Records> {
        let Opening { mut db, watch, settings, last_image, marks, images, .. } = self;
        let path = settings.path.as_path();
        let (reader, counter) = (connect_to_read(path)?, connect_to_read(path)?);
        let (jobs, queue) = mpsc::channel();
        let ended = CancellationToken::new();
        let log = Log::of(&mut db)?;
        let checkpointer = Checkpointer::start(connect(path)?, Arc::clone(&log), Arc::clone(&watch));
        let (kept, waiting) = (Arc::new(AtomicU64::new(kept)), Arc::new(AtomicU64::new(0)));
        let (is_failing, is_behind) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let shop = Workshop {
            marks,
            last_event,
            last_image,
            images,
            kept: Arc::clone(&kept),
            waiting: Arc::clone(&waiting),
            is_failing: Arc::clone(&is_failing),
            batch: settings.batch,
            watch: Arc::clone(&watch),
            failures: Seldom::default(),
            is_behind: Arc::clone(&is_behind),
            happen,
            ended: ended.clone().drop_guard(),
        };
        let writer = shop.start(db, Queue::of(queue), LogEnd::of(log), checkpointer);
        Ok(Records {
            path: path.to_owned(),
            jobs: Mutex::new(Some(jobs)),
            waiting,
            most_waiting: settings.queue as u64,
            kept,
            is_failing,
            is_behind,
            reader: Arc::new(Mutex::new(reader)),
            counter: Arc::new(Mutex::new(counter)),
            counting: tokio::sync::Mutex::default(),
            writer: Mutex::new(Some(writer)),
            ended,
            watch,
        })
    }
}

impl Records {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the last happening that is on disk.
    pub(crate) fn kept(&self) -> u64 {
        self.kept.load(Ordering::Acquire)
    }

    /// Keeps what of a delivery is new. `may_wait`: it does not fail at once where much waits for the disk already.
    pub(crate) async fn deliver(
        &self,
        delivery: WebhookBatch,
        read_anew: Option<EventId>,
        may_wait: bool,
    ) -> Result<Appended, StoreError> {
        let jobs = self.queue()?;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting && !may_wait {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::Busy);
        }
        let (caller, answer) = oneshot::channel();
        let (delivery, appended) = (Arc::new(delivery), Appended::default());
        let job = Job::Deliver(Deliver { delivery, read_anew, appended, fresh: Vec::new(), caller });
        jobs.send(job).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes what a happening brought about, behind all that was given before. The answer comes when it is on disk.
    pub(crate) fn keep(
        &self,
        number: u64,
        writes: Vec<Write>,
        woken: Woken,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let (caller, answer) = oneshot::channel();
        self.write(Written { number, writes, images: Vec::new(), woken, caller: Some(caller) });
        answer
    }

    /// The same, where it need not be on disk at once: it goes with whatever is written next.
    pub(crate) fn keep_soon(&self, number: u64, writes: Vec<Write>) {
        self.write(Written { number, writes, images: Vec::new(), woken: Woken::default(), caller: None });
    }

    fn write(&self, written: Written) {
        if let Ok(jobs) = self.queue() {
            let _ = jobs.send(Job::Write(written));
        }
    }

    /// Runs `run` inside the writer's next transaction. `run` may run more than once, and is committed once.
    pub(crate) async fn change<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection, &mut Marks) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Job::Other(Box::new(Call { run, result: None, caller }));
        self.queue()?.send(job).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads, beside the writer and without waiting for it.
    pub(crate) async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        read_with(Arc::clone(&self.reader), run).await
    }

    /// Reads what takes long, beside the other reads. One at a time.
    pub(crate) async fn count<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let _turn = self.counting.lock().await;
        read_with(Arc::clone(&self.counter), run).await
    }

    /// Fails once the files are lost, and while what has happened waits for a disk that fails.
    pub(crate) fn takes_more(&self) -> Result<(), StoreError> {
        self.is_held()?;
        if self.is_failing.load(Ordering::Relaxed) { Err(StoreError::Busy) } else { Ok(()) }
    }

    /// Fails once the files are lost, and once more has happened than can be written.
    pub(crate) fn is_held(&self) -> Result<(), StoreError> {
        if self.is_behind.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        self.watch.lost().map_or(Ok(()), |lost| Err(lost.into()))
    }

    /// Returns when the writer has ended.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Ends the writer once everything that waits is on disk.
    pub(crate) async fn close(&self) {
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

    fn queue(&self) -> Result<mpsc::Sender<Job>, StoreError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }
}

async fn read_with<T, F>(connection: Arc<Mutex<Connection>>, run: F) -> Result<T, StoreError>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    T: Send + 'static,
{
    let read = move || run(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Closed)??)
}

/// Opens the file, or makes a store of an empty one; never writes into one that is something else.
fn connect_and_prepare(path: &Path, lock: &Lock) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    lock.look_for_other_names(path)?;
    let mut db = Connection::open(path).map_err(failed)?;
    let found = look_at(&db).map_err(failed)?;
    match found {
        Found::Nothing | Found::Schema(..=SCHEMA) => {}
        Found::Schema(found) => return Err(OpenError::Newer { path: path.to_owned(), found, known: SCHEMA }),
        Found::SomethingElse => return Err(OpenError::NotAStore(path.to_owned())),
    }
    lock.close_to_others(path);
    keep_log(&db, path)?;
    configure(&db).map_err(failed)?;
    if let Found::Schema(found) = found
        && found < SCHEMA
    {
        let stays = |source| OpenError::NotMigrated { path: path.to_owned(), found, needed: SCHEMA, source };
        bring_forward(&mut db, path, found).map_err(stays)?;
    }
    if matches!(found, Found::Nothing) {
        let transaction = db.transaction().map_err(failed)?;
        make(&transaction).map_err(failed)?;
        transaction.pragma_update(None, "user_version", SCHEMA).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(db)
}

/// Brings a store of an older schema to the present one, in one transaction: whatever ends it half way leaves the store as it was.
fn bring_forward(db: &mut Connection, path: &Path, found: i64) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    migrate_to_5(&transaction, path, found)?;
    tracing::warn!(store = %path.display(), "the store is brought from schema 5 to 6");
    to_6(&transaction)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    // All that was changed stands in the log too, which would stay as long as that.
    if let Err(error) = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(store = %path.display(), %error, "the store was brought forward, and its log stays long");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::super::job::Fresh;
    use super::*;

    struct Nothing;

    impl Happen for Nothing {
        fn arrived(&mut self, _: &Connection, fresh: &[&Fresh]) -> Vec<bool> {
            vec![false; fresh.len()]
        }

        fn wake(&mut self, _: Woken) {}
    }

    async fn store(folder: &std::path::Path, queue: usize, batch: usize) -> Records {
        let day = std::time::Duration::from_secs(86_400);
        let path = folder.join("rejoinder.db");
        let settings = settings::Store { path, keep_events: day, keep_keys: 2 * day, queue, batch, memory: 1 << 20 };
        let opening = Records::open(&settings).await.expect("a store");
        opening.start(Arc::default(), 0, Box::new(Nothing)).expect("a writer")
    }

    /// Two hundred megabytes, by several at once who do not wait for each other: between two transactions there is always
    /// another one.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_stays_short_while_the_writer_is_never_idle() {
        const BYTES: i64 = 250_000;
        const ROUNDS: i64 = 100;
        const AT_ONCE: i64 = 8;
        let folder = tempfile::tempdir().expect("a folder");
        let records = store(folder.path(), 99, 2).await;
        records.change(|db, _| db.execute("CREATE TABLE bulk (bytes BLOB)", [])).await.expect("a table");
        let writers = (0..AT_ONCE).map(|_| async {
            let mut longest = 0;
            for _ in 0..ROUNDS {
                let insert =
                    |db: &Connection, _: &mut Marks| db.execute("INSERT INTO bulk VALUES (zeroblob(?1))", [BYTES]);
                records.change(insert).await.expect("written");
                let log = std::fs::metadata(folder.path().join("rejoinder.db-wal")).expect("a log");
                longest = longest.max(log.len());
            }
            longest
        });
        let longest = join_all(writers).await.into_iter().max().expect("writers");
        assert!(longest < 64_000_000, "{longest}");
        records.close().await;
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
        let records = store(&folder, 9, 9).await;
        let ids = || records.read(|db| db.query_row("SELECT next_event FROM store", [], |row| row.get::<_, i64>(0)));
        let set = |id: i64, disturb: Option<(PathBuf, PathBuf)>| {
            records.change(move |db, _| {
                if let Some((folder, hidden)) = &disturb {
                    loops(folder, hidden, true);
                }
                db.execute("UPDATE store SET next_event = ?1", [id])
            })
        };
        // The look before the commit finds the file, and the one after it does not.
        assert!(set(7, Some((folder.clone(), hidden.clone()))).await.is_ok());
        assert!(matches!(set(8, None).await, Err(StoreError::Unseen(_))));
        loops(&folder, &hidden, false);
        assert_eq!(ids().await.expect("read"), 7);
        assert!(set(9, None).await.is_ok());
        records.close().await;
    }
}
