//! What a relay is asked and what it answers, held to the schema that is served of both: the example bots, the README, and what
//! the relay takes and refuses.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, HOST};
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::client;
use crate::harness::schema::{answer_faults, request_faults};
use crate::harness::skipped::not_run;
use crate::relay::{SECRET, rig};

#[test]
fn the_examples_of_the_readme_are_as_the_schema_says() {
    let blocks = include_str!("../../README.md").split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<Value> = blocks.filter_map(|block| serde_json::from_str(block).ok()).collect();
    let with = |key: &str| examples.iter().find(|example| example.get(key).is_some()).expect("an example");
    assert_eq!(request_faults(with("attempt")), [""; 0]);
    assert_eq!(answer_faults(with("replies")), [""; 0]);
}

/// The schema takes what the relay takes, and names what would be a handler's error or a refused send.
#[test]
fn an_answer_is_described_as_leniently_as_it_is_read() {
    let long = json!({"replies": [{"message": {"text": "Hello"}, "persona_id": "31"}, {"sender_action": "typing_on"},
        {"message": {"text": "x"}, "messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"}], "state": {"step": 3}});
    for good in [
        long,
        json!({}),
        json!(null),
        json!({"replies": null}),
        json!({"replies": []}),
        json!({"replies": [null, {"message": {"text": "x"}}]}),
        json!({"replies": [{"recipient": {"id": 7_200_000_000_000_011_i64}, "message": {"text": "x"}}]}),
        json!({"replies": [{"recipient": null, "message": {"text": "x"}, "tag": null, "sender_action": null}]}),
        json!({"state": null}),
        json!({"state": "any JSON"}),
        json!({"reply": "hello"}),
    ] {
        assert_eq!(answer_faults(&good), [""; 0], "{good}");
    }
    for bad in [
        json!([]),
        json!({"replies": "secret words"}),
        json!({"replies": {"message": {"text": "x"}}}),
        json!({"replies": ["secret words"]}),
        json!({"replies": [{"text": "secret words"}]}),
        json!({"replies": [{"message": "secret words"}]}),
        json!({"replies": [{"sender_action": "dance"}]}),
        json!({"replies": [{"message": {"text": "x"}, "messaging_type": "SHOUT"}]}),
    ] {
        assert_ne!(answer_faults(&bad), [""; 0], "{bad}");
    }
}

/// Stands between the server and a bot, and keeps what one asks and the other answers.
#[derive(Clone)]
struct Witness {
    bot: String,
    http: Client,
    seen: Arc<Mutex<Vec<(Value, Value)>>>,
}

impl Witness {
    fn of(bot: &str) -> Witness {
        Witness { bot: bot.to_owned(), http: client(), seen: Arc::default() }
    }

    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(Witness::pass_on).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn pass_on(State(witness): State<Witness>, mut headers: HeaderMap, asked: Bytes) -> Response {
        headers.remove(HOST);
        headers.remove(CONTENT_LENGTH);
        let answer = witness.http.post(&witness.bot).headers(headers).body(asked.clone()).send().await;
        let answer = answer.expect("the bot answers");
        let (status, answered) = (answer.status(), answer.bytes().await.expect("a body"));
        let json = |body: &[u8]| serde_json::from_slice(body).expect("JSON");
        witness.seen.lock().expect("what was seen").push((json(&asked), json(&answered)));
        (status, answered).into_response()
    }

    /// How many exchanges there were, all of them as the schema says.
    fn told_by_the_schema(&self) -> usize {
        let seen = self.seen.lock().expect("what was seen");
        for (asked, answered) in seen.iter() {
            assert_eq!(request_faults(asked), [""; 0], "{asked}");
            assert_eq!(answer_faults(answered), [""; 0], "{answered}");
        }
        seen.len()
    }
}

/// A bot of the examples, as its own process.
struct Example(Child);

impl Example {
    /// Starts it on a free port; `None` where its language is not installed, which on CI it must be.
    fn start(program: &str, file: &str) -> Option<(Example, String)> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
        let started = Command::new(program)
            .arg(path)
            .arg("0")
            .env("RELAY_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                not_run(&format!("{program} cannot be started: {error}"));
                return None;
            }
        };
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
        let url = line.trim().rsplit(' ').next().expect("an address").to_owned();
        Some((Example(child), url))
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn takes_an_order(program: &str, file: &str) {
    let Some((_example, url)) = Example::start(program, file) else { return };
    let witness = Witness::of(&url);
    let rig = rig(&witness.serve().await, &[]).await;
    let ada = |text: &'static str| rig.says("Ada", "shop", text);
    ada("hello").await;
    rig.sends_are("sent", 1).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "message", "text": "Large", "quick_reply": "L"})).await;
    rig.sends_are("sent", 2).await;
    ada("Baker Street 221b").await;
    rig.until(|| async {
        let chat = rig.chat("shop", "Ada").await;
        let thanked = chat.last().is_some_and(|last| last.contains("large cup") && last.contains("Baker Street 221b"));
        if thanked { Ok(()) } else { Err(format!("{chat:#?} {:#?}", rig.events("kind=message").await)) }
    })
    .await;
    rig.end().await;
    assert_eq!(witness.told_by_the_schema(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_bot_takes_an_order() {
    takes_an_order("python3", "relay.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_bot_takes_an_order() {
    takes_an_order("node", "relay.mjs").await;
}
