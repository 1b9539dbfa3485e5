//! One server per file.
//!
//! The lock is on the database file itself, whatever name leads to it, and on a file beside it, which is what older releases
//! lock. The system lets both go when the process ends, however it ends. Names beside the file are made from its path without
//! symlinks, as SQLite makes those of its log.
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
pub(in crate::store) struct Lock {
    file: File,
    /// Without symlinks.
    path: PathBuf,
    _beside: File,
    _apart: Option<File>,
}

impl Lock {
    /// Takes the hold, waiting for a server that is about to end. Makes an empty file where there is none.
    pub(in crate::store) async fn take(store: &Path) -> Result<Lock, OpenError> {
        let mut wait = Wait { store, started: Instant::now(), told: false };
        loop {
            let real = without_symlinks(store).map_err(|source| OpenError::Io { path: store.to_owned(), source })?;
            let path = with_ending(&real, ".lock");
            // The one beside first: while another server of this process has the store, its file is not even opened.
            let beside =
                options().create(true).open(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
            wait.lock(&beside, &path).await?;
            let file = open(&real)?;
            let apart = if LOCKS_ARE_APART { None } else { Some(stand_in(&file)?) };
            wait.lock(apart.as_ref().unwrap_or(&file), store).await?;
            // Another file may have come to stand there while this server waited.
            if is_at(&file, store).unwrap_or(false) {
                return Ok(Lock { file, path: real, _beside: beside, _apart: apart });
            }
        }
    }

    /// The database file.
    pub(in crate::store) fn file(&self) -> &File {
        &self.file
    }

    /// The path of the database file, without symlinks.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails where the folder holds a log under another name of the file, a hard link. Under this name SQLite would not read
    /// that log, and what was acknowledged would be missing.
    pub(in crate::store) fn look_for_other_names(&self, store: &Path) -> Result<(), OpenError> {
        if self.file.metadata().is_ok_and(|metadata| metadata.nlink() < 2) {
            return Ok(());
        }
        tracing::warn!(
            store = %store.display(),
            "the store's file has more than one name (a hard link), and its log stands beside one of them only; \
             after a crash, start the server under the name that it had"
        );
        let folder = self.path.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        let names = folder.into_iter().flatten().flatten().map(|entry| entry.path());
        let others = names.filter(|name| *name != self.path && is_at(&self.file, name).unwrap_or(false));
        let logs = others.filter(|name| !name.is_symlink()).map(|name| with_ending(&name, "-wal"));
        let path = store.to_owned();
        let has_bytes = |log: &PathBuf| std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0);
        logs.into_iter().find(has_bytes).map_or(Ok(()), |log| Err(OpenError::OtherName { path, log }))
    }

    /// Takes the store away from other users of the machine, where they could read it. For a file that is known to be a store.
    pub(in crate::store) fn close_to_others(&self, store: &Path) {
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
            let _ = std::fs::set_permissions(with_ending(&self.path, ending), closed());
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

/// Whether a lock of this module on the database file is apart from those that SQLite takes on it. Elsewhere than on Linux the
/// two are of one table, and SQLite would find its own file locked.
const LOCKS_ARE_APART: bool = cfg!(target_os = "linux");

/// A file that is locked in place of the database file: the same one under whatever name that has.
fn stand_in(file: &File) -> Result<File, OpenError> {
    let folder = std::env::temp_dir();
    let failed = |source| OpenError::Io { path: folder.clone(), source };
    let metadata = file.metadata().map_err(failed)?;
    let name = format!("rejoinder-{}-{}.lock", metadata.dev(), metadata.ino());
    options().create(true).open(folder.join(name)).map_err(failed)
}

/// The path that `store` leads to, whether or not a file is there yet.
fn without_symlinks(store: &Path) -> io::Result<PathBuf> {
    let missing = match std::fs::canonicalize(store) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => error,
        found => return found,
    };
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A loop of symlinks is another error than this one, so that each step comes closer to the end.
    if let Ok(target) = std::fs::read_link(store) {
        return without_symlinks(&folder.join(target));
    }
    let name = store.file_name().ok_or(missing)?;
    Ok(std::fs::canonicalize(folder)?.join(name))
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
pub(in crate::store) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (there, held) = (std::fs::metadata(path)?, file.metadata()?);
    Ok((there.dev(), there.ino()) == (held.dev(), held.ino()))
}

/// The file whose name is the store's and `ending`.
pub(in crate::store) fn with_ending(store: &Path, ending: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_of_a_file_is_one_under_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let [store, other] = ["x.db", "y.db"].map(|name| folder.path().join(name));
        let file = open(&store).expect("a file");
        std::fs::hard_link(&store, &other).expect("linked");
        let first = stand_in(&file).expect("a file");
        first.try_lock().expect("it is free");
        let second = stand_in(&open(&other).expect("a file")).expect("a file");
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        // That lock does not concern the file itself, which is SQLite's.
        file.try_lock().expect("it is free");
        let metadata = file.metadata().expect("a file");
        let name = format!("rejoinder-{}-{}.lock", metadata.dev(), metadata.ino());
        std::fs::remove_file(std::env::temp_dir().join(name)).expect("removed");
    }
}
