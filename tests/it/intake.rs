//! Signatures, limits, quarantine, and a store that fails.

use rejoinder::secret::Secret;
use rejoinder::signature;
use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::json;

use crate::harness::{ADA, Rig, Wish, delivery, message, world};

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
    let wish = Wish { settings: vec![("app.old_secrets", old.expose().into())], ..Wish::default() };
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
    let rig = Rig::with(Wish { settings: vec![("server.max_body", "1000".into())], ..Wish::default() }).await;
    for (length, status) in [(1000, StatusCode::UNAUTHORIZED), (1001, StatusCode::PAYLOAD_TOO_LARGE)] {
        let body = vec![b'x'; length];
        assert_eq!(rig.post_webhook(&[(signature::HEADER, "sha256=00")], body).await, status);
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
