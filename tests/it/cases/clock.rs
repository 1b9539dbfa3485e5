//! A machine whose clock is set back by hours: nothing waits for hours longer.

use std::time::Duration;

use rejoinder::{Context, Event, Handler, Handlers};
use serde_json::json;

use crate::harness::bots::Obedient;
use crate::harness::{ADA, Rig, RigOptions};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

async fn obedient() -> Rig {
    let handlers = Handlers::new().with("obedient", Obedient::default());
    Rig::with(RigOptions { handler: "obedient", handlers, ..RigOptions::default() }).await
}

/// Sets the clock back, and waits until the server has taken note of it.
async fn set_back(rig: &Rig) {
    rig.clock.set_back(3 * HOUR);
    rig.comes_to_rest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_ends_when_it_would_have_ended() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "rate_limit"})).await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("planned", 1).await;
    rig.comes_to_rest().await;
    set_back(&rig).await;
    rig.clock.advance(SECOND);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_failed_is_tried_again_when_it_would_have_been() {
    let rig = obedient().await;
    rig.says("Ada", "shop", "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    set_back(&rig).await;
    rig.clock.advance(SECOND);
    rig.chat_reads("shop", "Ada", &["person: fail once", "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_looked_at_when_it_would_have_been() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "lost_answer"})).await;
    rig.fault(json!({"push": "echo_lost"})).await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("in_doubt", 1).await;
    rig.comes_to_rest().await;
    set_back(&rig).await;
    rig.clock.advance(10 * SECOND);
    rig.sends_are("sent", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_an_hour_lasts_an_hour() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "blocked"})).await;
    rig.says("Ada", "shop", "one").await;
    rig.sends_are("failed", 1).await;
    rig.comes_to_rest().await;
    set_back(&rig).await;
    rig.clock.advance(HOUR + SECOND);
    rig.says("Ada", "shop", "two").await;
    rig.chat_reads("shop", "Ada", &["person: one", "person: two", "business: two"]).await;
    rig.nothing_is_left_of(ADA, 1).await;
    rig.end().await;
}

/// Says nothing, ever.
struct Slow;

impl Handler for Slow {
    async fn handle(&self, _: &mut Context, _: &Event) -> anyhow::Result<()> {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_behind_another_are_answered_in_time() {
    let handlers = Handlers::new().with("slow", Slow);
    let settings = [("accounts.shop.bot", "automated"), ("accounts.shop.handler_deadline", "10m")];
    let settings = settings.map(|(key, value)| (key, value.to_owned())).to_vec();
    let rig = Rig::with(RigOptions { handler: "slow", handlers, settings, ..RigOptions::default() }).await;
    // A link asks for no answer, and its handler has all its time.
    rig.act(json!({"person": "Ada", "account": "shop", "do": "referral", "ref": "sale"})).await;
    for number in 1..=4 {
        rig.says("Ada", "shop", "hello?").await;
        rig.messages_are("pending", number).await;
        rig.clock.set_back(3 * HOUR);
        rig.clock.advance(25 * SECOND);
        let is_answered = async || {
            let chat = rig.chat("shop", "Ada").await;
            let answers = chat.iter().filter(|line| line.starts_with("business")).count();
            if answers == number { Ok(()) } else { Err(format!("{chat:#?}")) }
        };
        rig.until(is_answered).await;
    }
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_ahead_when_the_server_stopped_delays_nothing() {
    let mut rig = obedient().await;
    rig.fault(json!({"send": "rate_limit"})).await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("planned", 1).await;
    rig.says("Ben", "shop", "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.stop_app().await;
    rig.clock.set_back(3 * HOUR);
    rig.start_app().await;
    rig.subscribe().await;
    rig.chat_reads("shop", "Ada", &["person: hello", "business: ok"]).await;
    rig.chat_reads("shop", "Ben", &["person: fail once", "business: ok"]).await;
    rig.end().await;
}
