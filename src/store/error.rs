//! How the store fails, by what the caller can do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

/// How long a loop waits before it calls a store again that has failed.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// An operation did not happen, or is in a file that the next start will not find.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much waits for the disk. Come again.
    #[error("the store is busy")]
    Busy,
    /// The disk or the file does not let us. Come again when the operator has looked at it.
    #[error("{}", failure(.0))]
    Failed(#[from] rusqlite::Error),
    /// The files were deleted, replaced or damaged under the running server. Nothing is written any more until it is restarted.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The system does not say at present what stands at the store's path. Come again.
    #[error("the store's files could not be looked at; the server looks again at the next delivery")]
    Unseen(#[source] io::Error),
    /// The server is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// The same error for a further caller. Errors are not `Clone`: of SQLite's the code is kept, which is what a caller can use.
    pub(super) fn again(&self) -> StoreError {
        match self {
            StoreError::Failed(rusqlite::Error::SqliteFailure(code, message)) => {
                StoreError::Failed(rusqlite::Error::SqliteFailure(*code, message.clone()))
            }
            StoreError::Failed(_) => StoreError::Failed(rusqlite::Error::InvalidQuery),
            StoreError::Lost(lost) => StoreError::Lost(*lost),
            StoreError::Unseen(error) => StoreError::Unseen(
                error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error),
            ),
            StoreError::Busy => StoreError::Busy,
            StoreError::Closed => StoreError::Closed,
        }
    }
}

/// What SQLite could not do, by what the operator does about it.
fn failure(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk of the store is full: make room; the server then goes on by itself",
        Some(ErrorCode::SystemIoFailure) => "the disk of the store cannot be read or written: look at the disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "the store cannot be written: this process must be allowed to write the file and its folder"
        }
        _ => "the store failed; the server's log names SQLite's code",
    }
}

/// What happened to a store's files while a server ran on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store's {file} was {harm} while the server ran; {}", self.advice())]
pub struct Lost {
    /// Which of its files.
    pub file: StoreFile,
    /// What happened to it.
    pub harm: Harm,
    /// The server has put right what it can: the log is copied into the database file, or is out of the way of a copy that is
    /// restored.
    pub is_settled: bool,
}

/// One of a store's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFile {
    /// The database file.
    Database,
    /// The log beside it, `-wal`.
    Log,
}

/// What can happen to a file under a process that has it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It was deleted or moved away, itself or its folder.
    Deleted,
    /// Another file stands in its place.
    Replaced,
    /// It is shorter than what was written.
    CutShort,
    /// Something else wrote into it.
    Overwritten,
}

impl Lost {
    /// What an operator does about it.
    fn advice(self) -> &'static str {
        match (self.file, self.harm, self.is_settled) {
            (StoreFile::Log, Harm::Deleted, true) => {
                "all that was acknowledged is in the database file: restart the server"
            }
            (StoreFile::Log, Harm::Replaced, true) => {
                "all that was acknowledged is in the database file, and the file that took the log's place is at -wal.lost now: \
                 restart the server"
            }
            (StoreFile::Log, Harm::Deleted | Harm::Replaced, false) => {
                "not all that was acknowledged is in the database file yet: leave the server running, which tries again \
                 every second, and restart it once this says that all of it is"
            }
            (StoreFile::Database, Harm::Replaced, true) => {
                "a log of the former file that stood beside it is at -wal.lost now: restart the server to go on with the file that is \
                 there now"
            }
            (_, _, true) => {
                "a log that stood beside it is at -wal.lost now: stop the server, restore a copy of the store, and restart it"
            }
            (_, _, false) => {
                "stop the server, move its log (-wal) away, which would be written over the copy, restore a copy of the \
                 store, and restart the server"
            }
        }
    }
}

impl std::fmt::Display for StoreFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            StoreFile::Database => "database file",
            StoreFile::Log => "log (-wal)",
        })
    }
}

impl std::fmt::Display for Harm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Harm::Deleted => "deleted or moved away",
            Harm::Replaced => "replaced by another file",
            Harm::CutShort => "cut short",
            Harm::Overwritten => "overwritten",
        })
    }
}

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another server has the file.
    #[error("{} is in use by another server", .0.display())]
    Locked(PathBuf),
    /// SQLite finds the file locked, though this server has the lock that servers take.
    #[error(
        "{} is locked, though no other server has it: another program writes into it, or the file system (NFS) or the operating \
         system does not keep this server's lock apart from SQLite's; put the store on a local disk",
        .0.display()
    )]
    LockedBySqlite(PathBuf),
    /// The file has another name too, and what was written under that one is not in the file yet.
    #[error(
        "{} is not all of the store: {} holds what was written under another name of the same file; start the server under \
         that name, or give the store one name only",
        path.display(),
        log.display()
    )]
    OtherName {
        /// The file.
        path: PathBuf,
        /// The log beside its other name.
        log: PathBuf,
    },
    /// SQLite does not keep a write-ahead log there.
    #[error(
        "{} cannot be opened as a store: SQLite keeps no write-ahead log there (its journal mode stays \"{mode}\"); put the \
         store on a local disk",
        path.display()
    )]
    NoLog {
        /// The file.
        path: PathBuf,
        /// The journal mode that SQLite answers.
        mode: String,
    },
    /// A later release wrote the file.
    #[error("{} was written by a later release (schema {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
    /// An older release wrote the file, and it could not be brought forward.
    #[error(
        "{} was written by an older release (schema {found}) and could not be brought to schema {needed}; it is left as it was",
        path.display()
    )]
    NotMigrated {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema that this release writes.
        needed: i64,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is a database of another program.
    #[error("{} is the database of something else", .0.display())]
    NotAStore(PathBuf),
    /// The file cannot be read as a store.
    #[error("{} cannot be opened as a store; restore a copy of it, or move it away to begin with an empty one", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file cannot be written.
    #[error(
        "{} cannot be opened as a store: it must be a file, and this process must be allowed to write into it and its folder",
        path.display()
    )]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder or the lock beside the file cannot be used.
    #[error(
        "{} cannot be opened: its folder must be there, and this process must be allowed to write into it",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl OpenError {
    /// What SQLite says of the file at `path`, by what an operator can do about it.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> OpenError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                OpenError::NotWritable { path, source: source.into() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::LockedBySqlite(path),
            _ => OpenError::Unreadable { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_or_the_file_does_not_let_us_do_says_what_to_do() {
        for (code, advice) in [
            (rusqlite::ffi::SQLITE_FULL, "make room"),
            (rusqlite::ffi::SQLITE_IOERR_WRITE, "look at the disk"),
            (rusqlite::ffi::SQLITE_READONLY, "must be allowed to write"),
            (rusqlite::ffi::SQLITE_CORRUPT, "the server's log"),
        ] {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let said = StoreError::from(error).to_string();
            assert!(said.contains(advice), "{code}: {said}");
        }
    }
}
