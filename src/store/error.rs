//! How the store fails, by what the caller can do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// An operation did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much waits for the disk. Come again.
    #[error("the store is busy")]
    Busy,
    /// The disk or the file does not let us. Come again when somebody has looked at it.
    #[error("the store failed")]
    Failed(#[from] rusqlite::Error),
    /// The server is shutting down.
    #[error("the store is closed")]
    Closed,
}

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another server has the file.
    #[error("{} is in use by another server", .0.display())]
    Locked(PathBuf),
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
    /// The file is a database, and somebody else's.
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
        /// What SQLite says.
        source: rusqlite::Error,
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
        source: std::io::Error,
    },
}

impl OpenError {
    /// What SQLite says of the file at `path`, by what somebody can do about it.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> OpenError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                OpenError::NotWritable { path, source }
            }
            _ => OpenError::Unreadable { path, source },
        }
    }
}
