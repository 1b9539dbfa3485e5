//! One server per file.
//!
//! The lock is on the database file itself, whatever name leads to it, and on a file beside it, which is what older releases
//! lock. The system lets both go when the process ends, however it ends.
//!
//! Nothing else in this process may open and close the database file except SQLite: closing any descriptor of it would drop
//! the locks that SQLite itself holds on it.

use std::fs::{File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::OpenError;

const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(100);

/// Only the owner reads what people have written.
const MODE: u32 = 0o600;

/// The hold on a store.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    _beside: File,
}

impl Lock {
    /// Takes the hold, waiting for a server that is about to end. Makes an empty file where there is none.
    pub(super) async fn take(store: &Path) -> Result<Lock, OpenError> {
        let mut wait = Wait { store, started: Instant::now(), told: false };
        let path = with_ending(store, ".lock");
        // The one beside first: while another server of this process has the store, its file is not even opened.
        let beside =
            options().create(true).open(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        wait.lock(&beside, &path).await?;
        loop {
            let file = open(store)?;
            wait.lock(&file, store).await?;
            // Another file may have come to stand there while this server waited.
            if is_at(&file, store).unwrap_or(false) {
                return Ok(Lock { file, _beside: beside });
            }
        }
    }

    /// The database file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Takes the store away from other users of the machine, where they could read it. For a file that is known to be a store.
    pub(super) fn close_to_others(&self, store: &Path) {
        let is_open = |metadata: Metadata| metadata.permissions().mode() & 0o077 != 0;
        if !self.file.metadata().is_ok_and(is_open) {
            return;
        }
        let closed = || Permissions::from_mode(MODE);
        match self.file.set_permissions(closed()) {
            Ok(()) => {
                tracing::warn!(store = %store.display(), "the store could be read by other users; it cannot any more")
            }
            Err(error) => tracing::warn!(store = %store.display(), %error, "the store can be read by other users"),
        }
        for ending in ["-wal", "-shm", ".lock"] {
            // One that is not there is made with the mode of the database file.
            let _ = std::fs::set_permissions(with_ending(store, ending), closed());
        }
    }
}

/// A wait for another server, however many files it takes.
struct Wait<'a> {
    store: &'a Path,
    started: Instant,
    told: bool,
}

impl Wait<'_> {
    async fn lock(&mut self, file: &File, path: &Path) -> Result<(), OpenError> {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(source)) => return Err(OpenError::Io { path: path.to_owned(), source }),
                Err(TryLockError::WouldBlock) if self.started.elapsed() > PATIENCE => {
                    return Err(OpenError::Locked(self.store.to_owned()));
                }
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut self.told, true) {
                        tracing::warn!(store = %self.store.display(), "this server waits for another server that has the store");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(MODE);
    options
}

fn open(store: &Path) -> Result<File, OpenError> {
    match options().open(store) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(store = %store.display(), "there is no store yet: a new one is made");
            options().create(true).open(store)
        }
        opened => opened,
    }
    .map_err(|source| OpenError::NotWritable { path: store.to_owned(), source: source.into() })
}

/// Whether `path` leads to the open file.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (there, held) = (std::fs::metadata(path)?, file.metadata()?);
    Ok((there.dev(), there.ino()) == (held.dev(), held.ino()))
}

/// The file whose name is the store's and `ending`.
pub(super) fn with_ending(store: &Path, ending: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
