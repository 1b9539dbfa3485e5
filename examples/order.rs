//! A bot that takes an order, and remembers how far it has come. It uses the crate as a package of its own would.
//!
//! `cargo run --example order -- dev --handler order`, and say hello in the playground.

use rejoinder::{Context, Event, Handler, Message};
use serde::{Deserialize, Serialize};

/// How far an order has come.
#[derive(Debug, Serialize, Deserialize)]
enum Step {
    /// The size is known, and the address asked for.
    Address {
        /// `S` or `L`.
        size: String,
    },
}

/// Sells cups.
struct Order;

impl Handler for Order {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let message = match event {
            Event::Message(message) => message,
            Event::Postback(_) => {
                ask_for_the_size(ctx);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let text = message.text().unwrap_or_default();
        match (ctx.state()?, message.quick_reply()) {
            _ if text.eq_ignore_ascii_case("cancel") => {
                ctx.clear_state();
                ctx.reply("Cancelled. Write to me whenever you want a cup.");
            }
            (_, Some(size @ ("S" | "L"))) => {
                ctx.set_state(&Step::Address { size: size.to_owned() })?;
                ctx.reply("Where shall we send it?");
            }
            (Some(Step::Address { size }), _) if !text.is_empty() => {
                ctx.clear_state();
                let size = if size == "L" { "large" } else { "small" };
                ctx.typing();
                ctx.reply(format!("A {size} cup goes to {text}. Thank you!"));
            }
            (Some(Step::Address { .. }), _) => {
                ctx.reply("I can only read text. Where shall we send it?");
            }
            (None, _) => ask_for_the_size(ctx),
        }
        Ok(())
    }
}

fn ask_for_the_size(ctx: &mut Context) {
    ctx.reply(Message::text("Which size?").quick_reply("Small", "S").quick_reply("Large", "L"));
}

fn main() -> std::process::ExitCode {
    rejoinder::run(rejoinder::handlers::all().with("order", Order))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rejoinder::testkit::Stage;
    use serde_json::json;

    use super::Order;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_order_is_taken_step_by_step() {
        let stage = Stage::with(Order).await;
        let mut ada = stage.person("Ada");
        ada.gets_started("GET_STARTED").await;
        assert_eq!(ada.hears().await, ["Which size?"]);
        ada.taps("Large").await;
        assert_eq!(ada.hears().await, ["Where shall we send it?"]);
        ada.sends(json!({"type": "image", "payload": {"url": "https://example.com/map.jpg"}})).await;
        assert_eq!(ada.hears().await, ["I can only read text. Where shall we send it?"]);
        // What was said days ago is still remembered.
        stage.wait(Duration::from_secs(3 * 24 * 3600)).await;
        ada.says("Baker Street 221b").await;
        assert_eq!(ada.hears().await, ["A large cup goes to Baker Street 221b. Thank you!"]);
        ada.says("one more").await;
        assert_eq!(ada.hears().await, ["Which size?"]);
        stage.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_people_order_at_the_same_time_on_two_platforms() {
        let stage = Stage::with(Order).await;
        let (mut ada, mut ben) = (stage.person("Ada"), stage.person("Ben").on("shop_ig"));
        ada.says("hello").await;
        ben.says("hello").await;
        ada.taps("Small").await;
        ben.taps("Large").await;
        ada.says("cancel").await;
        ben.says("Unter den Linden 1").await;
        assert_eq!(ada.hears().await.last().expect("an answer"), "Cancelled. Write to me whenever you want a cup.");
        assert_eq!(ben.hears().await.last().expect("an answer"), "A large cup goes to Unter den Linden 1. Thank you!");
        stage.end().await;
    }
}
