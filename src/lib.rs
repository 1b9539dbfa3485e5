#![doc = include_str!("../README.md")]
//!
//! # The way of one event
//!
//! 1. **Received** (`webhook`): Meta posts a delivery. Its signature is verified over the raw bytes (`signature`), and it
//!    is read into events, each for itself ([`event`]).
//! 2. **Kept** (`store`): every new event goes to disk with the key that tells a redelivery. Then it happens to its conversation
//!    (`conversations`): it stands in its queue, and what it says of the window, the owner and the rights is known. Echoes of our own
//!    sends settle those sends. Only then is the delivery answered 200.
//! 3. **Handled** (`dispatch`): the first event of each conversation is taken and given to the account's handler (`bot`),
//!    on a runtime of its own, under a deadline. That the event is done, what the handler says and remembers, and what the bot owes
//!    the person beside its words (that it is a bot, and an answer) are one happening, and are kept in one transaction. A handler that
//!    fails has said nothing: the event comes again, and in the end is dead and listed.
//! 4. **Decided** (`sender`, [`policy`]): the first send of each conversation is taken. Just before it leaves, policy
//!    decides from what is known of the conversation: a permit, or a refusal that names its rule.
//! 5. **Sent** (`graph`): the send is marked `sending` on disk, then the bytes leave, on the permit.
//! 6. **Settled** (`conversations`): the answer, or the echo, whichever comes first, settles the send, and lets the conversation's
//!    next one go. While neither has come the send is in doubt, and what is behind it waits; `sender` then looks for evidence
//!    in the conversation, and in the end the account's `on_doubt` decides.
//!
//! After a crash the next start takes it up from there: events that were with a handler are handled again, sends that were on
//! their way are in doubt.
//!
//! Steps 1, 3 and 4 are three loops that know nothing of each other; the conversations are between them, and wake them. What a
//! happening makes of a conversation is decided in memory, by pure functions (`conversation`), and gives the records that the store
//! writes.
//!
//! # The rooms
//!
//! In reading order; a module uses only those above its row. Inside a module's folder no two files import each other, not even
//! by way of others: what several of them share is in a file of its own. `tests/it/layers` checks both.
//!
//! | Row | Modules |
//! | --- | --- |
//! | Words | [`id`], `secret`, [`clock`], `trace`, `host`, `json`, `wake` |
//! | Data | `signature`, [`event`] what Meta tells, [`message`] what a bot says |
//! | Effects | `effect`: what a turn wants done |
//! | Knobs | `settings`, `telemetry` |
//! | Judgement | [`policy`]: pure, facts and the time in, a decision out |
//! | One conversation | `conversation`: pure: how events and sends stand and end, and one conversation as a value with a function for each happening |
//! | Outside world | `graph` Meta's API, `store` the rows on disk, `fetch` any other HTTP, `listener` the connections |
//! | Accounts | `accounts`: the one registry, which changes while the server runs |
//! | Conversations | `conversations`: those in memory, what happens to them, and what is written of it |
//! | Bot | `bot`: the trait, and what a handler holds |
//! | Flow | `webhook`, `dispatch`, `sender`, `relay` a bot behind HTTP, `admin` the operator's API |
//! | Assembly | `app`: builds every part once, runs them, stops them in reverse |
//! | Aside | [`emulator`]: Meta's side. It reaches the server by HTTP alone, and uses `clock`, `host`, `secret`, `signature`, `telemetry` and `listener` |
//! | Tests | [`testkit`]: tests for a bot, and (`testkit/scenario`) the same as scripts; `simulation`: the loops over the conversations under thousands of schedules, and random happenings of every kind |
//! | Commands | `cli`: one command per file |
//! | User code | [`handlers`]: through the names below, as from outside |
//!
//! # Where a change goes
//!
//! | To add | Write | Then name it in |
//! | --- | --- | --- |
//! | an event kind | `event/{kind}.rs` | `event/item.rs` (or `event/change.rs`), which recognise it; `event/any.rs`, `event/kind.rs` |
//! | a Graph API call | `graph/{endpoint group}.rs`, over `graph/call.rs` | `graph/mod.rs` |
//! | a policy rule | `policy/{chapter}.rs` | `policy/decision.rs` (a tag's: `policy/tags.rs`), `docs/policy.md` |
//! | an effect of a handler | a variant in `effect.rs` | whatever no longer compiles |
//! | a setting | `settings/{section}.rs` (`admin` stands in `server.rs`, `dispatch` and `sender` in `limits.rs`) | `config/default.toml` |
//! | a metric | one line of `telemetry/catalogue.rs` | `docs/metrics.md`, which is made from it |
//! | an operator's call | `admin/{resource}.rs` | `admin/mod.rs` |
//! | a part of the playground's web page | `emulator/playground/*.js`, `*.css` | the file that imports it |
//! | a command | `cli/{command}.rs` | `cli/mod.rs` |
//! | a handler | `handlers/{name}.rs` | `handlers/mod.rs` |

// What a bot author names is documented. The hidden rooms are public for the tests of the whole, and change without notice.

#[doc(hidden)]
pub mod accounts;
mod admin;
#[doc(hidden)]
pub mod app;
mod bot;
mod cli;
pub mod clock;
#[doc(hidden)]
pub mod conversation;
#[doc(hidden)]
pub mod conversations;
mod dispatch;
#[doc(hidden)]
pub mod effect;
pub mod emulator;
pub mod event;
mod fetch;
mod graph;
pub mod handlers;
mod host;
pub mod id;
mod json;
#[doc(hidden)]
pub mod listener;
pub mod message;
pub mod policy;
#[doc(hidden)]
pub mod relay;
#[doc(hidden)]
pub mod secret;
mod sender;
#[doc(hidden)]
pub mod settings;
#[doc(hidden)]
pub mod signature;
#[cfg(test)]
mod simulation;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod telemetry;
pub mod testkit;
#[doc(hidden)]
pub mod trace;
mod wake;
#[doc(hidden)]
pub mod webhook;

pub use bot::{Context, FlushError, Handler, Handlers, Interest, Interests, Observation};
pub use cli::run;
pub use event::Event;
pub use message::Message;
