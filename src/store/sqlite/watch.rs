//! Whether the files that SQLite has open are still those that the next start will find.
//!
//! SQLite goes on writing into a file that was deleted, moved away or emptied, and reports success. So the writer looks after
//! each commit and before a caller is told that it is on disk, and the checkpointer's thread looks while nothing is written.
//! What a loss leaves on the disk is put right in `settle.rs`.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;

use super::lock::{Lock, with_ending};
use super::settle::{Unsettled, settle};
use crate::store::{Harm, Lost, StoreError, StoreFile};

/// How a database file begins. Its first bytes also hold the size of a page, a count of the changes and the number of pages.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// How a log begins; the byte after these says in which order of bytes its checksums are.
const LOG: [u8; 3] = [0x37, 0x7f, 0x06];

/// Looks after an open store. Holds its lock for as long as anything uses it.
#[derive(Debug)]
pub(in crate::store) struct Watch {
    pub(in crate::store) lock: Lock,
    path: PathBuf,
    pub(in crate::store) log: File,
    log_path: PathBuf,
    seen: Mutex<Seen>,
    lost: OnceLock<(StoreFile, Harm)>,
    is_settled: AtomicBool,
    settling: Mutex<()>,
    copying: Mutex<()>,
}

/// What the database file was like at the last look.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    length: u64,
    changes: Option<u32>,
}

/// What a look finds that is not as it was.
#[derive(Debug)]
enum Found {
    Lost(StoreFile, Harm),
    /// The system did not say.
    Unseen(io::Error),
}

impl Watch {
    /// Begins to watch the store at `path`, which was just written to by `db`, so that its log is there.
    pub(in crate::store) fn begin(lock: Lock, path: &Path, db: &Connection) -> io::Result<Watch> {
        let log_path = with_ending(lock.path(), "-wal");
        let watch = Watch {
            lock,
            path: path.to_owned(),
            log: File::open(&log_path)?,
            log_path,
            seen: Mutex::default(),
            lost: OnceLock::new(),
            is_settled: AtomicBool::new(false),
            settling: Mutex::new(()),
            copying: Mutex::new(()),
        };
        watch.check(db).map_err(io::Error::other)?;
        Ok(watch)
    }

    /// How the store was lost, once it was.
    pub(in crate::store) fn lost(&self) -> Option<Lost> {
        let (file, harm) = *self.lost.get()?;
        Some(Lost { file, harm, is_settled: self.is_settled.load(Ordering::Acquire) })
    }

    /// Fails from the moment on at which what is written would not be found again, and while the system does not say whether it
    /// would. `db` is any connection of the store.
    pub(in crate::store) fn check(&self, db: &Connection) -> Result<(), StoreError> {
        if let Some(lost) = self.lost() {
            return Err(lost.into());
        }
        // A look may meet a checkpoint half way. The second one waits for its end.
        let (file, harm) = match self.look().or_else(|_| self.while_copying(|| self.look())) {
            Ok(()) => return Ok(()),
            Err(Found::Unseen(error)) => return Err(StoreError::Unseen(error)),
            Err(Found::Lost(file, harm)) => (file, harm),
        };
        if self.lost.set((file, harm)).is_ok() {
            // First: an operator who reads the line may end the server at once.
            let why = self.try_to_settle(db).err();
            let lost = Lost { file, harm, is_settled: why.is_none() };
            tracing::error!(store = %self.path.display(), ?why, "the store is lost: {lost}");
        }
        Err(self.lost().unwrap_or(Lost { file, harm, is_settled: false }).into())
    }

    /// Runs a checkpoint: meanwhile the files are not as they are before and after it.
    pub(in crate::store) fn while_copying<T>(&self, run: impl FnOnce() -> T) -> T {
        let _copying = self.copying.lock().unwrap_or_else(PoisonError::into_inner);
        run()
    }

    /// Has the disk take what was copied. Where it does not, the next checkpoint finds out.
    pub(in crate::store) fn flush(&self) {
        let _ = self.lock.file().sync_data();
    }

