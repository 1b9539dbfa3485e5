//! An emulated Meta: Messenger and Instagram on this machine, for any bot in any language.
//!
//! People of a [`World`] write, tap and react; their events are signed and pushed to the bot's callback as Meta pushes
//! them, and the bot answers through a Graph API that refuses what Meta refuses. It is driven by HTTP (`/emulator/…`), by
//! hand or by a test, and can be made to fail in the ways Meta fails.
//!
//! It knows nothing of the server in this crate: it has its own types and its own reading of the rules, and meets every bot
//! by HTTP alone, so that it can contradict them all. Where it is told of a server's operator's API, its page shows what that
//! says; nothing else here looks at it. What it does not emulate is what stands behind the addresses it is
//! given, which are never called.
//!
//! In reading order:
//!
//! - `world`: the app, the accounts, the people; `world_file` reads one. `state`: what has happened, behind one lock. `chat`:
//!   one conversation.
//! - `act` reads what shall be done, `deed` does it, `items` has the shapes of what is told of it. `reactions`: their names.
//! - `news` knows the list and the field of an item, `subscriptions` whether the app wants it, `queue` which delivery goes when;
//!   `escape` writes it as Meta does, `push` delivers it, `legacy` is the older of its two signatures. `subscribe`: the
//!   verification before the first, `callbacks` who may be verified.
//! - `graph`: the Send API, and what else a bot asks of Meta. `rights`, `routing`, `uploads`, `rates`: what a send goes by
//!   besides the conversation; `setup`: what apps have set up by Graph calls; `linking`, `links`: the login page of a business.
//! - `faults`: what is scripted to go wrong; `oddity`: what an event says then. `exchange`: the record of everything on the wire.
//! - `server`, `server_api`: what the server behind the callback says of itself, where the emulator was told whom to ask; for
//!   the page alone.
//! - `control`, `stream`, `page`, `refusal`: the HTTP side, and `site` what it works on; `routes`: which path leads where. It
//!   answers only under the machine's own names and no web page but its own; the Graph API answers programs under every name
//!   ([`listener::guard`](crate::listener::guard)).
//! - `handle`: the whole, as a program holds it; `running`: the same while it is served.

mod act;
mod callbacks;
mod chat;
mod control;
mod deed;
mod escape;
mod exchange;
mod faults;
mod graph;
mod handle;
mod items;
mod legacy;
mod linking;
mod links;
mod news;
mod oddity;
mod page;
mod push;
mod queue;
mod rates;
mod reactions;
mod refusal;
mod rights;
mod routes;
mod routing;
mod running;
mod server;
mod server_api;
mod setup;
mod site;
mod state;
mod stream;
mod subscribe;
mod subscriptions;
mod uploads;
mod version;
mod world;
mod world_file;

#[cfg(test)]
mod tests;

pub(crate) use escape::escape;
pub use handle::Emulator;
pub use refusal::ActFault;
pub use running::Running;
pub use subscribe::SubscribeError;
pub use world::{Account, App, Feature, Person, Platform, World};
pub use world_file::{WorldError, WorldFault};
