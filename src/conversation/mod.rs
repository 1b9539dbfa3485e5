//! One conversation: what waits in it, what is said in it, and what each happening makes of it. Pure: no I/O, no clock.
//!
//! The words stand in this folder: how far an event or a send has come (`status`), how a turn and a send end (`ending`, `outcome`),
//! what is said beside a handler's words (`automatic_replies`), what is our own (`identity`). `live` is the conversation as one
//! value, with a function for each thing that can happen.

mod automatic_replies;
mod ending;
mod identity;
mod known_messages;
pub(crate) mod live;
mod outcome;
mod status;

pub use automatic_replies::*;
pub use ending::{Next, TakenStep};
pub(crate) use identity::StoreIdentity;
pub use identity::{Identity, Standings};
pub use known_messages::{KnownMessages, MessageHash};
pub use outcome::{Decided, SendOutcome};
pub use status::{EventStatus, SendStatus};
