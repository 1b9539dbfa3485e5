//! What a bot author writes, and what they hold while writing it.
//!
//! A [`Handler`] is given each event with a [`Context`], its only door to the conversation: what it says and remembers
//! through it is kept together with the event's end, or not at all. [`Handlers`] lists the handlers by the names that
//! accounts use in the settings.

mod capacity;
mod context;
mod erased;
mod handler;
mod interest;
mod list;
mod step;

pub(crate) use capacity::Capacity;
pub(crate) use context::Turn;
pub use context::{Context, Observation};
pub(crate) use erased::AnyHandler;
pub use handler::Handler;
pub use interest::{Interest, Interests};
pub use list::Handlers;
pub use step::FlushError;
pub(crate) use step::Limits;
