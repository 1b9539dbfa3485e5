//! Whether the files that SQLite has open are still those that the next start will find.
//!
//! SQLite goes on writing into a file that was deleted, moved away or emptied, and reports success. So the writer looks after
//! each commit and before anyone is told that it is on disk, and the checkpointer's thread looks while nothing is written.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;

use super::lock::{Lock, with_ending};
use crate::store::{Harm, Lost, StoreFile};

/// How a database file begins, and where in its first bytes it counts its changes.
const DATABASE: &[u8] = b"SQLite format 3\0";
const CHANGES: std::ops::Range<usize> = 24..28;

/// How a log begins; the byte after these says in which order of bytes its checksums are.
const LOG: [u8; 3] = [0x37, 0x7f, 0x06];

/// Looks after an open store. Holds its lock for as long as anything uses it.
#[derive(Debug)]
pub(super) struct Watch {
    lock: Lock,
    path: PathBuf,
    log: File,
    log_path: PathBuf,
    seen: Mutex<Seen>,
    lost: OnceLock<Lost>,
}

/// What the database file was like at the last look.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    length: u64,
    changes: Option<u32>,
}

impl Watch {
    /// Begins to watch the store at `path`, which was just written to by `db`, so that its log is there.
    pub(super) fn begin(lock: Lock, path: &Path, db: &Connection) -> io::Result<Watch> {
        // SQLite names the log after what a symlink leads to.
        let log_path = with_ending(&std::fs::canonicalize(path)?, "-wal");
        let log = File::open(&log_path)?;
        let (seen, lost) = (Mutex::default(), OnceLock::new());
        let watch = Watch { lock, path: path.to_owned(), log, log_path, seen, lost };
        watch.check(db).map_err(io::Error::other)?;
        Ok(watch)
    }

    /// How the store was lost, once it was.
    pub(super) fn lost(&self) -> Option<Lost> {
        self.lost.get().copied()
    }

    /// Fails from the moment on at which what is written would not be found again. `db` is any connection of the store.
    pub(super) fn check(&self, db: &Connection) -> Result<(), Lost> {
        if let Some(lost) = self.lost() {
            return Err(lost);
        }
        // Twice: a look that meets a checkpoint half way must not end the store.
        let Err(lost) = self.look(db).or_else(|_| self.look(db)) else { return Ok(()) };
        if self.lost.set(lost).is_ok() {
            // First: an operator who reads the line may end the server at once.
            let rescued = self.rescue(db, lost);
            tracing::error!(store = %self.path.display(), rescued, "the store is lost: {lost}");
        }
        Err(lost)
    }

    fn look(&self, db: &Connection) -> Result<(), Lost> {
        let database = |harm| Lost { file: StoreFile::Database, harm };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let there = found(self.lock.file(), &self.path).map_err(database)?;
        if there.len() < seen.length && !is_whole(db, there.len()) {
            return Err(database(Harm::CutShort));
        }
        let changes = self.changes().map_err(database)?;
        if changes < seen.changes {
            return Err(database(Harm::Overwritten));
        }
        *seen = Seen { length: there.len(), changes };
        drop(seen);

        let log = |harm| Lost { file: StoreFile::Log, harm };
        let there = found(&self.log, &self.log_path).map_err(log)?;
        // Emptied by a checkpoint of SQLite's it is right: the next write begins it anew.
        if there.len() > 0 && !begins_with(&self.log, &LOG) {
            return Err(log(Harm::CutShort));
        }
        Ok(())
    }

    /// How often the database file was changed, as it says itself; none before its first page is in it.
    fn changes(&self) -> Result<Option<u32>, Harm> {
        let mut head = [0; CHANGES.end];
        match self.lock.file().read_exact_at(&mut head, 0) {
            Ok(()) if head.starts_with(DATABASE) => {}
            Ok(()) => return Err(Harm::Overwritten),
            Err(_) => return Ok(None),
        }
        Ok(head[CHANGES].try_into().map(u32::from_be_bytes).ok())
    }

    /// Folds the log into the database file where only the log's name is lost: then nothing that was acknowledged is. Whether
    /// that was done.
    fn rescue(&self, db: &Connection, lost: Lost) -> bool {
        if lost.file != StoreFile::Log || lost.harm == Harm::CutShort {
            return false;
        }
        // In full: it waits for readers and for the writer.
        let folded = db.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| {
            let (is_busy, all, folded): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(!is_busy && all == folded)
        });
        folded.unwrap_or_else(|error| {
            tracing::error!(code = ?error.sqlite_error_code(), "the log could not be folded into the database file");
            false
        })
    }
}

/// What stands at `path`, which is to be the open file.
fn found(file: &File, path: &Path) -> Result<Metadata, Harm> {
    let there = std::fs::metadata(path).map_err(|_| Harm::Deleted)?;
    let held = file.metadata().map_err(|_| Harm::Deleted)?;
    if (there.dev(), there.ino()) == (held.dev(), held.ino()) { Ok(there) } else { Err(Harm::Replaced) }
}

/// Whether the database needs no more than `length` bytes: a VACUUM makes the file shorter, and rightly.
fn is_whole(db: &Connection, length: u64) -> bool {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    match (number("page_count"), number("page_size")) {
        (Ok(pages), Ok(size)) => pages * size <= length,
        _ => false,
    }
}

fn begins_with(file: &File, head: &[u8; 3]) -> bool {
    let mut found = [0; 3];
    file.read_exact_at(&mut found, 0).is_ok() && found == *head
}
