//! What a lost store leaves on the disk, put right for the next start.
//!
//! SQLite writes a log that it finds beside a database file over that file, whichever file it is. So no log may stand beside a
//! database file that it does not belong to: the log of a database file that is lost, and a foreign log that stands where ours
//! did, are renamed. Where only the name of our log is lost, everything in it is copied into the database file first.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::lock::{Lock, is_at, with_ending};
use crate::store::{Harm, StoreFile};

/// Something could not be put right yet.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Unsettled {
    /// A reader or a writer was in the way.
    #[error("the log could not be copied in full: something else uses the store")]
    InUse,
    #[error("the log could not be copied into the database file")]
    Uncopied(#[from] rusqlite::Error),
    #[error("a log could not be renamed")]
    InTheWay(#[from] io::Error),
}

/// Puts right what can be after `harm` came to `file`. `files`: the lock of the database file, and the log that is open. May run
/// again, after a failure.
pub(in crate::store) fn settle(
    files: (&Lock, &File),
    file: StoreFile,
    harm: Harm,
    db: &Connection,
) -> Result<(), Unsettled> {
    let (lock, log) = files;
    let is_elsewhere = matches!(harm, Harm::Deleted | Harm::Replaced);
    match file {
        StoreFile::Log if is_elsewhere => {
            copy(db)?;
            set_aside(lock, log, Whose::Foreign)
        }
        // Another name leads elsewhere now, or an operator has put the very file back: its log belongs to it.
        StoreFile::Database if is_elsewhere && is_at(lock.file(), lock.path()).unwrap_or(false) => Ok(()),
        StoreFile::Database | StoreFile::Log => {
            // The file may only have been moved: then it is whole wherever it is now. Into one that was written over, or cut
            // short, nothing more is written.
            if is_elsewhere && let Err(why) = copy(db) {
                tracing::warn!(%why, "the log of the former database file was not copied into it");
            }
            set_aside(lock, log, Whose::Ours)
        }
    }
}

/// Copies all of the log into the database file. It waits for readers and for the writer.
fn copy(db: &Connection) -> Result<(), Unsettled> {
    let is_whole = db.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| {
        let (is_busy, all, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!is_busy && all == copied)
    })?;
    if is_whole { Ok(()) } else { Err(Unsettled::InUse) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Foreign,
}

/// Renames the log that stands beside the database file, where it is the one that is meant.
fn set_aside(lock: &Lock, ours: &File, whose: Whose) -> Result<(), Unsettled> {
    let path = lock.path();
    let log = with_ending(path, "-wal");
    match is_at(ours, &log) {
        Ok(is_ours) if is_ours == (whose == Whose::Ours) => {}
        Ok(_) => return Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    std::fs::rename(&log, free_name(path))?;
    if whose == Whose::Ours {
        // The index of the log. SQLite makes it anew where a file without a log is opened, so that none is needed.
        let _ = std::fs::remove_file(with_ending(path, "-shm"));
    }
    // Else the log may stand there again after a power failure.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()).map_err(Unsettled::from)
}

/// `…-wal.lost`, or one with a number where that is taken.
fn free_name(path: &Path) -> PathBuf {
    let name = |number: u64| match number {
        1 => with_ending(path, "-wal.lost"),
        number => with_ending(path, &format!("-wal.lost.{number}")),
    };
    let is_free = |path: &PathBuf| std::fs::symlink_metadata(path).is_err();
    (1..).map(name).find(is_free).expect("a folder holds fewer files than there are numbers")
}
