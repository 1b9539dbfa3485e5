//! `rejoinder emulator` as its own process, and a bot that knows nothing of this crate.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use rejoinder::emulator::World;
use rejoinder::secret::Secret;
use rejoinder::signature;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::binary::{Binary, command};
use crate::harness::logs::CANARY;
use crate::harness::{ADA, SHOP, client, send_json, until};

/// Says everything back through the Graph API; refuses its first verification, as if it were still starting.
struct Bot {
    secret: Secret,
    is_up: AtomicBool,
    http: Client,
    /// Where Meta is, once it has been verified.
    meta: tokio::sync::watch::Receiver<String>,
}

impl Bot {
    /// Starts it. Returns its callback, and where to say where Meta is.
    async fn start() -> (String, tokio::sync::watch::Sender<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let callback = format!("http://{}/callback", listener.local_addr().expect("an address"));
        let (address, meta) = tokio::sync::watch::channel(String::new());
        let http = client();
        let bot = Bot { secret: Secret::new(app_secret()), is_up: AtomicBool::new(false), http, meta };
        let router = Router::new().route("/callback", get(verify).post(receive)).with_state(Arc::new(bot));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (callback, address)
    }

    async fn answer(&self, item: &Value) {
        let Some(text) = item["message"]["text"].as_str().filter(|_| item["message"]["is_echo"] != true) else {
            return;
        };
        let meta = self.meta.borrow().clone();
        let call =
            json!({"recipient": item["sender"], "messaging_type": "RESPONSE", "message": {"text": format!("{text}!")}});
        let token = World::default().accounts[0].access_token.expose().to_owned();
        let request = self.http.post(format!("{meta}/v26.0/{SHOP}/messages")).bearer_auth(token);
        let answer = send_json(request, &call).send().await.expect("Meta answers");
        assert_eq!(answer.status(), 200);
    }
}

async fn verify(State(bot): State<Arc<Bot>>, RawQuery(query): RawQuery) -> (StatusCode, String) {
    let query = query.expect("a query");
    let pair = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap_or_default().to_owned();
    if !bot.is_up.swap(true, Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting".to_owned());
    }
    match pair("hub.verify_token=") == verify_token() {
        true => (StatusCode::OK, pair("hub.challenge=")),
        false => (StatusCode::FORBIDDEN, String::new()),
    }
}

async fn receive(State(bot): State<Arc<Bot>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(header) = headers.get(signature::HEADER) else { return StatusCode::UNAUTHORIZED };
    if !signature::Verifier::of([&bot.secret]).verify(header.as_bytes(), &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    for entry in body["entry"].as_array().expect("entries") {
        for item in entry["messaging"].as_array().into_iter().flatten() {
            bot.answer(item).await;
        }
    }
    StatusCode::OK
}

fn app_secret() -> String {
    format!("{CANARY}-secret")
}

fn verify_token() -> String {
    format!("{CANARY}-token")
}

fn start(folder: &Path, arguments: &[&str]) -> (Binary, String) {
    let mut emulator = Binary::start(folder, &[&["emulator"], arguments].concat(), &[]);
    let line = emulator.line_with("Graph API");
    let address = line.split_whitespace().last().expect("an address").to_owned();
    (emulator, address)
}

/// Waits until it has said `words`; stdout and stderr are read side by side, so that they may have come already.
fn has_said(emulator: &mut Binary, words: &str) {
    if !emulator.log.iter().any(|line| line.contains(words)) {
        emulator.line_with(words);
    }
}

async fn json(http: &Client, url: String) -> Value {
    let answer = http.get(url).send().await.expect("an answer");
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_another_process_holds_a_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let (callback, address) = Bot::start().await;
    let (secret, token) = (app_secret(), verify_token());
    let arguments =
        ["--listen", "127.0.0.1:0", "--webhook", &callback, "--app-secret", &secret, "--verify-token", &token];
    let (mut emulator, meta) = start(folder.path(), &arguments);
    address.send(meta.clone()).expect("the bot lives");
    has_said(&mut emulator, "waits for http://");
    has_said(&mut emulator, "is verified");
    let http = client();
    let world = json(&http, format!("{meta}/emulator/world")).await;
    assert_eq!((&world["app"]["secret"], &world["app"]["verify_token"]), (&json!(secret), &json!(token)));
    let act = json!({"person": "Ada", "account": "shop", "do": "message", "text": "Grüße"});
    let answer = send_json(http.post(format!("{meta}/emulator/act")), &act).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let chat = until(|| async {
        let chat = json(&http, format!("{meta}/emulator/chats/shop/Ada")).await;
        if chat["messages"].as_array().is_some_and(|all| all.len() == 2) { Ok(chat) } else { Err(chat.to_string()) }
    })
    .await;
    assert_eq!((&chat["messages"][1]["text"], &chat["messages"][1]["from"]), (&json!("Grüße!"), &json!("business")));
    emulator.signal("INT");
    assert!(emulator.ended().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_from_a_file_is_served_and_waits_for_its_callback() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/world.toml");
    let (mut emulator, meta) = start(folder.path(), &["--listen", "127.0.0.1:0", "--world", example]);
    has_said(&mut emulator, "no --webhook");
    let http = client();
    let world = json(&http, format!("{meta}/emulator/world")).await;
    assert_eq!((&world["accounts"][2]["name"], &world["people"][0]["ids"]["shop"]), (&json!("studio"), &json!(ADA)));
    let subscription = json(&http, format!("{meta}/emulator/subscribe")).await;
    assert_eq!(subscription, json!({"callback": null, "unsubscribed": []}));
    assert!(emulator.terminate().success());
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("world.toml"), "people = []\naccounts = []\n").expect("a file");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (arguments, code, expected) in [
        (vec!["--world", "world.toml"], 2, "accounts: there is none\n    hint: "),
        (vec!["--world", "nowhere.toml"], 2, "nowhere.toml cannot be read: "),
        (vec!["--listen", &address], 1, "\n  hint: choose another --listen"),
        (vec!["--listen", "127.0.0.1:0", "--webhook", "callback"], 2, "is not an http or https address\n  hint: "),
        (vec!["--app-secret", ""], 2, "--app-secret"),
        // The missing world ends it where the combination is not refused before.
        (
            vec!["--server-api", "http://127.0.0.1:1", "--listen", "0.0.0.0:0", "--world", "nowhere.toml"],
            2,
            "--server-api needs a --listen on loopback: every caller of 0.0.0.0:0 could use the server's API\n  hint: ",
        ),
        (
            vec!["--server-api", "http://127.0.0.1:1", "--listen", "[::1]:0", "--world", "nowhere.toml"],
            2,
            "nowhere.toml cannot be read: ",
        ),
        (
            vec!["--host", "emulator:8082"],
            2,
            "is not a host such as ops.example.com or 10.0.0.7, without a port\n  hint: ",
        ),
    ] {
        let output = command(folder.path(), &[&["emulator"], &arguments[..]].concat(), &[]).output().expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {talk}");
        assert!(talk.contains(expected), "{expected:?} in {talk}");
    }
}
