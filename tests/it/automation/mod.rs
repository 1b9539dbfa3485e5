//! What a bot says of its own accord, end to end on a virtual clock.

mod answers; // P7: somebody is answered in time, by the handler or by the fallback
mod disclosure; // P6: the bot says that it is one

use std::time::Duration;

use rejoinder::{Context, Event, Handler, Handlers};
use serde_json::json;

use crate::harness::{ADA, Rig, RigOptions};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Does by words: `silent`, `slow`, `slow once`, `fail`, `fail once`, `typing`, `twice`, `steps`, `strange`; to the rest it says
/// `ok`.
struct Bot;

impl Handler for Bot {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let word = match event {
            Event::Message(message) => message.text().unwrap_or_default(),
            Event::Postback(postback) => &postback.payload,
            Event::Referral(_) => "slow once",
            _ => "ok",
        };
        let is_first = ctx.attempt() == 1;
        match word {
            "silent" | "GET_STARTED" => return Ok(()),
            "slow" => std::future::pending().await,
            "slow once" if is_first => std::future::pending().await,
            "slow once" => return Ok(()),
            "fail" => anyhow::bail!("told to"),
            "fail once" if is_first => anyhow::bail!("told to"),
            "typing" => {
                ctx.typing();
                return Ok(());
            }
            "long" => {
                ctx.reply("One moment");
                ctx.flush().await?;
                if is_first {
                    std::future::pending::<()>().await;
                }
                ctx.reply("Here it is");
                return Ok(());
            }
            "strange" => {
                ctx.reply(rejoinder::Message::template(json!({"template_type": "list"})));
                return Ok(());
            }
            "twice" => {
                ctx.reply("one");
            }
            "steps" => {
                ctx.typing();
                ctx.flush().await?;
                ctx.reply("first");
                ctx.flush().await?;
                anyhow::ensure!(!is_first, "told to");
                ctx.reply("second");
                ctx.flush().await?;
            }
            _ => {}
        }
        ctx.reply("ok");
        Ok(())
    }
}

async fn bot(settings: Vec<(&'static str, String)>) -> Rig {
    Rig::with(RigOptions {
        handler: "bot",
        handlers: Handlers::new().with("bot", Bot),
        settings,
        ..RigOptions::default()
    })
    .await
}

/// Whether Ada sees that somebody is at work.
async fn is_typing(rig: &Rig) -> bool {
    let chat = rig.json(&format!("{}/emulator/chats/shop/Ada", rig.meta)).await;
    chat["typing"].as_bool().expect("true or false")
}

/// Lets time pass once nothing of Ada's is left, and so many answers are known to have reached her.
async fn wait(rig: &Rig, receipts: usize, time: Duration) {
    rig.nothing_is_left_of(ADA, receipts).await;
    rig.clock.advance(time);
}

/// Ada writes, on the Page.
async fn says(rig: &Rig, text: &str) {
    rig.says("Ada", "shop", text).await;
}

async fn taps(rig: &Rig, title: &str, payload: &str) {
    rig.act(json!({"person": "Ada", "account": "shop", "do": "postback", "title": title, "payload": payload})).await;
}

async fn chat_ends(rig: &Rig, expected: &[&str]) {
    chat_ends_at(rig, "shop", expected).await;
}

/// Waits until what Ada reads there ends so.
async fn chat_ends_at(rig: &Rig, account: &str, expected: &[&str]) {
    rig.until(|| async {
        let chat = rig.chat(account, "Ada").await;
        if chat.ends_with(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()) {
            Ok(())
        } else {
            Err(format!("{chat:#?}"))
        }
    })
    .await;
}
