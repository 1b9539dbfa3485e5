//! `store.*`: where events and sends are kept, and how long.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;

/// Where events and sends are kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
    /// How long events that are done and sends that are settled are kept.
    pub keep_events: Duration,
    /// How long a delivered event is remembered, so that it is not taken for a new one.
    pub keep_keys: Duration,
    /// The most operations that wait for the disk; beyond it, Meta is asked to come again.
    pub queue: usize,
    /// The most operations that share one transaction.
    pub batch: usize,
    /// About how many bytes of memory conversations may take. Beyond it those that were not used for longest are read again when
    /// they are needed.
    pub memory: usize,
}

impl Store {
    pub(super) fn read(reader: &mut Reader) -> Store {
        let url: String = reader.required("store.url");
        let path = path(&url).unwrap_or_else(|(problem, hint)| {
            reader.fault("store.url", problem, hint);
            PathBuf::new()
        });
        let store = Store {
            path,
            keep_events: reader.required("store.keep_events"),
            keep_keys: reader.required("store.keep_keys"),
            queue: reader.required("store.queue"),
            batch: reader.required("store.batch"),
            memory: reader.required("store.memory"),
        };
        if store.keep_keys < Duration::from_secs(36 * 3600) {
            reader.fault(
                "store.keep_keys",
                "is shorter than Meta goes on delivering",
                "36h is the least, 7d the default",
            );
        }
        store
    }
}

/// `sqlite://rejoinder.db` is a file in the working directory, `sqlite:///var/lib/rejoinder.db` one anywhere. Errors
/// never quote the URL: that of a database server holds a password.
fn path(url: &str) -> Result<PathBuf, (&'static str, &'static str)> {
    const HINT: &str = "write sqlite://rejoinder.db, or sqlite:///abs/olute.db";
    match url.split_once("://") {
        Some(("sqlite", "")) => Err(("names no file", HINT)),
        Some(("sqlite", path)) => Ok(PathBuf::from(path)),
        Some(("postgres" | "postgresql", _)) => Err(("PostgreSQL is not supported yet", HINT)),
        _ => Err(("is not the URL of a store", HINT)),
    }
}