    /// Puts right what a loss has left and could not be put right before. Does nothing where nothing is lost.
    pub(in crate::store) fn settle(&self, db: &Connection) {
        let Some(lost) = self.lost().filter(|lost| !lost.is_settled) else { return };
        if self.try_to_settle(db).is_ok() {
            let lost = Lost { is_settled: true, ..lost };
            tracing::warn!(store = %self.path.display(), "the store is lost: {lost}");
        }
    }

    fn try_to_settle(&self, db: &Connection) -> Result<(), Unsettled> {
        let _settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_settled.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some((file, harm)) = self.lost.get() {
            settle((&self.lock, &self.log), *file, *harm, db)?;
            self.is_settled.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn look(&self) -> Result<(), Found> {
        let database = |harm| Found::Lost(StoreFile::Database, harm);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let there = found(self.lock.file(), &self.path, StoreFile::Database)?;
        let head = Head::read(self.lock.file()).map_err(Found::Unseen)?;
        // A checkpoint after a VACUUM makes the file shorter, and rightly.
        if there.len() < seen.length && head.as_ref().is_none_or(|head| head.length > there.len()) {
            return Err(database(Harm::CutShort));
        }
        if head.as_ref().is_some_and(|head| !head.is_database) {
            return Err(database(Harm::Overwritten));
        }
        let changes = head.map(|head| head.changes);
        if changes < seen.changes {
            return Err(database(Harm::Overwritten));
        }
        *seen = Seen { length: there.len(), changes };
        drop(seen);

        let there = found(&self.log, &self.log_path, StoreFile::Log)?;
        // Emptied by a checkpoint of SQLite's it is right: the next write begins it anew.
        if there.len() > 0 && !begins_with(&self.log, &LOG).map_err(Found::Unseen)? {
            return Err(Found::Lost(StoreFile::Log, Harm::CutShort));
        }
        Ok(())
    }
}

/// What a database file says of itself. It is asked of the file alone: a connection counts what stands in the log as well.
struct Head {
    is_database: bool,
    changes: u32,
    length: u64,
}

impl Head {
    /// `None` before the first page is in the file.
    fn read(file: &File) -> io::Result<Option<Head>> {
        let mut bytes = [0; 32];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(Some(Head::of(&bytes))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(bytes: &[u8; 32]) -> Head {
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let page = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 65_536,
            size => u64::from(size),
        };
        Head { is_database: bytes.starts_with(DATABASE), changes: number(24), length: u64::from(number(28)) * page }
    }
}

/// What stands at `path`, which is to be the open file. Only an answer of the system that it is not there, or is another file,
/// is a loss: a disk that does not answer may answer later.
fn found(file: &File, path: &Path, kind: StoreFile) -> Result<Metadata, Found> {
    let there = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Found::Lost(kind, Harm::Deleted),
        _ => Found::Unseen(error),
    })?;
    let held = file.metadata().map_err(Found::Unseen)?;
    if (there.dev(), there.ino()) == (held.dev(), held.ino()) {
        Ok(there)
    } else {
        Err(Found::Lost(kind, Harm::Replaced))
    }
}

fn begins_with(file: &File, head: &[u8; 3]) -> io::Result<bool> {
    let mut found = [0; 3];
    match file.read_exact_at(&mut found, 0) {
        Ok(()) => Ok(found == *head),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_file_says_how_long_it_is() {
        for (page, pages, length) in [([0x10, 0], 3, 3 * 4096), ([0, 1], 2, 2 * 65_536), ([2, 0], 0, 0)] {
            let mut bytes = [0; 32];
            bytes[..16].copy_from_slice(DATABASE);
            bytes[16..18].copy_from_slice(&page);
            bytes[27] = 7;
            bytes[31] = pages;
            let head = Head::of(&bytes);
            assert_eq!((head.is_database, head.changes, head.length), (true, 7, length));
        }
    }
}
