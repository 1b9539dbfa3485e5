//! One conversation: what waits in it, what is said in it, and what each happening makes of it. Pure.

mod automatic_replies;
mod ending;
mod identity;
mod known_messages;
#[cfg(test)]
pub(crate) mod live;
mod outcome;
mod status;

pub use automatic_replies::*;
pub use ending::{Next, TakenStep};
pub(crate) use identity::StoreIdentity;
pub use identity::{Identity, Standings};
pub use known_messages::KnownMessageIds;
pub use outcome::{Decided, SendOutcome};
pub use status::{EventStatus, SendStatus};
