//! What is kept, in one file, under one writer.
//!
//! - `records`: the rows, and the thread that writes them. Whatever waits at the same moment shares one transaction and one flush.
//! - `sqlite`: the file under them: its lock, its log, and what can happen to it while a server runs on it.
//! - The other files are the words of who asks for something to be kept, and how that fails.
//!
//! Nothing is decided here: what happens is decided in memory, and told to the store.

mod backlog;
mod doubted;
mod error;
mod list;
mod post;
mod probe;
pub(crate) mod records;
mod sqlite;
mod types;

pub use backlog::*;
pub use doubted::*;
pub(crate) use error::PAUSE;
pub use error::{Harm, Lost, OpenError, StoreError, StoreFile};
pub use list::*;
pub use post::*;
pub(crate) use probe::Probe;
pub use types::*;

pub use crate::conversation::{
    AutomaticReplies, Decided, DisclosureMessage, EventStatus, Identity, KnownMessages, MessageHash, Next, Overdue,
    SendOutcome, SendStatus, Standings, TakenStep, Typing, recipient,
};
