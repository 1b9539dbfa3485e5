//! Tests for a bot, in a few lines: the bot on the real server, between the emulated Meta and a clock that stands.
//!
//! ```
//! use std::time::Duration;
//!
//! use rejoinder::testkit::Stage;
//! use rejoinder::{Context, Event, Handler, Message};
//!
//! struct Shop;
//!
//! impl Handler for Shop {
//!     async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
//!         match event {
//!             Event::Message(message) if message.quick_reply() == Some("S") => ctx.reply("A small cup, then."),
//!             _ => ctx.reply(Message::text("Which size?").quick_reply("Small", "S")),
//!         };
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "multi_thread")] async fn main() {
//! let stage = Stage::with(Shop).await;
//! let mut ada = stage.person("Ada");
//! ada.says("hello").await;
//! assert_eq!(ada.hears().await, ["Which size?"]);
//! ada.taps("Small").await;
//! assert_eq!(ada.hears().await, ["A small cup, then."]);
//! stage.wait(Duration::from_secs(24 * 3600)).await;
//! ada.reads().await;
//! assert!(ada.hears().await.is_empty());
//! stage.end().await;
//! # }
//! ```
//!
//! A test runs on a runtime of several threads: `#[tokio::test(flavor = "multi_thread")]`. What goes wrong on the stage
//! itself, and what a person cannot do (tap what is not there), is a panic that says so. What the server refused or failed is
//! told on stderr, which `cargo test` shows with a test that fails: "send 3 was refused by P1.1: …", "event 2 (message): attempt 1
//! failed: …". [`Stage::troubles`] has it as a list.
//!
//! `person` and `stage` are what a test uses, `trouble` what went wrong there; `world` has the settings of a server for an emulated
//! world. `scenario`: the same tests as scripts, for a bot in any language.

mod person;
pub(crate) mod scenario;
mod stage;
mod trouble;
mod world;

pub use person::Person;
pub use stage::Stage;
pub(crate) use world::settings_of;
