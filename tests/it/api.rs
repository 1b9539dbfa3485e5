//! `/api` as those use it who send from outside: posts, keys, dry runs, replays, conversations, and its description.

use std::time::Duration;

use rejoinder::Handlers;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::bots::Obedient;
use crate::harness::posts::{SENDS, ask, post, quiet, text};
use crate::harness::{ADA, BEN, Rig, RigOptions, delivery, message};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_is_sent_inside_the_window_and_refused_outside() {
    let rig = quiet().await;
    let (status, refused) = post(&rig, SENDS, text(ADA, "too early"), None).await;
    assert_eq!((status, &refused["refused"]["rule"]), (422, &json!("P0.1")));
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    let mut body = text(ADA, "Your parcel has left.");
    body["agent"] = json!("Ada Lovelace");
    let (status, posted) = post(&rig, SENDS, body, None).await;
    assert_eq!((status, &posted["ids"]), (202, &json!([posted["id"]])));
    rig.chat_reads("shop", "Ada", &["person: hello", "business: Your parcel has left."]).await;
    rig.sends_are("sent", 1).await;
    let send = rig.json(&rig.admin(&format!("/api/sends/{}", posted["id"].as_str().expect("an id")))).await;
    let told = ["agent", "event_id", "status"].map(|key| send[key].clone());
    assert_eq!(told, [json!("Ada Lovelace"), json!(null), json!("sent")]);
    assert_eq!(send["request"]["messaging_type"], "RESPONSE", "the agent's name stays with us: {send}");
    assert!(send["request"].get("agent").is_none());

    rig.nothing_is_left_of(ADA, 1).await;
    rig.clock.advance(Duration::from_secs(24 * 3600));
    let (status, refused) = post(&rig, SENDS, text(ADA, "too late"), None).await;
    assert_eq!((status, &refused["refused"]["rule"]), (422, &json!("P1.1")));
    assert_eq!(rig.sends("status=refused").await.len(), 2, "a refusal is listed");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_posted_in_parts_and_all_are_listed() {
    let rig = quiet().await;
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    let (status, posted) = post(&rig, SENDS, text(ADA, &"A sentence. ".repeat(400)), None).await;
    let ids = posted["ids"].as_array().expect("ids");
    assert_eq!((status, ids.len(), &posted["id"]), (202, 3, &ids[0]));
    rig.sends_are("sent", 3).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_from_fifty_clients_at_once_is_one_send() {
    let rig = quiet().await;
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    let posts = (0..50).map(|_| post(&rig, SENDS, text(ADA, "once"), Some("parcel-9")));
    let answers = futures_util::future::join_all(posts).await;
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 202), "{answers:?}");
    rig.sends_are("sent", 1).await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: hello", "business: once"]);

    assert_eq!(post(&rig, SENDS, text(ADA, "another"), Some("parcel-9")).await.0, 409);
    // A refusal, and a dry run, leave the key as it was.
    let dry = format!("{SENDS}?dry_run=true");
    assert_eq!(post(&rig, SENDS, text(BEN, "x"), Some("parcel-10")).await.0, 422);
    assert_eq!(post(&rig, &dry, text(ADA, "x"), Some("parcel-10")).await, (200, json!({"allowed": true})));
    assert_eq!(post(&rig, SENDS, text(ADA, "y"), Some("parcel-10")).await.0, 202);
    rig.sends_are("sent", 2).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_decides_and_sends_nothing() {
    let rig = quiet().await;
    let dry = format!("{SENDS}?dry_run=true");
    assert_eq!(post(&rig, &dry, text(ADA, "x"), None).await.1["refused"]["rule"], "P0.1");
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    assert_eq!(post(&rig, &dry, text(ADA, "x"), None).await, (200, json!({"allowed": true})));
    for (recipient, rule) in [
        (json!({"comment_id": "9_77"}), "P4.1"),
        (json!({"one_time_notif_token": "4711"}), "P5.6"),
        (json!({"notification_messages_token": "8012"}), "P11.1"),
    ] {
        let body = json!({"recipient": recipient, "message": {"text": "x"}});
        assert_eq!(post(&rig, &dry, body, None).await.1["refused"]["rule"], rule);
    }
    assert!(rig.sends("").await.is_empty());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_no_request_at_all_is_400_and_the_path_is_named() {
    let rig = quiet().await;
    let to = json!({"id": ADA});
    for (body, path) in [
        (json!([1]), "$"),
        (json!({}), "recipient"),
        (json!({"recipient": "7200", "message": {"text": "x"}}), "recipient"),
        (json!({"recipient": to}), "message"),
        (json!({"recipient": to, "message": "secret words"}), "message"),
        (json!({"recipient": to, "message": {"text": "x"}, "agent": 7}), "agent"),
    ] {
        let (status, answer) = post(&rig, SENDS, body.clone(), None).await;
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(status == 400 && message.starts_with(&format!("{path}:")), "{body}: {status} {answer}");
        assert!(!message.contains("secret words"));
    }
    for (body, path) in [
        (json!({"recipient": {"phone_number": "+1"}, "message": {"text": "x"}}), "recipient"),
        (json!({"recipient": to, "message": {"text": "x"}, "messaging_type": "SHOUT"}), "messaging_type"),
        (json!({"recipient": to, "message": {"text": "x"}, "sender_action": "typing_on"}), "sender_action"),
    ] {
        let (status, answer) = post(&rig, SENDS, body.clone(), None).await;
        let reason = answer["refused"]["reason"].as_str().unwrap_or_default();
        assert!(status == 422 && reason.contains(path), "{body}: {status} {answer}");
    }
    assert_eq!(post(&rig, "/api/accounts/nobody/sends", text(ADA, "x"), None).await.0, 404);
    let long = post(&rig, SENDS, text(ADA, "x"), Some(&"k".repeat(256))).await;
    assert_eq!(long.0, 400);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_dead_or_quarantined_can_be_handled_again() {
    let bot = Obedient::default();
    let handlers = Handlers::new().with("bot", bot.clone());
    let rig = Rig::with(RigOptions { handler: "bot", handlers, ..RigOptions::default() }).await;
    let replay = async |id: &Value| {
        let path = format!("/api/events/{}/replay", id.as_str().expect("an id"));
        ask(&rig, Method::POST, &path, &json!(null), None).await.0
    };
    rig.says("Ada", "shop", "first").await;
    rig.says("Ada", "shop", "second").await;
    rig.sends_are("sent", 2).await;
    let first = rig.events("kind=message").await.pop().expect("an event")["id"].clone();
    assert_eq!(replay(&first).await, 202);
    rig.sends_are("sent", 3).await;
    rig.events_are("pending", 0).await;
    let again: Vec<_> =
        bot.seen.lock().expect("a list").iter().filter(|seen| seen.starts_with("first")).cloned().collect();
    assert_eq!(again, ["first 1", "first 2"]);
    // Behind what is there already, and before what comes.
    rig.says("Ada", "shop", "third").await;
    rig.sends_are("sent", 4).await;
    rig.nothing_is_left_of(ADA, 4).await;

    let of_ben = async |status: &str| {
        let query = format!("person={BEN}&kind=message&status={status}");
        rig.until(|| async {
            let found = rig.events(&query).await;
            found.first().map(|event| event["id"].clone()).ok_or_else(|| format!("none is {status}"))
        })
        .await
    };
    rig.says("Ben", "shop", "never").await;
    let never = of_ben("running").await;
    assert_eq!(replay(&never).await, 409);
    // It dies of its second failure, long after the first; put back, it has two again.
    for _ in 0..2 {
        of_ben("running").await;
        rig.clock.advance(Duration::from_secs(20));
        of_ben("pending").await;
        rig.clock.advance(Duration::from_secs(3600));
        of_ben("running").await;
        rig.clock.advance(Duration::from_secs(20));
        assert_eq!(of_ben("dead").await, never);
        assert_eq!(replay(&never).await, 202);
    }
    of_ben("running").await;
    rig.clock.advance(Duration::from_secs(20));
    of_ben("pending").await;
    rig.clock.advance(Duration::from_secs(3600));
    of_ben("running").await;
    rig.clock.advance(Duration::from_secs(20));
    of_ben("dead").await;

    assert_eq!(rig.deliver(&delivery(&[json!(7)])).await, StatusCode::OK);
    let unreadable = rig.events_are("quarantined", 1).await[0]["id"].clone();
    assert_eq!(replay(&unreadable).await, 409);
    for unknown in ["4711", "x"] {
        assert_eq!(replay(&json!(unknown)).await, 404);
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_shows_its_window() {
    let rig = quiet().await;
    let path = format!("/api/conversations/shop/{ADA}");
    let unknown = rig.json(&rig.admin(&path)).await;
    let shut =
        json!({"open": false, "opened_at": null, "closes_at": null, "opened_by": null, "human_agent_until": null});
    assert_eq!((&unknown["window"], &unknown["last_event_at"], &unknown["owner"]), (&shut, &json!(null), &json!(null)));
    let item = message(ADA, "m_1", "hello", rig.now());
    assert_eq!(rig.deliver(&delivery(&[item])).await, StatusCode::OK);
    rig.events_are("done", 1).await;
    let known = rig.json(&rig.admin(&path)).await;
    let (now, day) = (rig.now(), Duration::from_secs(24 * 3600));
    assert_eq!(known["window"]["open"], true);
    assert_eq!(known["window"]["opened_by"], "message");
    assert_eq!(known["window"]["opened_at"], now.to_string());
    assert_eq!(known["window"]["closes_at"], (now + day).to_string());
    rig.clock.advance(day);
    assert_eq!(rig.json(&rig.admin(&path)).await["window"]["open"], false);
    assert_eq!(ask(&rig, Method::GET, &format!("/api/conversations/nobody/{ADA}"), &json!(null), None).await.0, 404);
    rig.end().await;
}
