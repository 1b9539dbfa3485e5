//! How deliveries reach the bot, and what happens when they do not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::{SubscribeError, World};
use crate::secret::Secret;
use crate::signature;

use super::{Bench, HOUR, START};

#[tokio::test]
async fn a_delivery_is_signed_over_escaped_bytes() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "Grüße 😀 https://example.com/a"})).await;
    let push = bench.next().await;
    assert!(push.bytes.is_ascii());
    let wire = String::from_utf8_lossy(&push.bytes).into_owned();
    assert!(wire.contains(r"Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a"), "{wire}");
    assert_eq!(push.headers["content-type"], "application/json");
    assert_eq!(push.headers["user-agent"], "facebookexternalua");
    let secret = World::default().app.secret;
    assert!(signature::Verifier::of([&secret]).verify(push.headers[signature::HEADER].as_bytes(), &push.bytes));
    assert!(push.headers["x-hub-signature"].to_str().expect("text").starts_with("sha1="));
    let body = push.json();
    assert_eq!((&body["object"], &body["entry"][0]["time"]), (&json!("page"), &json!(START)));
    bench.end().await;
}

#[tokio::test]
async fn what_happens_before_the_subscription_is_kept_for_it() {
    let mut bench = Bench::unsubscribed(World::default()).await;
    bench.act(json!({"do": "message", "text": "one"})).await;
    bench.act(json!({"do": "message", "text": "two"})).await;
    bench.emulator.subscribe(&bench.bot_url).await.expect("the bot is subscribed");
    assert_eq!(bench.next_item().await["message"]["text"], "one");
    assert_eq!(bench.next_item().await["message"]["text"], "two");
    bench.end().await;
}

#[tokio::test]
async fn a_callback_that_does_not_prove_itself_is_not_subscribed() {
    for (token, address) in
        [("wrong", None), ("another", None), ("any", Some("http://127.0.0.1:1/")), ("any", Some("bot"))]
    {
        let mut world = World::default();
        world.app.verify_token = Secret::new(token);
        let bench = Bench::unsubscribed(world).await;
        let error = bench.emulator.subscribe(address.unwrap_or(&bench.bot_url)).await.expect_err("it is refused");
        match (token, address) {
            ("wrong", _) => assert!(matches!(error, SubscribeError::Refused(403)), "{error}"),
            ("another", _) => assert!(matches!(error, SubscribeError::WrongChallenge), "{error}"),
            (_, Some("bot")) => assert!(matches!(error, SubscribeError::NotAnAddress(_)), "{error}"),
            _ => assert!(matches!(error, SubscribeError::Unreachable(_)), "{error}"),
        }
        let exchanges = bench.get("/emulator/exchanges").await;
        assert!(!exchanges.to_string().contains(token), "{exchanges}");
        bench.end().await;
    }
}

#[tokio::test]
async fn a_failure_is_repeated_byte_for_byte_at_once_and_then_by_the_clock() {
    let mut bench = Bench::new().await;
    let mut answers = vec![200, 500, 302, 201];
    bench.answer(move |_| answers.pop().unwrap_or(200));
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.act(json!({"do": "message", "text": "there"})).await;
    let (first, second) = (bench.next().await, bench.next().await);
    assert_eq!(first.bytes, second.bytes);
    bench.settled().await;
    bench.settled().await;
    bench.control("/emulator/clock", json!({"advance": "1s"})).await;
    assert_eq!(bench.next().await.bytes, first.bytes);
    bench.settled().await;
    bench.control("/emulator/clock", json!({"advance": "2s"})).await;
    assert_eq!(bench.next().await.bytes, first.bytes);
    assert_eq!(bench.next_item().await["message"]["text"], "there");
    let exchanges = bench.get("/emulator/exchanges").await;
    let attempts: Vec<(Value, Value)> = exchanges["exchanges"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|exchange| exchange["kind"] == "webhook")
        .map(|exchange| (exchange["attempt"].clone(), exchange["status"].clone()))
        .take(4)
        .collect();
    assert_eq!(json!(attempts), json!([[1, 201], [2, 302], [3, 500], [4, 200]]));
    bench.end().await;
}

