//! What the operator's listener answers.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{ADA, Rig, RigOptions};

#[tokio::test(flavor = "multi_thread")]
async fn the_token_guards_the_api_and_nothing_else() {
    let rig =
        Rig::with(RigOptions { settings: vec![("admin.token", "open sesame".into())], ..RigOptions::default() }).await;
    let ask = async |path: &str, token: Option<&str>| {
        let request = rig.http.get(rig.admin(path));
        let request = match token {
            Some(token) => request.header("authorization", token),
            None => request,
        };
        request.send().await.expect("an answer").status()
    };
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(ask(path, None).await, StatusCode::OK, "{path}");
    }
    for path in ["/api/events", "/api/sends", "/api/events/1"] {
        for token in [None, Some("Bearer wrong"), Some("open sesame"), Some("Basic open sesame")] {
            assert_eq!(ask(path, token).await, StatusCode::UNAUTHORIZED, "{path} {token:?}");
        }
    }
    assert_eq!(ask("/api/events", Some("Bearer open sesame")).await, StatusCode::OK);
    assert_eq!(ask("/api/events/1", Some("bearer open sesame")).await, StatusCode::NOT_FOUND);
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_newest_first_and_paged() {
    let rig = Rig::start().await;
    for n in 0..5 {
        rig.says("Ada", "shop", &n.to_string()).await;
        rig.says("Ben", "shop_ig", &n.to_string()).await;
    }
    rig.sends_are("sent", 10).await;
    rig.until(|| async {
        let all = rig.events("").await.len();
        if all == 25 { Ok(()) } else { Err(format!("{all} events")) }
    })
    .await;

    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = rig.json(&rig.admin(&format!("/api/events?limit=7{after}"))).await;
        let events = page["events"].as_array().expect("events");
        assert!(events.len() <= 7);
        ids.extend(events.iter().map(|event| number(&event["id"])));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(ids.len(), 25);
    assert!(ids.is_sorted_by(|newer, older| newer > older));

    assert_eq!(rig.events(&format!("person={ADA}&kind=message")).await.len(), 5);
    assert_eq!(rig.events("account=shop_ig&kind=message&status=done").await.len(), 5);
    assert_eq!(rig.sends("account=shop_ig").await.len(), 5);
    assert_eq!(rig.events(&format!("account=&person={ADA}&kind=message&status=")).await.len(), 5);
    assert_eq!(rig.sends(&format!("person={ADA}&status=refused")).await.len(), 0);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_reads_show_what_went_over_the_wire() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    let sent = rig.sends_are("sent", 1).await.remove(0);
    let send = rig.json(&rig.admin(&format!("/api/sends/{}", sent["id"].as_str().expect("an id")))).await;
    assert_eq!(
        send["request"],
        json!({"recipient": {"id": ADA}, "messaging_type": "RESPONSE", "message": {"text": "hello"}})
    );
    assert_eq!(
        (&send["account"], &send["person"], &send["recipient"]),
        (&json!("shop"), &json!(ADA), &json!({"id": ADA}))
    );
    let event = rig.json(&rig.admin(&format!("/api/events/{}", send["event_id"].as_str().expect("an id")))).await;
    assert_eq!(event["raw"]["message"]["text"], "hello");
    let at = event["received_at"].as_str().expect("a time");
    assert!(at.ends_with('Z') && at.len() == "2026-11-20T10:00:00.123Z".len(), "{at}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_400_with_a_hint_and_what_is_not_there_404() {
    let rig = Rig::start().await;
    for path in [
        "events?limit=0",
        "events?limit=x",
        "events?after=x",
        "events?status=sleeping",
        "events?kind=letter",
        "sends?status=lost",
    ] {
        let answer = rig.http.get(rig.admin(&format!("/api/{path}"))).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        assert!(body["error"]["hint"].is_string(), "{path}: {body}");
    }
    for path in ["events?account=nobody", "events/7", "events/x", "sends/7", "nothing"] {
        let answer = rig.http.get(rig.admin(&format!("/api/{path}"))).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happened() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    rig.comes_to_rest().await;
    let text = rig.metrics().await;
    for line in [
        "rejoinder_sends_total{account=\"shop\",outcome=\"sent\"} 1",
        "rejoinder_sends_total{account=\"shop\",outcome=\"failed\"} 0",
        "rejoinder_handled_total{account=\"shop\",kind=\"message\",outcome=\"done\"} 1",
        "rejoinder_store_readable 1",
        "rejoinder_events_pending{account=\"shop\"} 0",
        "rejoinder_sends_held{account=\"shop\"} 0",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} in {text}");
    }
    let handled = rig.metric("rejoinder_handler_seconds_count{account=\"shop\"}").await;
    assert!(handled.parse::<u64>().expect("a number") > 0);
    rig.end().await;
}

fn number(id: &Value) -> u64 {
    id.as_str().expect("ids are strings").parse().expect("a number")
}

/// A call of the operator's listener with these headers. Returns its status.
async fn call(rig: &Rig, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let method = method.parse().expect("a method");
    let mut request = rig.http.request(method, rig.admin(path)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_the_servers_reaches_no_api() {
    let rig =
        Rig::with(RigOptions { settings: vec![("admin.hosts", "Ops.example.com".into())], ..RigOptions::default() })
            .await;
    for (host, status) in [
        ("127.0.0.1:1", 200),
        ("127.1.2.3", 200),
        ("localhost:8081", 200),
        ("[::1]:8081", 200),
        ("ops.example.com", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8081", 421),
        ("localhost.evil.example", 421),
        ("10.0.0.1", 421),
    ] {
        assert_eq!(call(&rig, "GET", "/api/events", &[("host", host)], "").await, status, "{host}");
        for path in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(call(&rig, "GET", path, &[("host", host)], "").await, 200, "{path} {host}");
        }
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_sends_nothing() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    let body = json!({"recipient": {"id": ADA}, "message": {"text": "from elsewhere"}}).to_string();
    let json = ("content-type", "application/json");
    for (headers, status) in [
        (vec![("content-type", "text/plain")], 415),
        (vec![("content-type", "application/x-www-form-urlencoded")], 415),
        (vec![], 415),
        (vec![json, ("origin", "http://evil.example")], 403),
        (vec![json, ("origin", "null")], 403),
        (vec![json, ("origin", &rig.meta)], 403),
        (vec![json, ("sec-fetch-site", "cross-site")], 403),
        (vec![json, ("sec-fetch-site", "same-site")], 403),
        (vec![json, ("host", "evil.example")], 421),
    ] {
        assert_eq!(call(&rig, "POST", "/api/accounts/shop/sends", &headers, &body).await, status, "{headers:?}");
    }
    // Without a body, too.
    let id = rig.sends("").await[0]["id"].as_str().expect("an id").to_owned();
    let drop = format!("/api/sends/{id}/drop");
    assert_eq!(call(&rig, "POST", &drop, &[("origin", "http://evil.example")], "").await, 403);
    assert_eq!(call(&rig, "POST", &drop, &[], "").await, 409);
    assert_eq!(rig.sends("").await.len(), 1);
    let own = rig.admin("");
    let headers = [("content-type", "application/json; charset=utf-8"), ("origin", own.as_str())];
    assert_eq!(call(&rig, "POST", "/api/accounts/shop/sends", &headers, &body).await, 202);
    rig.sends_are("sent", 2).await;
    rig.end().await;
}
