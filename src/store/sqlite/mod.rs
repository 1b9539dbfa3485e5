//! The file under the store: its lock, its log, and what can happen to it while a server runs on it.

pub(super) mod checkpointer;
pub(super) mod lock;
pub(super) mod log;
pub(super) mod migrate;
pub(super) mod open;
mod settle;
pub(super) mod watch;