#[tokio::test]
async fn a_conversation_that_fails_holds_up_no_other() {
    let mut bench = Bench::new().await;
    bench.answer(|body| if body.contains("7200000000000011") { 503 } else { 200 });
    bench.act(json!({"do": "message", "text": "from Ada"})).await;
    bench.act(json!({"do": "message", "text": "from Ada again"})).await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "from Ben"})).await;
    let mut texts = Vec::new();
    for _ in 0..3 {
        texts.push(bench.next_item().await["message"]["text"].clone());
        bench.settled().await;
    }
    texts.sort_by_key(Value::to_string);
    assert_eq!(json!(texts), json!(["from Ada", "from Ada", "from Ben"]));
    bench.answer(|_| 200);
    bench.control("/emulator/clock", json!({"advance": "1h"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "from Ada");
    assert_eq!(bench.next_item().await["message"]["text"], "from Ada again");
    bench.end().await;
}

#[tokio::test]
async fn an_hour_of_failures_unsubscribes_the_account() {
    let mut bench = Bench::new().await;
    bench.answer(|body| if body.contains("lost") { 500 } else { 200 });
    bench.act(json!({"do": "message", "text": "lost"})).await;
    for _ in 0..2 {
        assert_eq!(bench.next_item().await["message"]["text"], "lost");
        bench.settled().await;
    }
    bench.act(json!({"do": "message", "text": "waits behind it"})).await;
    bench.clock.advance(Duration::from_millis(HOUR.unsigned_abs() - 500));
    assert_eq!(bench.next_item().await["message"]["text"], "lost");
    bench.settled().await;
    assert_eq!(bench.act(json!({"do": "message", "text": "never told"})).await, Value::Null);
    let subscription = bench.get("/emulator/subscribe").await;
    assert_eq!(subscription, json!({"callback": bench.bot_url, "unsubscribed": ["shop"]}));
    assert_eq!(bench.connected("GET").await, json!([]));
    let on_instagram = bench.act(json!({"account": "shop_ig", "do": "message", "text": "elsewhere"})).await;
    assert_eq!(bench.next_item().await, on_instagram);

    let subscription = bench.control("/emulator/subscribe", json!({"callback": bench.bot_url})).await;
    assert_eq!(subscription["unsubscribed"], json!([]));
    bench.act(json!({"do": "message", "text": "told again"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "told again");
    bench.end().await;
}

#[tokio::test]
async fn a_delivery_that_alone_fails_for_an_hour_is_given_up_alone() {
    let mut bench = Bench::new().await;
    bench.answer(|body| if body.contains("lost") { 500 } else { 200 });
    bench.act(json!({"do": "message", "text": "lost"})).await;
    for _ in 0..2 {
        bench.next().await;
        bench.settled().await;
    }
    bench.act(json!({"do": "message", "text": "kept"})).await;
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.next_item().await["message"]["text"], "lost");
    bench.settled().await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "from Ben"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "from Ben");
    bench.settled().await;
    bench.clock.advance(Duration::from_millis(HOUR.unsigned_abs() - 1_500));
    assert_eq!(bench.next_item().await["message"]["text"], "lost");
    assert_eq!(bench.next_item().await["message"]["text"], "kept");
    bench.end().await;
}

#[tokio::test]
async fn a_batch_has_entries_of_both_kinds_and_each_its_unit_of_time() {
    let mut bench = Bench::new().await;
    bench.control("/emulator/faults", json!({"push": "batch", "times": 2})).await;
    bench.act(json!({"do": "message", "text": "one"})).await;
    bench.act(json!({"do": "comment", "text": "Price?"})).await;
    bench.act(json!({"account": "shop_ig", "do": "message", "text": "another object"})).await;
    assert_eq!(bench.next().await.json()["object"], "instagram");
    bench.act(json!({"person": "Ben", "do": "message", "text": "two"})).await;
    let entries = bench.next().await.json()["entry"].clone();
    assert_eq!(entries[0]["messaging"][0]["message"]["text"], "one");
    assert_eq!((&entries[1]["time"], &entries[1]["changes"][0]["field"]), (&json!(START / 1000), &json!("feed")));
    assert_eq!(entries[2]["messaging"][0]["message"]["text"], "two");
    bench.end().await;
}

#[tokio::test]
async fn a_message_has_arrived_once_the_callback_has_taken_it() {
    let mut bench = Bench::new().await;
    bench.answer(|body| if body.contains("refused") { 500 } else { 200 });
    bench.control("/emulator/faults", json!({"push": "batch"})).await;
    for (person, text) in [("Ada", "one"), ("Ben", "two")] {
        bench.act(json!({"person": person, "do": "message", "text": text})).await;
    }
    bench.settled().await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "refused"})).await;
    bench.settled().await;
    let delivered = async |person: &str, at: usize| {
        let chat = bench.get(&format!("/emulator/chats/shop/{person}")).await;
        chat["messages"][at]["delivered"].clone()
    };
    assert_eq!(delivered("Ada", 0).await, json!(true));
    assert_eq!(delivered("Ben", 0).await, json!(true));
    assert_eq!(delivered("Ben", 1).await, json!(null));
    bench.end().await;
}

