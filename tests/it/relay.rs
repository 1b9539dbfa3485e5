//! A bot behind HTTP: what it is told, what its answers do, and what becomes of events while it is down, slow or confused.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use rejoinder::signature;
use rejoinder::testkit::Stage;
use reqwest::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::script::Script;
use crate::harness::{ADA, BEN, Rig, RigOptions, delivery, message, vacant, world};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub async fn rig(url: &str, more: &[(&'static str, &str)]) -> Rig {
    let mut settings = vec![("relay.url", url.to_owned()), ("relay.secret", SECRET.to_owned())];
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    Rig::with(RigOptions { handler: "relay", settings, ..RigOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_told_of_an_event_and_its_replies_are_sent_in_order() {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[]).await;
    script.says(json!({"replies": [{"message": {"text": "Which size?"}}, {"sender_action": "typing_on"},
        {"message": {"text": "S or L?"}, "messaging_type": "UPDATE"}], "state": {"step": 2}}));
    script.says(json!({}));
    script.says(json!({"state": null}));
    rig.says("Ada", "shop", "hello").await;
    rig.chat_reads("shop", "Ada", &["person: hello", "business: Which size?", "business: S or L?"]).await;
    for text in ["one", "two", "three"] {
        rig.says("Ada", "shop", text).await;
    }
    rig.until(|| async { if script.asked().len() == 4 { Ok(()) } else { Err(format!("{:?}", script.asked())) } }).await;
    let asked = script.asked();
    let first = &asked[0];
    assert_eq!(first["event"]["message"]["text"], "hello");
    let told = ["attempt", "account", "platform", "person", "kind", "standby", "state"].map(|key| first[key].clone());
    assert_eq!(
        told,
        [json!(1), json!("shop"), json!("messenger"), json!(ADA), json!("message"), json!(false), json!(null)]
    );
    assert_eq!(first["window"]["open"], true);
    assert!(first["at"].as_str().expect("a time").ends_with('Z') && first["id"].is_string());
    let states: Vec<_> = asked.iter().map(|told| told["state"].clone()).collect();
    assert_eq!(states, [json!(null), json!({"step": 2}), json!({"step": 2}), json!(null)]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_signed_as_standard_webhooks_says() {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[]).await;
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    let (headers, body) = script.asked.lock().expect("what was asked")[0].clone();
    let verifier = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    verifier.verify(&body, &headers).expect("signed");
    assert_eq!(headers["webhook-id"], script.asked()[0]["id"].as_str().expect("an id"));
    let mut forged = body.to_vec();
    forged[10] ^= 1;
    assert!(verifier.verify(&forged, &headers).is_err());
    rig.end().await;
}

/// The trace that a proxy began goes on in the bot, through every try of every event of the delivery.
#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_delivery_goes_on_in_the_bot() {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[]).await;
    script.answer(|| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    let body = delivery(&[message(ADA, "m_1", "hi", rig.clock.now()), message(BEN, "m_2", "hi", rig.clock.now())]);
    let body = body.to_string().into_bytes();
    let signature = signature::sign(&world().app.secret, &body);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [(signature::HEADER, signature.as_str()), ("traceparent", parent)];
    assert_eq!(rig.post_webhook(&headers, body).await, 200);
    // One has failed, and waits for its next try.
    rig.until(|| async {
        let events = rig.events("kind=message").await;
        let failed = events.iter().any(|event| event["error"].is_string() && event["status"] == "pending");
        if failed { Ok(()) } else { Err(format!("{events:#?}")) }
    })
    .await;
    rig.clock.advance(Duration::from_secs(1));
    rig.events_are("done", 2).await;
    let asked = script.asked.lock().expect("what was asked").clone();
    let traces: Vec<_> = asked.iter().map(|(headers, _)| headers["traceparent"].to_str().expect("text")).collect();
    assert_eq!(traces.len(), 3);
    for trace in &traces {
        assert!(trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && trace.ends_with("-01"), "{trace}");
        assert!(!trace.contains("00f067aa0ba902b7"));
    }
    rig.end().await;
}

/// Ada writes, the relay answers so, and the event is listed with this error; then it answers well, once.
async fn goes_wrong(answer: impl FnOnce() -> Response + Send + 'static, error: &str) {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[("relay.max_answer", "1000000")]).await;
    script.answer(answer);
    script.says(json!({"replies": [{"message": {"text": "Better now."}}]}));
    rig.says("Ada", "shop", "hello").await;
    let failed = rig
        .until(|| async {
            let events = rig.events("kind=message").await;
            let failed = events.iter().find(|event| event["error"].is_string()).cloned();
            failed.ok_or_else(|| format!("{events:#?}"))
        })
        .await;
    assert_eq!((&failed["error"], &failed["status"]), (&json!(error), &json!("pending")));
    rig.clock.advance(Duration::from_secs(1));
    rig.chat_reads("shop", "Ada", &["person: hello", "business: Better now."]).await;
    let ids: Vec<_> = script.asked().iter().map(|told| (told["id"].clone(), told["attempt"].clone())).collect();
    assert_eq!(ids, [(failed["id"].clone(), json!(1)), (failed["id"].clone(), json!(2))]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_a_listed_error_and_the_event_comes_again() {
    goes_wrong(
        || (StatusCode::INTERNAL_SERVER_ERROR, "secret words").into_response(),
        "the relay answered 500 Internal Server Error (text/plain, text)",
    )
    .await;
    goes_wrong(
        || axum::response::Html("<p>secret words</p>").into_response(),
        "the relay's answer is not a JSON object (text/html, HTML or alike)",
    )
    .await;
    goes_wrong(|| vec![b'x'; 10_000_000].into_response(), "the answer (200 OK) is longer than 1000000 bytes").await;
    goes_wrong(
        || json!({"replies": [{"message": {"text": "fine"}}, {"text": "secret words"}]}).to_string().into_response(),
        "replies[1] is no Send API request",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_relay_is_down_its_events_wait_and_other_accounts_are_served() {
    // A port on which no relay listens yet.
    let (port, address) = vacant();
    let url = format!("http://{address}/bot");
    let own = [("accounts.shop.relay.url", url.as_str()), ("accounts.shop_ig.handler", "echo")];
    let rig = rig("http://127.0.0.1:9/unused", &own).await;
    for n in 0..20 {
        rig.says(if n % 2 == 0 { "Ada" } else { "Ben" }, "shop", &n.to_string()).await;
    }
    rig.until(|| async {
        let events = rig.events("account=shop&kind=message").await;
        let hint = format!("Connection refused (os error 111); is the bot running at http://{address}?");
        let unreachable = |error: &str| error.starts_with("no connection came about: ") && error.ends_with(&hint);
        let failed = events.iter().filter(|event| event["error"].as_str().is_some_and(unreachable)).count();
        if events.len() == 20 && failed > 0 { Ok(()) } else { Err(format!("{events:#?}")) }
    })
    .await;
    rig.events_are("running", 0).await;
    rig.says("Ada", "shop_ig", "hi").await;
    rig.chat_reads("shop_ig", "Ada", &["person: hi", "business: hi"]).await;
    let events = rig.events("account=shop&kind=message").await;
    let tried = events.iter().filter(|event| event["attempts"] != 0).count();
    assert!(tried <= 2, "only those that were under way together were tried: {tried}");

    let script = Script::default();
    let router = Router::new().fallback(Script::hear).with_state(script.clone());
    let listener = port.listen(1024).expect("the same port");
    tokio::spawn(async move { axum::serve(listener, router).await });
    rig.clock.advance(Duration::from_secs(1));
    rig.until(|| async {
        let done = rig.events("account=shop&kind=message&status=done").await.len();
        if done == 20 { Ok(()) } else { Err(format!("{done} done")) }
    })
    .await;
    let order: Vec<_> = script
        .asked()
        .iter()
        .filter(|told| told["person"] == ADA)
        .map(|told| told["event"]["message"]["text"].clone())
        .collect();
    assert_eq!(order, (0..20).step_by(2).map(|n| json!(n.to_string())).collect::<Vec<_>>());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hangs_is_given_up_at_the_deadline_and_probed_by_one_failed_event_at_a_time() {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[]).await;
    let hang = tokio_util::sync::CancellationToken::new();
    for _ in 0..12 {
        let hang = hang.clone();
        script.answer_later(async move {
            hang.cancelled().await;
            StatusCode::OK.into_response()
        });
    }
    let writes = async |number: i64| {
        let person = (7_300_000_000_000_000 + number).to_string();
        let item = message(&person, &format!("m_{number}"), "hello", rig.now());
        assert_eq!(rig.deliver(&delivery(&[item])).await, StatusCode::OK);
    };
    let asked = async |count: usize| {
        rig.until(|| async {
            let asked = script.asked().len();
            if asked == count { Ok(()) } else { Err(format!("asked {asked} times")) }
        })
        .await;
    };
    for number in 0..10 {
        writes(number).await;
    }
    asked(10).await;
    rig.clock.advance(Duration::from_secs(20));
    rig.until(|| async {
        let events = rig.events("kind=message").await;
        let late = events.iter().filter(|event| event["error"] == "the handler took longer than 20s").count();
        if late == 10 { Ok(()) } else { Err(format!("{late} are late")) }
    })
    .await;
    // What comes now is tried at once. It hangs too, and so does the probe a second later; the others wait for that.
    writes(10).await;
    asked(11).await;
    rig.clock.advance(Duration::from_secs(1));
    asked(12).await;
    rig.events_are("running", 2).await;
    rig.events_are("pending", 9).await;
    hang.cancel();
    rig.events_are("pending", 0).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_or_all_and_what_is_only_observed_is_not_replied_to() {
    for (kinds, count) in [("acts", 1), ("all", 2)] {
        let script = Script::default();
        let rig = rig(&script.serve().await, &[("relay.kinds", kinds)]).await;
        rig.says("Ada", "shop", "hello").await;
        rig.events_are("done", 1).await;
        script.says(json!({"replies": [{"message": {"text": "never said"}}]}));
        let standby = json!({"object": "page", "entry": [{"id": "104000000000001", "time": 1,
            "standby": [message(ADA, "m_standby", "to another app", rig.now())]}]});
        assert_eq!(rig.deliver(&standby).await, StatusCode::OK);
        rig.events_are("done", 2).await;
        assert_eq!(script.asked().len(), count, "{kinds}");
        assert!(rig.sends("").await.is_empty());
        rig.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_judged_by_policy_and_its_outcome_is_told() {
    let script = Script::default();
    let rig = rig(&script.serve().await, &[("relay.kinds", "all")]).await;
    let tagged = json!({"message": {"text": "tagged"}, "messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"});
    script.says(json!({"replies": [tagged, {"message": {"text": 7}}]}));
    // What is said on an outcome would be ignored; what would come of it makes no outcome of its own.
    script.says(json!({"replies": [{"message": {"text": "never said"}}]}));
    assert_eq!(rig.deliver(&delivery(&[message(ADA, "m_1", "hello", rig.now())])).await, StatusCode::OK);
    rig.sends_are("refused", 2).await;
    rig.until(|| async { if script.asked().len() == 3 { Ok(()) } else { Err(format!("{:?}", script.asked())) } }).await;
    let outcome = script.asked().remove(1);
    assert_eq!((&outcome["kind"], &outcome["person"]), (&json!("outcome"), &json!(ADA)));
    let told = ["status", "rule", "message_id"].map(|key| outcome["event"][key].clone());
    assert_eq!(told, [json!("refused"), json!("P2.5"), json!(null)]);
    let sends = rig.sends("").await;
    assert_eq!(outcome["event"]["send"], sends[1]["id"]);
    assert_eq!(sends[0]["rule"], "100", "what Meta would refuse is judged by itself: {sends:#?}");
    rig.events_are("pending", 0).await;
    assert_eq!(rig.sends("").await.len(), 2);
    rig.end().await;
}

/// Ten minutes without a relay, three conversations: none of their events dies, and each is answered in order afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_outage_of_the_relay_loses_no_event() {
    let script = Script::default();
    let down = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/bot/", listener.local_addr().expect("an address"));
    let router = Router::new().fallback({
        let (down, script) = (Arc::clone(&down), script.clone());
        async move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| {
            assert_eq!(uri.path(), "/bot/", "the address as it was given");
            if down.load(std::sync::atomic::Ordering::Relaxed) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            Script::hear(State(script), headers, body).await
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let stage = Stage::of(rejoinder::handlers::all(), "relay", &[("relay.url", &url)]).await;
    let people = [stage.person("Ada"), stage.person("Ben"), stage.person("Ada").on("shop_ig")];
    for text in ["one", "two"] {
        for person in &people {
            person.says(text).await;
        }
    }
    for _ in 0..60 {
        stage.wait(Duration::from_secs(10)).await;
    }
    assert!(script.asked().is_empty());
    down.store(false, std::sync::atomic::Ordering::Relaxed);
    for _ in 0..12 {
        stage.wait(Duration::from_secs(30)).await;
    }
    let texts = |account: &str, person: &str| {
        let asked = script.asked().into_iter().filter(|told| told["account"] == account && told["person"] == person);
        asked.map(|told| told["event"]["message"]["text"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts("shop", ADA), ["one", "two"]);
    assert_eq!(texts("shop", crate::harness::BEN), ["one", "two"]);
    assert_eq!(texts("shop_ig", crate::harness::ADA_ON_INSTAGRAM), ["one", "two"]);
    stage.end().await;
}
