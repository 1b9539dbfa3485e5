//! Signatures, limits, quarantine, and a store that fails.

use std::sync::Arc;

use futures_util::future::join_all;
use rejoinder::secret::Secret;
use rejoinder::signature;
use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{ADA, Rig, RigOptions, delivery, message, request, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_is_verified_as_meta_does_it() {
    let rig = Rig::start().await;
    let token = world().app.verify_token.expose().to_owned();
    let ask = async |query: String| {
        let answer = rig.http.get(rig.public(&format!("/webhook?{query}"))).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let right = format!("hub.mode=subscribe&hub.verify_token={token}");
    assert_eq!(ask(format!("{right}&hub.challenge=1158201444")).await, (200, "1158201444".into()));
    assert_eq!(
        ask(format!("{right}&hub.challenge=CHALLENGE%20%3CACCEPTED%3E")).await,
        (200, "CHALLENGE <ACCEPTED>".into())
    );
    assert_eq!(ask("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1".into()).await, (403, String::new()));
    assert_eq!(ask(format!("hub.mode=unsubscribe&hub.verify_token={token}&hub.challenge=1")).await.0, 403);
    assert_eq!(ask(right).await.0, 400);
    assert_eq!(ask(format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}x")).await.0, 403);
    assert_eq!(ask(String::new()).await.0, 400);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_right_is_turned_away_and_learns_nothing() {
    let old = Secret::new("an old secret");
    let wish = RigOptions { settings: vec![("app.old_secrets", old.expose().into())], ..RigOptions::default() };
    let rig = Rig::with(wish).await;
    let secret = world().app.secret;
    let body = delivery(&[message(ADA, "m_1", "hello", rig.now())]).to_string().into_bytes();
    let right = signature::sign(&secret, &body);
    let wrong = signature::sign(&Secret::new("guess"), &body);
    let name = signature::HEADER;
    let sha1 = ("x-hub-signature", "sha1=c8c8fb5b5d06c4dd3f83d8f8c83c3ab5caeb9e88");
    let malformed = right.replace("sha256=", "");
    let rejected: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![sha1],
        vec![(name, "")],
        vec![(name, "sha256=")],
        vec![(name, &malformed)],
        vec![(name, &wrong)],
        vec![(name, &right), (name, &right)],
        vec![(name, &wrong), (name, &right)],
    ];
    for headers in rejected {
        let mut request = rig.http.post(rig.public("/webhook")).body(body.clone());
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(answer.text().await.expect("a body"), "", "{headers:?}");
    }
    assert!(rig.events("").await.is_empty());
    let upper = right.to_uppercase().replace("SHA256", "sha256");
    assert_eq!(rig.post_webhook(&[(name, &upper)], body.clone()).await, StatusCode::OK);
    let by_the_old = signature::sign(&old, &body);
    assert_eq!(rig.post_webhook(&[sha1, (name, &by_the_old)], body).await, StatusCode::OK);
    rig.messages_are("done", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_junk_is_kept_in_quarantine() {
    let rig = Rig::start().await;
    for junk in [&b"junk"[..], b"\xff\xfe", b"{\"object\":\"page\",\"entry\":7}"] {
        let header = signature::sign(&world().app.secret, junk);
        for _ in 0..2 {
            assert_eq!(rig.post_webhook(&[(signature::HEADER, &header)], junk.to_vec()).await, StatusCode::OK);
        }
    }
    let kept = rig.events_are("quarantined", 3).await;
    let one = rig.json(&rig.admin(&format!("/api/events/{}", kept[2]["id"].as_str().expect("an id")))).await;
    assert_eq!((&one["raw"], &one["account"]), (&json!("junk"), &json!(null)));
    assert_eq!(one["error"], "the body is not a webhook's JSON object");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_413() {
    let rig =
        Rig::with(RigOptions { settings: vec![("server.max_body", "1000".into())], ..RigOptions::default() }).await;
    for (length, status) in [(1000, StatusCode::UNAUTHORIZED), (1001, StatusCode::PAYLOAD_TOO_LARGE)] {
        let body = vec![b'x'; length];
        assert_eq!(rig.post_webhook(&[(signature::HEADER, request::GUESS)], body).await, status);
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_404() {
    let rig = Rig::start().await;
    for path in ["/", "/webhook/", "/api/events", "/metrics", "/livez"] {
        let answer = rig.http.get(rig.public(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let put = rig.http.put(rig.public("/webhook")).send().await.expect("an answer");
    assert_eq!(put.status(), StatusCode::NOT_FOUND);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_write_is_503_and_then_200() {
    let rig = Rig::start().await;
    let hello = delivery(&[message(ADA, "m_1", "hello", rig.now())]);
    // Somebody else holds the file for writing, as a backup that was left half-way would.
    let other = Connection::open(rig.folder.path().join("rejoinder.db")).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("the hold");
    assert_eq!(rig.deliver(&hello).await, StatusCode::SERVICE_UNAVAILABLE);
    let ready = rig.http.get(rig.admin("/readyz")).send().await.expect("an answer").status();
    assert_eq!(ready, StatusCode::SERVICE_UNAVAILABLE);
    other.execute_batch("ROLLBACK").expect("let go");
    assert_eq!(rig.deliver(&hello).await, StatusCode::OK);
    rig.messages_are("done", 1).await;
    assert_eq!(rig.events("kind=message").await.len(), 1);
    rig.end().await;
}

/// Messages of a person to an account that is not configured: they are kept, and nothing is done about them.
fn foreign(mids: std::ops::Range<usize>, person: &str) -> Value {
    let item = |n| json!({"sender": {"id": person}, "recipient": {"id": "999"}, "timestamp": n, "message": {"mid": format!("m_{n}"), "text": "x"}});
    let items: Vec<_> = mids.map(item).collect();
    json!({"object": "page", "entry": [{"id": "999", "time": 1, "messaging": items}]})
}

async fn ids(rig: &Rig, query: &str) -> Vec<usize> {
    let rows = rig.json(&rig.admin(&format!("/api/events?{query}"))).await;
    let id = |row: &Value| row["id"].as_str().expect("an id").parse().expect("a number");
    rows["events"].as_array().expect("a list").iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_many_events_lets_others_have_their_turn() {
    const MANY: usize = 20_000;
    let rig = Arc::new(Rig::start().await);
    let body = foreign(0..MANY, "7");
    let many = tokio::spawn({
        let rig = Arc::clone(&rig);
        async move { rig.deliver(&body).await }
    });
    // Small deliveries come all the while, and some are kept between the parts of the large one.
    let mut small = 0;
    while !many.is_finished() {
        assert_eq!(rig.deliver(&foreign(MANY + small..MANY + small + 1, "8")).await, StatusCode::OK);
        small += 1;
    }
    assert_eq!(many.await.expect("it ends"), StatusCode::OK);
    // Ids are given one after the other, in the order in which events are kept.
    let last_of_large = ids(&rig, "person=7&limit=1").await[0];
    let mut between = ids(&rig, "person=8&limit=500").await;
    between.retain(|id| *id < last_of_large && *id > small);
    assert!(!between.is_empty(), "{small} small deliveries waited for all of the large one");
    let metrics = rig.metrics().await;
    let kept = format!("rejoinder_events_received_total{{outcome=\"new\"}} {}", MANY + small);
    assert!(metrics.lines().any(|line| line == kept), "{metrics}");
    Arc::into_inner(rig).expect("the last hold").end().await;
}

/// A delivery that is never finished: a signature that may be one, and a part of the body that is announced.
async fn trickle(rig: &Rig, announced: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(rig.app.as_ref().expect("a server").public).await.expect("a connection");
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\n{}content-length: {announced}\r\n\r\n",
        request::guessed_signature()
    );
    // It may be sent away while it still talks.
    let _ = stream.write_all(&[head.as_bytes(), &vec![b' '; sent]].concat()).await;
    stream
}

/// A signed delivery over a connection of its own. Returns its status.
async fn deliver_alone(rig: &Rig, body: &Value) -> String {
    let body = body.to_string();
    let signed = signature::sign(&world().app.secret, body.as_bytes());
    let mut stream = TcpStream::connect(rig.app.as_ref().expect("a server").public).await.expect("a connection");
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signed}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut answer = String::new();
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await;
    let _ = stream.read_to_string(&mut answer).await;
    answer.lines().next().unwrap_or("no answer").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_senders_turn_no_signed_delivery_away() {
    const LARGE: usize = 256 * 1024;
    let settings = vec![
        ("server.max_connections", "64".to_owned()),
        ("server.max_body", LARGE.to_string()),
        ("server.max_buffered", (16 * LARGE).to_string()),
    ];
    let rig = Rig::with(RigOptions { settings, subscribe: false, ..RigOptions::default() }).await;
    let mut strangers = Vec::new();
    for _ in 0..33 {
        strangers.push(trickle(&rig, LARGE, LARGE - 1).await);
    }
    for _ in 0..100 {
        strangers.push(trickle(&rig, 1000, 10).await);
    }
    for round in 0..20 {
        for _ in 0..10 {
            strangers.push(trickle(&rig, 1000, 10).await);
        }
        for _ in 0..2 {
            strangers.push(trickle(&rig, LARGE, LARGE - 1).await);
        }
        let text = |n| if n == 0 { "x".repeat(LARGE / 2) } else { "hello".to_owned() };
        let bodies: Vec<_> = (0..20).map(|n| foreign(20 * round + n..20 * round + n + 1, &text(n % 10))).collect();
        let (alone, pooled) = bodies.split_at(10);
        let alone = join_all(alone.iter().map(|body| deliver_alone(&rig, body)));
        let pooled = join_all(pooled.iter().map(|body| rig.deliver(body)));
        let (alone, pooled) = tokio::join!(alone, pooled);
        assert!(alone.iter().all(|answer| answer == "HTTP/1.1 200 OK"), "{round}: {alone:?}");
        assert!(pooled.iter().all(|status| *status == StatusCode::OK), "{round}: {pooled:?}");
    }
    drop(strangers);
    rig.end().await;
}
