//! The description of `/api`, held to the routes and to every answer that they give.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::doubt::with_two_held;
use crate::harness::schema::Description;
use crate::harness::{BEN, Rig, RigOptions, delivery, message};

/// Not made here: a store that cannot be read.
const NOT_MADE: [&str; 1] = ["503"];

/// A server, its description, and which answers of which operations were seen to be as described.
struct Check {
    rig: Rig,
    description: Description,
    seen: BTreeSet<(String, String)>,
}

impl Check {
    /// Asks the server for its description, with `token` where it wants one.
    async fn of(rig: Rig, token: &str) -> Check {
        let asked = rig.http.get(rig.admin("/api/openapi.json")).bearer_auth(token).send().await.expect("an answer");
        let description = serde_json::from_slice(&asked.bytes().await.expect("a body")).expect("JSON");
        Check { rig, description: Description(description), seen: BTreeSet::new() }
    }

    /// Calls an operation, as `GET /api/events/{id}`, with `path` in place of its names.
    async fn call(&mut self, operation: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let (method, template) = operation.split_once(' ').expect("a method and a path");
        let described = &self.description.0["paths"][template][method.to_lowercase()];
        assert!(described.is_object(), "{operation} is not described");
        let request = self.rig.http.request(method.parse::<Method>().expect("a method"), self.rig.admin(path));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.body(body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{path}: {status} {bytes:?}"));
        let faults = self.description.faults(described, status, &body);
        assert!(faults.is_empty(), "{operation} {path} {status}: {faults:#?}");
        self.seen.insert((operation.to_owned(), status.to_string()));
        (status, body)
    }

    async fn answers(&mut self, operation: &str, path: &str, status: u16) -> Value {
        let (answered, body) = self.call(operation, path, &[], String::new()).await;
        assert_eq!(answered, status, "{operation} {path}: {body}");
        body
    }

    async fn posted(&mut self, path: &str, body: &Value, key: &str, status: u16) -> Value {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let operation = "POST /api/accounts/{name}/sends";
        let (answered, answer) = self.call(operation, path, &headers, body.to_string()).await;
        assert_eq!(answered, status, "{path}: {answer}");
        answer
    }

    fn operations(&self) -> Vec<(String, &Value)> {
        let paths = self.description.0["paths"].as_object().expect("paths");
        let of_path = |(path, methods): (&String, &'_ Value)| -> Vec<String> {
            methods.as_object().expect("methods").keys().map(|key| format!("{} {path}", key.to_uppercase())).collect()
        };
        let names = paths.iter().flat_map(of_path);
        names.map(|name| (name.clone(), self.operation(&name))).collect()
    }

    fn operation(&self, operation: &str) -> &Value {
        let (method, template) = operation.split_once(' ').expect("a method and a path");
        &self.description.0["paths"][template][method.to_lowercase()]
    }

    async fn every_operation_keeps_strangers_out(&mut self) {
        let names: Vec<_> = self.operations().into_iter().map(|(name, _)| name).collect();
        for operation in names {
            let path = operation.split_once(' ').expect("a path").1.replace(['{', '}'], "");
            for (header, body, status) in [
                (("origin", "http://evil.example"), "", 403),
                (("content-type", "text/plain"), "x", 415),
                (("host", "evil.example"), "", 421),
            ] {
                assert_eq!(self.call(&operation, &path, &[header], body.to_owned()).await.0, status, "{operation}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_true_of_the_routes() {
    // What is routed by its description cannot be without one.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin");
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let source: String = files.map(|file| std::fs::read_to_string(file).expect("text")).collect();
    let source: String = source.split_whitespace().collect();
    let others: Vec<_> = source.split(".route(").skip(1).map(|rest| rest.split(',').next()).collect();
    assert_eq!(others, ["\"/livez\"", "\"/readyz\"", "\"/metrics\""].map(Some));
    let merged: Vec<_> = source.split(".merge(").skip(1).map(|rest| rest.split(')').next()).collect();
    assert_eq!(merged, [Some("api")]);
    assert!([".nest(", ".route_service(", ".fallback("].iter().all(|other| !source.contains(other)));
    let mut check = Check::of(with_two_held().await, "").await;

    sends_of_every_kind(&mut check).await;
    posts(&mut check).await;
    events_and_conversations(&mut check).await;
    check.every_operation_keeps_strangers_out().await;
    let served = check.answers("GET /api/openapi.json", "/api/openapi.json", 200).await;
    assert_eq!((&served, &served["openapi"]), (&check.description.0, &json!("3.1.0")));
    let relay = check.answers("GET /api/relay.schema.json", "/api/relay.schema.json", 200).await;
    assert_eq!(relay, rejoinder::relay::schema());

    let described = check.operations().into_iter().flat_map(|(name, operation)| {
        let statuses = operation["responses"].as_object().expect("answers").keys().cloned();
        statuses.map(move |status| (name.clone(), status))
    });
    let to_make = |(_, status): &(String, String)| !NOT_MADE.contains(&status.as_str()) && status != "401";
    let described: BTreeSet<_> = described.filter(to_make).collect();
    let unseen: Vec<_> = described.difference(&check.seen).collect();
    assert!(unseen.is_empty(), "described, and never answered: {unseen:#?}");
    check.rig.stop_and_end().await;
}

async fn sends_of_every_kind(check: &mut Check) {
    let held = check.rig.sends("status=held").await;
    let first = held[1]["id"].as_str().expect("an id").to_owned();
    let rest = held[0]["id"].as_str().expect("an id").to_owned();
    for (action, id) in [("drop", &rest), ("release", &first)] {
        let operation = format!("POST /api/sends/{{id}}/{action}");
        check.answers(&operation, &format!("/api/sends/%FF/{action}"), 400).await;
        check.answers(&operation, &format!("/api/sends/4711/{action}"), 404).await;
        check.answers(&operation, &format!("/api/sends/{id}/{action}"), 202).await;
        check.answers(&operation, &format!("/api/sends/{id}/{action}"), 409).await;
    }
}

async fn posts(check: &mut Check) {
    let (sends, dry) = ("/api/accounts/shop/sends", "/api/accounts/shop/sends?dry_run=true");
    let text = |text: &str| json!({"recipient": {"id": BEN}, "message": {"text": text}});
    check.posted(sends, &text("too early"), "k1", 422).await;
    check.rig.says("Ben", "shop", "hello").await;
    check.rig.messages_are("done", 1).await;
    check.posted(dry, &text("x"), "k2", 200).await;
    check.posted(sends, &json!({}), "k2", 400).await;
    check.posted("/api/accounts/nobody/sends", &text("x"), "k2", 404).await;
    check.posted(sends, &text(&"x".repeat(300_000)), "k2", 413).await;
    let sent = check.posted(sends, &text("x"), "k2", 202).await;
    check.posted(sends, &text("y"), "k2", 409).await;
    check.rig.sends_are("sent", 2).await;
    check.rig.fault(json!({"send": "token_expired", "times": 1})).await;
    let failed = check.posted(sends, &text("z"), "k3", 202).await;
    check
        .rig
        .until(|| async {
            let failed = check.rig.sends("status=failed&person=7200000000000012").await;
            if failed.is_empty() { Err("not yet".to_owned()) } else { Ok(()) }
        })
        .await;
    for posted in [sent, failed] {
        let path = format!("/api/sends/{}", posted["id"].as_str().expect("an id"));
        check.answers("GET /api/sends/{id}", &path, 200).await;
    }
    check.answers("GET /api/sends/{id}", "/api/sends/%FF", 400).await;
    check.answers("GET /api/sends/{id}", "/api/sends/4711", 404).await;
    let listed = check.answers("GET /api/sends", "/api/sends?limit=500", 200).await;
    let listed = listed["sends"].as_array().expect("sends").iter();
    let statuses: BTreeSet<_> = listed.map(|send| send["status"].to_string()).collect();
    assert!(statuses.len() >= 3, "{statuses:?}");
    check.answers("GET /api/sends", "/api/sends?limit=1", 200).await;
    check.answers("GET /api/sends", "/api/sends?limit=x", 400).await;
    check.answers("GET /api/sends", "/api/sends?account=nobody", 404).await;
}

async fn events_and_conversations(check: &mut Check) {
    let item = message(BEN, "m_1", "hello", check.rig.now());
    assert_eq!(check.rig.deliver(&delivery(&[item, json!(7)])).await, StatusCode::OK);
    check.rig.messages_are("done", 2).await;
    let unreadable = check.rig.events_are("quarantined", 1).await.remove(0);
    let done = check.rig.events("kind=message&status=done").await.remove(0);
    let path = |event: &Value, further: &str| format!("/api/events/{}{further}", event["id"].as_str().expect("an id"));
    for event in [&done, &unreadable] {
        check.answers("GET /api/events/{id}", &path(event, ""), 200).await;
    }
    check.answers("GET /api/events/{id}", "/api/events/%FF", 400).await;
    check.answers("GET /api/events/{id}", "/api/events/4711", 404).await;
    let replay = "POST /api/events/{id}/replay";
    check.answers(replay, &path(&done, "/replay"), 202).await;
    check.answers(replay, &path(&unreadable, "/replay"), 409).await;
    check.answers(replay, "/api/events/%FF/replay", 400).await;
    check.answers(replay, "/api/events/4711/replay", 404).await;
    for (query, status) in [("limit=500", 200), ("limit=1", 200), ("limit=x", 400), ("account=nobody", 404)] {
        check.answers("GET /api/events", &format!("/api/events?{query}"), status).await;
    }
    for (path, status) in [
        (format!("shop/{BEN}"), 200),
        ("shop/4711".to_owned(), 200),
        ("shop/%FF".to_owned(), 400),
        (format!("nobody/{BEN}"), 404),
    ] {
        let path = format!("/api/conversations/{path}");
        check.answers("GET /api/conversations/{account}/{person}", &path, status).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_every_operation_answers_as_described() {
    let settings = vec![("admin.token", "a-token".to_owned())];
    let mut check = Check::of(Rig::with(RigOptions { settings, ..RigOptions::default() }).await, "a-token").await;
    let names: Vec<_> = check.operations().into_iter().map(|(name, _)| name).collect();
    for operation in names {
        let path = operation.split_once(' ').expect("a path").1.replace(['{', '}'], "");
        check.answers(&operation, &path, 401).await;
    }
    check.rig.stop_and_end().await;
}
