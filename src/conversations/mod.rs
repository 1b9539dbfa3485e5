//! The conversations: what happens to them, in memory, and what is kept of it.
//!
//! A happening changes conversations in memory at once, and what it changed goes to the writer in that order. An operation has happened
//! when its future returns `Ok`: it is on disk. Whatever waits at the same moment shares one transaction and one flush.
//!
//! - `live`: the conversations in memory, and what a happening in one brings about in another.
//! - `read`: the last events that have arrived, as they were read.
//! - `room`: which of them are in memory.
//! - `back`: how one comes back into memory.
//! - `on_disk`: queues that are too long for memory.
//! - `agenda`: what is due, in the order of its time.
//! - `opening`: how they begin.
//! - `shared`: what the writer's thread shares with the rest.
//! - `handle`: the way in: each operation, and when it has happened.
//! - `turns`: events on their way to handlers, and what becomes of them.
//! - `posts`: sends that did not come from a handler.
//! - `outbox`: sends on their way to Meta, and what becomes of them.
//! - `lists`: what an operator sees.
//! - `upkeep`: what is forgotten, and what the clock does.

mod agenda;
mod back;
mod handle;
mod lists;
mod live;
mod on_disk;
mod opening;
mod outbox;
mod posts;
mod read;
mod room;
mod shared;
mod turns;
mod upkeep;

pub use handle::Conversations;
#[cfg(test)]
pub(crate) use live::Live;
