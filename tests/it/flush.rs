//! A long turn, step by step: each step is said at once and not again, and a turn that cannot keep one fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::ensure;
use rejoinder::{Context, Event, Handler, Handlers};

use crate::harness::{Rig, RigOptions};

const SECOND: Duration = Duration::from_secs(1);

/// Looks something up, which takes long, and fails the first time.
#[derive(Clone, Default)]
struct LookUp {
    tries: Arc<AtomicU32>,
    strays: bool,
}

impl Handler for LookUp {
    async fn handle(&self, ctx: &mut Context, _: &Event) -> anyhow::Result<()> {
        let tries = self.tries.fetch_add(1, Ordering::SeqCst);
        let moment = if self.strays { format!("Moment {tries}") } else { "One moment".to_owned() };
        ctx.reply(moment);
        ctx.set_state(&tries)?;
        if !self.strays {
            ctx.clear_state();
        }
        ctx.flush().await?;
        ensure!(tries > 0, "not found");
        ctx.reply("Here it is");
        Ok(())
    }
}

async fn looked_up(strays: bool) -> Rig {
    let handlers = Handlers::new().with("look-up", LookUp { strays, ..LookUp::default() });
    Rig::with(RigOptions { handler: "look-up", handlers, ..RigOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_long_turn_is_said_at_once_and_not_again() {
    let rig = looked_up(false).await;
    rig.says("Ada", "shop", "where is it?").await;
    rig.chat_reads("shop", "Ada", &["person: where is it?", "business: One moment"]).await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.clock.advance(SECOND);
    let expected = ["person: where is it?", "business: One moment", "business: Here it is"];
    rig.chat_reads("shop", "Ada", &expected).await;
    rig.sends_are("sent", 2).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_says_something_else_the_second_time_fails_aloud() {
    let rig = looked_up(true).await;
    rig.says("Ada", "shop", "where is it?").await;
    rig.sends_are("sent", 1).await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.clock.advance(SECOND);
    rig.until(|| async {
        let events = rig.events("kind=message").await;
        let error = events[0]["error"].as_str().unwrap_or_default().to_owned();
        if error.contains("step 1") && error.contains("differs") { Ok(()) } else { Err(error) }
    })
    .await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: where is it?", "business: Moment 0"]);
    rig.stop_and_end().await;
}

/// Says a little at each of many steps, and does not care what becomes of them.
struct Careless;

impl Handler for Careless {
    async fn handle(&self, ctx: &mut Context, _: &Event) -> anyhow::Result<()> {
        for number in 0..9 {
            // With nothing new it is no step.
            ctx.flush().await.ok();
            ctx.reply(format!("{number}"));
            ctx.flush().await.ok();
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_hold_through_all_steps_and_a_failed_step_fails_its_turn() {
    let handlers = Handlers::new().with("careless", Careless);
    let settings = vec![("dispatch.max_sends", "3".to_owned())];
    let rig = Rig::with(RigOptions { handler: "careless", handlers, settings, ..RigOptions::default() }).await;
    rig.says("Ada", "shop", "go on").await;
    rig.chat_reads("shop", "Ada", &["person: go on", "business: 0", "business: 1", "business: 2"]).await;
    rig.nothing_is_left_of_but_a_retry().await;
    let event = rig.events("kind=message").await.remove(0);
    let error = event["error"].as_str().expect("an error");
    assert!(error.contains("dispatch.max_sends") && error.contains('3'), "{error}");
    rig.sends_are("sent", 3).await;
    rig.stop_and_end().await;
}
