//! The emulator as a bot meets it: by HTTP, on a port of its own, with a bot that only listens.

mod acts;
mod bodies;
mod business;
mod clients;
mod comments;
mod consent;
mod control;
mod graph;
mod oddities;
mod pushes;
mod reports;
mod rules;
mod sends;
mod server;
mod subscriptions;
mod world_file;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Timestamp};

use super::exchange::Kind;
use super::state::Notice;
use super::{Emulator, Running, World};

const START: i64 = 1_790_000_000_000;
const HOUR: i64 = 3_600_000;

/// A delivery as the bot got it.
struct Push {
    headers: HeaderMap,
    bytes: Bytes,
}

impl Push {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("a delivery is JSON")
    }

    fn item(&self) -> Value {
        self.json()["entry"][0]["messaging"][0].clone()
    }
}

/// How the bot answers a delivery, by its text.
type Answers = Arc<Mutex<Box<dyn FnMut(&str) -> u16 + Send>>>;

#[derive(Clone)]
struct Bot {
    pushes: mpsc::Sender<Push>,
    answers: Answers,
}

/// An emulator, a bot, and a client to drive them with.
struct Bench {
    emulator: Emulator,
    clock: Clock,
    url: String,
    bot_url: String,
    http: reqwest::Client,
    pushes: mpsc::Receiver<Push>,
    notices: broadcast::Receiver<Notice>,
    answers: Answers,
    stop: CancellationToken,
    served: Running,
}

impl Bench {
    /// With a bot that is subscribed and answers 200.
    async fn new() -> Bench {
        let bench = Bench::unsubscribed(World::default()).await;
        bench.emulator.subscribe(&bench.bot_url).await.expect("the bot is subscribed");
        bench
    }

    async fn unsubscribed(world: World) -> Bench {
        let clock = Clock::standing(Timestamp(START));
        Bench::of(Emulator::new(world, clock.clone()), clock).await
    }

    async fn of(emulator: Emulator, clock: Clock) -> Bench {
        let served = emulator.clone().start_anywhere().await.expect("a free port");
        let (url, stop) = (served.url(), CancellationToken::new());
        let (sender, pushes) = mpsc::channel(100);
        let answers: Answers = Arc::new(Mutex::new(Box::new(|_| 200)));
        let bot_url = bot(Bot { pushes: sender, answers: answers.clone() }, stop.clone()).await;
        let (http, notices) = (super::push::client(), emulator.shared.watch());
        Bench { emulator, clock, url, bot_url, http, pushes, notices, answers, stop, served }
    }

    fn answer(&self, answers: impl FnMut(&str) -> u16 + Send + 'static) {
        *self.answers.lock().expect("nobody panics") = Box::new(answers);
    }

    async fn request(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("the emulator answers");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a body");
        (status, serde_json::from_slice(&bytes).expect("the answer is JSON"))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.request(self.http.get(format!("{}{path}", self.url))).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        self.request(request.body(body.to_string())).await
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body.clone()).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    /// Ada does something at `shop`, unless `act` says otherwise. Returns the item that is queued, null where none is.
    async fn act(&self, act: Value) -> Value {
        self.entries(act).await.into_iter().next().map_or(Value::Null, |entry| entry["messaging"][0].clone())
    }

    /// The same for what is told as a change.
    async fn change(&self, act: Value) -> Value {
        self.entries(act).await[0]["changes"][0].clone()
    }

    /// The entries of all that is queued.
    async fn entries(&self, act: Value) -> Vec<Value> {
        let answer = self.control("/emulator/act", with(json!({"person": "Ada", "account": "shop"}), act)).await;
        let pushed = answer["pushed"].as_array().expect("a list").iter();
        pushed.map(|body| body["entry"][0].clone()).collect()
    }

    /// Why Ada cannot do it.
    async fn refused(&self, act: Value) -> String {
        let act = with(json!({"person": "Ada", "account": "shop"}), act);
        let (status, answer) = self.post("/emulator/act", act).await;
        assert_eq!(status, 400, "{answer}");
        answer["error"]["hint"].as_str().expect("a refusal has a hint").to_owned()
    }

    /// Sends to Ada, with the Page's token.
    async fn send(&self, call: Value) -> (u16, Value) {
        let token = World::default().accounts[0].access_token.expose().to_owned();
        let call = with(json!({"recipient": {"id": "7200000000000011"}, "access_token": token}), call);
        self.post("/v26.0/104000000000001/messages", call).await
    }

    /// Sends, and says which error came of it.
    async fn send_error(&self, call: Value) -> (Value, Value) {
        let (status, answer) = self.send(call).await;
        assert_eq!(status, 400, "{answer}");
        (answer["error"]["code"].clone(), answer["error"]["error_subcode"].clone())
    }

    async fn next(&mut self) -> Push {
        let next = tokio::time::timeout(Duration::from_secs(20), self.pushes.recv());
        next.await.expect("a delivery comes").expect("the bot listens")
    }

    async fn next_item(&mut self) -> Value {
        self.next().await.item()
    }

    /// Waits until one more delivery is settled: the bot has it before the emulator knows what came of it, and a clock that
    /// moves in between moves the next attempt with it.
    async fn settled(&mut self) {
        let settled = async {
            loop {
                match self.notices.recv().await.expect("the emulator lives") {
                    Notice::Exchange(exchange) if exchange.kind == Kind::Webhook => return,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settled).await.expect("a delivery is settled");
    }

    async fn chat(&self) -> Value {
        self.get("/emulator/chats/shop/Ada").await
    }

    async fn end(self) {
        self.stop.cancel();
        let served = tokio::time::timeout(Duration::from_secs(20), self.served.end()).await;
        served.expect("the emulator ends").expect("nothing panicked, and the listener held");
    }
}

fn with(mut one: Value, other: Value) -> Value {
    let Value::Object(other) = other else { panic!("not an object: {other}") };
    one.as_object_mut().expect("an object").extend(other);
    one
}

async fn bot(bot: Bot, stop: CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/webhook?x=1", listener.local_addr().expect("an address"));
    let router = Router::new().route("/webhook", get(verify).post(receive)).with_state(bot);
    tokio::spawn(async move {
        tokio::select! {
            served = axum::serve(listener, router).into_future() => served.expect("the bot serves"),
            () = stop.cancelled() => {}
        }
    });
    url
}

async fn verify(RawQuery(query): RawQuery) -> (StatusCode, String) {
    let query = query.expect("a verification has a query");
    let pair =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    assert_eq!((pair("hub.mode"), pair("x")), ("subscribe", "1"));
    match pair("hub.verify_token") {
        "emulated-verify-token" => (StatusCode::OK, pair("hub.challenge").to_owned()),
        "another" => (StatusCode::OK, "hello".to_owned()),
        _ => (StatusCode::FORBIDDEN, String::new()),
    }
}

async fn receive(State(bot): State<Bot>, headers: HeaderMap, bytes: Bytes) -> StatusCode {
    let status = (bot.answers.lock().expect("nobody panics"))(&String::from_utf8_lossy(&bytes));
    bot.pushes.send(Push { headers, bytes }).await.expect("the test listens");
    StatusCode::from_u16(status).expect("a status")
}