#[tokio::test]
async fn an_echo_comes_late_or_never_when_told_to() {
    let mut bench = Bench::new().await;
    bench.control("/emulator/faults", json!({"push": "echo_lost"})).await;
    bench.control("/emulator/faults", json!({"push": "echo_late"})).await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "hi");
    bench.send(json!({"message": {"text": "its echo is lost"}})).await;
    assert!(bench.next_item().await["delivery"].is_object());
    bench.send(json!({"message": {"text": "its echo is late"}})).await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "meanwhile"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "meanwhile");
    bench.control("/emulator/clock", json!({"advance": "5s"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "its echo is late");
    bench.end().await;
}

#[tokio::test]
async fn push_faults_show_on_the_wire() {
    let mut bench = Bench::new().await;
    let fault = async |bench: &Bench, name: &str| bench.control("/emulator/faults", json!({"push": name})).await;
    fault(&bench, "duplicate").await;
    bench.act(json!({"do": "message", "text": "twice"})).await;
    assert_eq!(bench.next().await.bytes, bench.next().await.bytes);

    fault(&bench, "batch").await;
    bench.act(json!({"do": "message", "text": "one"})).await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "two"})).await;
    let batch = bench.next().await.json();
    assert_eq!(batch["entry"].as_array().map(Vec::len), Some(2));
    assert_eq!(batch["entry"][1]["messaging"][0]["message"]["text"], "two");

    fault(&bench, "reorder").await;
    bench.act(json!({"do": "message", "text": "early"})).await;
    bench.act(json!({"do": "message", "text": "late"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "late");
    assert_eq!(bench.next_item().await["message"]["text"], "early");

    fault(&bench, "delay").await;
    bench.act(json!({"do": "message", "text": "slow"})).await;
    bench.act(json!({"person": "Ben", "do": "message", "text": "quick"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "quick");
    bench.control("/emulator/clock", json!({"advance": "5s"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "slow");

    fault(&bench, "drop_then_retry").await;
    bench.act(json!({"do": "message", "text": "again"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "again");
    // The bot has the delivery before its answer is on record, but the lost one before it is.
    let exchanges = bench.get("/emulator/exchanges").await["exchanges"].clone();
    assert!(exchanges.as_array().expect("a list").iter().any(|exchange| {
        exchange["status"].is_null() && exchange["error"].as_str().is_some_and(|error| error.contains("fault"))
    }));
    bench.end().await;
}
