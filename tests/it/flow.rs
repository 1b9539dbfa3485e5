//! From a person's message to the answer they read.

use std::sync::Arc;
use std::time::Duration;

use rejoinder::Handlers;
use rejoinder::testkit::Stage;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::bots::{Memory, Obedient};
use crate::harness::logs::TEXT;
use crate::harness::{ADA, ADA_ON_INSTAGRAM, BEN, Rig, RigOptions, SHOP, delivery, message};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn by(name: &'static str, handlers: Handlers) -> RigOptions {
    RigOptions { handler: name, handlers, ..RigOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_on_both_platforms() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", TEXT).await;
    rig.says("Ada", "shop_ig", "Grüße 😀").await;
    rig.chat_reads("shop", "Ada", &[&format!("person: {TEXT}"), &format!("business: {TEXT}")]).await;
    rig.chat_reads("shop_ig", "Ada", &["person: Grüße 😀", "business: Grüße 😀"]).await;
    for send in rig.sends_are("sent", 2).await {
        assert!(send["message_id"].is_string(), "{send}");
        assert_eq!(send["attempts"], 1);
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_place_free_is_handled_and_sent_when_one_is() {
    for key in ["dispatch.slots_per_account", "sender.slots_per_account"] {
        let settings = vec![(key, "1".to_owned())];
        let rig = Rig::with(RigOptions { settings, ..RigOptions::default() }).await;
        for (person, account) in [("Ada", "shop"), ("Ben", "shop"), ("Ada", "shop_ig")] {
            rig.says(person, account, "first").await;
        }
        rig.sends_are("sent", 3).await;
        // All at once: one of each account has the place, and the others wait for it.
        let now = rig.now();
        let again = [ADA, BEN].map(|person| message(person, &format!("m_{person}"), "again", now));
        rig.deliver(&delivery(&again)).await;
        rig.sends_are("sent", 5).await;
        rig.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_echo_handler_says_what_came() {
    let stage = Stage::of(rejoinder::handlers::all(), "echo", &[]).await;
    let mut ada = stage.person("Ada");
    ada.gets_started("GET_STARTED").await;
    assert_eq!(ada.hears().await, ["Get Started"]);
    let image = json!({"type": "image", "payload": {"url": "https://shop.example/a.jpg"}});
    ada.does("message", json!({"attachments": [image, {"type": "hologram"}]})).await;
    assert_eq!(ada.hears().await, ["I got: image, hologram"]);
    ada.does("react", json!({})).await;
    ada.does("referral", json!({"ref": "spring"})).await;
    ada.reads().await;
    assert!(ada.hears().await.is_empty());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_answered_once_however_often_it_comes() {
    let rig = Rig::start().await;
    rig.fault(json!({"push": "duplicate", "times": 1})).await;
    rig.says("Ada", "shop", "hello").await;
    rig.says("Ben", "shop", "hello").await;
    rig.sends_are("sent", 2).await;
    let hello = message(ADA, "m_hello", "again", rig.now());
    for _ in 0..3 {
        assert_eq!(rig.deliver(&delivery(std::slice::from_ref(&hello))).await, StatusCode::OK);
    }
    // In another batch, and twice in the same one.
    let other = message(BEN, "m_other", "hi", rig.now());
    assert_eq!(rig.deliver(&delivery(&[other, hello.clone(), hello])).await, StatusCode::OK);
    rig.sends_are("sent", 4).await;
    assert_eq!(rig.events("kind=message").await.len(), 4);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_a_batch_is_handled() {
    let rig = Rig::start().await;
    let now = rig.now();
    let instagram = json!({"sender": {"id": ADA_ON_INSTAGRAM}, "recipient": {"id": "17841400000000001"},
        "timestamp": now.0, "message": {"mid": "aWdfZA1", "text": "on Instagram"}});
    // The people must be known to the emulated Meta as having written, else it refuses to deliver the answers.
    rig.says("Ada", "shop", "first").await;
    rig.says("Ben", "shop", "first").await;
    rig.says("Ada", "shop_ig", "first").await;
    rig.sends_are("sent", 3).await;
    let body = json!({"object": "page", "entry": [
        {"id": SHOP, "time": 1, "messaging": [message(ADA, "m_1", "one", now), 7, message(BEN, "m_2", "two", now)]},
        {"id": SHOP, "time": 1, "messaging": [message(ADA, "m_3", "three", now)]},
        {"id": "17841400000000001", "time": 1, "messaging": [instagram]},
        {"id": "999", "time": 1, "messaging": [message(ADA, "m_4", "for nobody", now)]}]});
    assert_eq!(rig.deliver(&body).await, StatusCode::OK);
    rig.sends_are("sent", 7).await;
    let said = rig.chat("shop", "Ada").await;
    assert_eq!(said[2..], ["business: one", "business: three"]);
    assert_eq!(rig.events_are("quarantined", 1).await[0]["error"], "an item that is not a JSON object");
    let unknown: Vec<_> =
        rig.events("kind=message").await.into_iter().filter(|event| event["account"].is_null()).collect();
    assert_eq!((unknown.len(), &unknown[0]["status"], &unknown[0]["attempts"]), (1, &json!("done"), &json!(0)));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_keeps_its_order_and_others_run_beside_it() {
    let memory = Arc::new(Memory::default());
    let rig = Rig::with(by("memory", Handlers::new().with("memory", Shared(Arc::clone(&memory))))).await;
    let texts: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    for text in &texts {
        rig.says("Ada", "shop", text).await;
        rig.says("Ben", "shop", text).await;
    }
    rig.sends_are("sent", 240).await;
    for (person, id) in [("Ada", ADA), ("Ben", BEN)] {
        assert_eq!(memory.said.lock().expect("a map")[id], texts);
        let said: Vec<_> = rig.chat("shop", person).await.into_iter().filter(|line| line.starts_with('b')).collect();
        let expected = texts.iter().flat_map(|text| [format!("business: {text}.1"), format!("business: {text}.2")]);
        assert_eq!(said, expected.collect::<Vec<_>>());
    }
    rig.end().await;
}

struct Shared(Arc<Memory>);

impl rejoinder::Handler for Shared {
    async fn handle(&self, ctx: &mut rejoinder::Context, event: &rejoinder::Event) -> anyhow::Result<()> {
        self.0.handle(ctx, event).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_remembers_it_knows_the_next_time() {
    let mut rig = Rig::with(by("bot", Handlers::new().with("bot", Obedient::default()))).await;
    for _ in 0..3 {
        rig.says("Ada", "shop", "count").await;
    }
    rig.says("Ben", "shop", "count").await;
    rig.sends_are("sent", 4).await;
    assert_eq!(rig.chat("shop", "Ada").await.last().expect("an answer"), "business: 3");
    assert_eq!(rig.chat("shop", "Ben").await.last().expect("an answer"), "business: 1");
    // Four messages, their answers' echoes and receipts: Meta has nothing left that it would try again later.
    rig.events_are("done", 12).await;
    rig.stop_app().await;
    rig.start_app().await;
    rig.subscribe().await;
    rig.says("Ada", "shop", "count").await;
    rig.sends_are("sent", 5).await;
    assert_eq!(rig.chat("shop", "Ada").await.last().expect("an answer"), "business: 4");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_sent_in_parts_in_order() {
    let stage = Stage::of(rejoinder::handlers::all(), "echo", &[]).await;
    let mut ada = stage.person("Ada").on("shop_ig");
    let text = "Grüße! ".repeat(250);
    ada.says(text.trim()).await;
    let parts = ada.hears().await;
    assert_eq!((parts.len(), parts.join(" ").as_str()), (3, text.trim()));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_stamped_25_hours_ago_is_not_answered() {
    let rig = Rig::start().await;
    let late = message(ADA, "m_late", "hello", rig.now() - Duration::from_secs(25 * 3600));
    assert_eq!(rig.deliver(&delivery(&[late])).await, StatusCode::OK);
    let refused = rig.sends_are("refused", 1).await;
    assert_eq!((&refused[0]["rule"], &refused[0]["attempts"]), (&json!("P1.1"), &json!(0)));
    assert!(refused[0]["reason"].as_str().expect("a reason").contains("24 hours"));
    assert_eq!(rig.chat("shop", "Ada").await, Vec::<String>::new());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_timed_by_the_events_own_time() {
    let rig = Rig::start().await;
    let at = |age: Duration| rig.now() - age;
    let second = Duration::from_secs(1);
    for (mid, person, time, status) in [
        ("m_just", ADA, at(DAY - second), "failed"),
        ("m_over", BEN, at(DAY), "refused"),
        // A time in the future counts as now; it does not hold the window open for longer.
        ("m_future", "7200000000000099", rig.now() + DAY, "failed"),
    ] {
        let sends = rig.sends("").await.len();
        assert_eq!(rig.deliver(&delivery(&[message(person, mid, "x", time)])).await, StatusCode::OK);
        let sent = rig
            .until(|| async {
                let all = rig.sends("").await;
                let settled = all.len() == sends + 1 && all[0]["status"] != "planned" && all[0]["status"] != "sending";
                if settled { Ok(all[0].clone()) } else { Err(format!("{all:?}")) }
            })
            .await;
        // What is allowed here Meta refuses, whose window these deliveries did not open.
        assert_eq!(sent["status"], status, "{mid}: {sent}");
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn echoes_of_others_are_observed_and_our_own_are_not() {
    let bot = Obedient::default();
    let rig = Rig::with(by("bot", Handlers::new().with("bot", bot.clone()))).await;
    rig.says("Ada", "shop", "hi").await;
    rig.says("Ada", "shop_ig", "hi").await;
    rig.sends_are("sent", 2).await;
    let foreign = json!({"sender": {"id": SHOP}, "recipient": {"id": ADA}, "timestamp": rig.now().0,
        "message": {"mid": "m_inbox", "is_echo": true, "app_id": 263_902_037_430_900_i64, "text": "A person here."}});
    assert_eq!(rig.deliver(&delivery(&[foreign])).await, StatusCode::OK);
    rig.until(|| async {
        let echoes = rig.events("kind=echo&status=done").await.len();
        if echoes == 3 { Ok(()) } else { Err(format!("{echoes} echoes")) }
    })
    .await;
    let seen = bot.seen.lock().expect("a list").clone();
    let echoes: Vec<_> = seen.iter().filter(|line| line.contains("echo")).collect();
    assert_eq!(echoes, [&format!("observed echo of {ADA}")]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_the_echo_and_nothing_is_said_twice() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "lost_answer", "times": 1})).await;
    rig.says("Ada", "shop", "one").await;
    let sent = rig.sends_are("sent", 1).await;
    assert_eq!(sent[0]["attempts"], 1);
    rig.says("Ada", "shop", "two").await;
    rig.chat_reads("shop", "Ada", &["person: one", "business: one", "person: two", "business: two"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_on_instagram_is_settled_by_what_the_echo_says() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "lost_answer", "times": 1})).await;
    rig.says("Ada", "shop_ig", "one").await;
    rig.sends_are("sent", 1).await;
    assert_eq!(rig.chat("shop_ig", "Ada").await, ["person: one", "business: one"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_account_waits_and_then_goes_on() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "rate_limit", "times": 1})).await;
    rig.says("Ada", "shop", "one").await;
    rig.until(|| async {
        let planned = rig.sends("status=planned").await;
        match planned.first() {
            Some(send) if send["reason"] == "error 613" => Ok(()),
            _ => Err(format!("{planned:?}")),
        }
    })
    .await;
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.sends_are("sent", 1).await[0]["attempts"], 2);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_refuses_has_failed_and_says_why() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "token_expired", "times": 1})).await;
    rig.says("Ada", "shop", "one").await;
    assert_eq!(rig.sends_are("failed", 1).await[0]["reason"], "error 190/463");
    rig.says("Ada", "shop", "two").await;
    rig.sends_are("sent", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_standby_twin_is_dropped_and_after_it_is_new() {
    let rig = Rig::start().await;
    let hello = message(ADA, "m_twin", "hello", rig.now());
    let standby = |item: &Value| json!({"object": "page", "entry": [{"id": SHOP, "time": 1, "standby": [item]}]});
    assert_eq!(rig.deliver(&standby(&hello)).await, StatusCode::OK);
    assert_eq!(rig.deliver(&delivery(std::slice::from_ref(&hello))).await, StatusCode::OK);
    assert_eq!(rig.deliver(&standby(&hello)).await, StatusCode::OK);
    assert_eq!(rig.deliver(&delivery(&[hello])).await, StatusCode::OK);
    let events = rig.messages_are("done", 2).await;
    assert_eq!([&events[0]["standby"], &events[1]["standby"]], [&json!(false), &json!(true)]);
    assert_eq!(rig.sends("").await.len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_named_none_says_nothing() {
    let stage = Stage::of(rejoinder::handlers::all(), "none", &[]).await;
    let mut ada = stage.person("Ada");
    ada.says("hello").await;
    assert!(ada.hears().await.is_empty());
    stage.end().await;
}
