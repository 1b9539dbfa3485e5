//! Handlers that fail, panic, block, never return. Nothing of theirs stops the line.

use std::time::Duration;

use rejoinder::{Context, Event, Handler, Handlers, Interest, Observation};
use serde_json::{Value, json};

use crate::harness::bots::Obedient;
use crate::harness::{BEN, Rig, RigOptions};

const DEADLINE: Duration = Duration::from_secs(20);

async fn rig(bot: &Obedient, settings: Vec<(&'static str, String)>) -> Rig {
    let handlers = Handlers::new().with("bot", bot.clone());
    Rig::with(RigOptions { handler: "bot", handlers, settings, ..RigOptions::default() }).await
}

/// Waits until an event that was tried so often has a status.
async fn tried(rig: &Rig, attempts: u32, status: &str) -> Value {
    rig.until(|| async {
        let events = rig.events("kind=message").await;
        let found = events.iter().find(|event| event["attempts"] == attempts && event["status"] == status);
        found.cloned().ok_or_else(|| format!("{events:#?}"))
    })
    .await
}

/// Ada says `word`, which goes wrong until it is given up. Ben is answered all the while, and Ada afterwards.
async fn goes_wrong_until_it_is_given_up(word: &str, error: &str) {
    let rig = rig(&Obedient::default(), Vec::new()).await;
    rig.says("Ada", "shop", word).await;
    rig.says("Ada", "shop", "after").await;
    for (attempt, wait) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30)] {
        assert_eq!(tried(&rig, attempt, "pending").await["error"], error);
        rig.says("Ben", "shop", "hi").await;
        rig.sends_are("sent", attempt as usize).await;
        rig.nothing_is_left_of(BEN, attempt as usize).await;
        let waiting = |reason: &str| format!("rejoinder_events_waiting{{account=\"shop\",reason=\"{reason}\"}}");
        assert_eq!(rig.metric(&waiting("retry")).await, "1");
        assert_eq!(rig.metric(&waiting("order")).await, "1", "what she said afterwards");
        rig.clock.advance(Duration::from_secs(wait));
    }
    let dead = rig.events_are("dead", 1).await;
    assert_eq!((&dead[0]["error"], &dead[0]["attempts"]), (&json!(error), &json!(8)));
    assert_eq!(rig.metric("rejoinder_events_dead{account=\"shop\"}").await, "1");
    // What it said before it went wrong was never said; its conversation goes on.
    rig.chat_reads("shop", "Ada", &[&format!("person: {word}"), "person: after", "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_is_tried_again_and_its_event_dies_in_the_end() {
    goes_wrong_until_it_is_given_up("fail", "told to").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_is_tried_again_and_its_event_dies_in_the_end() {
    goes_wrong_until_it_is_given_up("panic", "the handler panicked: told to").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_once_answers_once() {
    let rig = rig(&Obedient::default(), Vec::new()).await;
    rig.says("Ada", "shop", "fail once").await;
    tried(&rig, 1, "pending").await;
    rig.clock.advance(Duration::from_secs(1));
    rig.chat_reads("shop", "Ada", &["person: fail once", "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_never_returns_has_failed_at_its_deadline() {
    let rig = rig(&Obedient::default(), Vec::new()).await;
    rig.says("Ada", "shop", "never").await;
    tried(&rig, 1, "running").await;
    rig.says("Ben", "shop", "hi").await;
    rig.chat_reads("shop", "Ben", &["person: hi", "business: ok"]).await;
    rig.nothing_is_left_of(BEN, 1).await;
    rig.clock.advance(DEADLINE);
    assert_eq!(tried(&rig, 1, "pending").await["error"], "the handler took longer than 20s");
    // The second try comes long after the first failure, and is the last.
    rig.clock.advance(Duration::from_secs(3600));
    tried(&rig, 2, "running").await;
    rig.clock.advance(DEADLINE);
    tried(&rig, 2, "dead").await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_block_their_threads_hold_up_nobody_else() {
    let bot = Obedient::default();
    let rig = rig(&bot, Vec::new()).await;
    // More of them than the handlers' runtime has workers.
    for (person, account) in [("Ada", "shop"), ("Ada", "shop_ig"), ("Ben", "shop_ig")] {
        rig.says(person, account, "block").await;
    }
    rig.events_are("running", 3).await;
    for n in 1..=20 {
        rig.says("Ben", "shop", "hi").await;
        rig.sends_are("sent", n).await;
    }
    rig.events_are("running", 3).await;
    bot.gate.open();
    for (person, account) in [("Ada", "shop"), ("Ada", "shop_ig"), ("Ben", "shop_ig")] {
        rig.chat_reads(account, person, &["person: block", "business: ok"]).await;
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_blocks_beyond_its_deadline_uses_up_its_own_accounts_slots() {
    let bot = Obedient::default();
    let rig = rig(&bot, vec![("dispatch.slots_per_account", "1".into())]).await;
    rig.says("Ada", "shop", "block").await;
    rig.until(|| async {
        let seen = bot.seen.lock().expect("a list").clone();
        if seen == ["block 1"] { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
    rig.clock.advance(DEADLINE);
    tried(&rig, 1, "pending").await;
    rig.says("Ben", "shop", "hi").await;
    rig.says("Ben", "shop_ig", "hi").await;
    rig.chat_reads("shop_ig", "Ben", &["person: hi", "business: ok"]).await;
    assert_eq!(rig.chat("shop", "Ben").await, ["person: hi"]);
    // The thread comes back: what its late turn said is nobody's, and the event is tried again.
    bot.gate.open();
    rig.chat_reads("shop", "Ben", &["person: hi", "business: ok"]).await;
    rig.clock.advance(Duration::from_secs(1));
    rig.chat_reads("shop", "Ada", &["person: block", "business: ok"]).await;
    assert_eq!(bot.seen.lock().expect("a list").iter().filter(|line| line.starts_with("block")).count(), 2);
    rig.end().await;
}

/// A bot that answers, and observes nothing.
#[derive(Clone)]
struct OnlyActs(Obedient);

impl Handler for OnlyActs {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        self.0.handle(ctx, event).await
    }

    async fn observe(&self, _: &mut Observation, event: &Event) -> anyhow::Result<()> {
        panic!("it did not ask for {event:?}");
    }

    fn interest(&self) -> Interest {
        Interest::Acts
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_does_not_ask_for_is_kept_and_costs_no_turn() {
    let handlers = Handlers::new().with("bot", OnlyActs(Obedient::default()));
    let rig = Rig::with(RigOptions { handler: "bot", handlers, ..RigOptions::default() }).await;
    rig.says("Ada", "shop", "hi").await;
    rig.chat_reads("shop", "Ada", &["person: hi", "business: ok"]).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "read"})).await;
    let kept = rig
        .until(|| async {
            let events = rig.events("person=7200000000000011").await;
            let kept = ["delivery", "read"].map(|kind| events.iter().find(|event| event["kind"] == kind).cloned());
            let [Some(delivery), Some(read)] = kept else { return Err(format!("{events:#?}")) };
            Ok([delivery, read])
        })
        .await;
    for event in &kept {
        assert_eq!((&event["status"], &event["attempts"]), (&json!("done"), &json!(0)), "{event}");
    }
    rig.comes_to_rest().await;
    rig.end().await;
}
