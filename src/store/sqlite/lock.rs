//! One server per file.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::OpenError;

const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(100);

/// The hold on a store: a lock on a file beside it, which the system lets go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the hold, waiting for a server that is on its way out.
    pub(super) async fn take(store: &Path) -> Result<Lock, OpenError> {
        let path = beside(store);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        let (started, mut told) = (Instant::now(), false);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(source)) => return Err(io(source)),
                Err(TryLockError::WouldBlock) if started.elapsed() > PATIENCE => {
                    return Err(OpenError::Locked(store.to_owned()));
                }
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(store = %store.display(), "this server waits for another server that has the store");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
