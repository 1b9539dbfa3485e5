//! Scenarios: a conversation as a short script, played against a bot.
//!
//! A script says who does what, and what must be said back within what time of the emulated Meta's clock. It is read whole
//! before anything is played, with every fault in it told at once. Everything goes over the wire: people act through the
//! emulator's control routes, the bot hears webhooks and answers by the Graph API. `docs/scenarios.md` is the author's side.
//!
//! In reading order:
//!
//! - `script`: what a script says. `expected`: what it wants to hear. `read`, `document`, `fault`: from TOML to that.
//! - `said`: what the business did say. `diff`: the one beside the other. `verdict`: whether that will do.
//! - `control`: the emulator, as a player uses it. `exchange`: a request on the wire; `wire`: what went wrong there.
//! - `bot`: who is tested, and how to know that nothing more comes. `player`: plays one script. `report`: what came of it.

mod bot;
mod control;
mod diff;
mod document;
mod exchange;
mod expected;
mod fault;
mod player;
mod read;
mod report;
mod said;
mod script;
mod verdict;
mod wire;

pub(crate) use bot::{Bot, Foreign};
pub(crate) use control::Control;
pub(crate) use fault::{Fault, Faults};
pub(crate) use player::play;
pub(crate) use read::read;
pub(crate) use report::Report;
pub(crate) use script::Script;
