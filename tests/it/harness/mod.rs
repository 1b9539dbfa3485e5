//! A server and an emulated Meta for one test, on free ports, a temporary store and a clock that stands until it is moved.
//!
//! A test ends with [`Rig::end`], which fails when work is left over, when Meta had to refuse a send and the test did not ask
//! for that, or when a secret was logged.

pub mod binary;
pub mod bots;
pub mod chromium;
pub mod logs;
pub mod meta;
mod options;
pub mod posts;
pub mod python;
pub mod refusals;
pub mod request;
pub mod schema;
pub mod script;
pub mod scripted;
pub mod skipped;
pub mod wall;

use std::net::SocketAddr;
use std::time::Duration;

use rejoinder::app::App;
use rejoinder::clock::{Clock, Timestamp};
use rejoinder::emulator::{Emulator, Running};
use rejoinder::settings::{Settings, Sources};
use rejoinder::{Handlers, signature};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;

pub use options::{RigOptions, environment, settings, world};
use refusals::Refusals;

/// How long nothing may change on the busiest machine before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at a server that is still at work.
const BETWEEN_TWO_LOOKS: Duration = Duration::from_millis(2);

pub const SHOP: &str = "104000000000001";
pub const SHOP_ON_INSTAGRAM: &str = "17841400000000001";
pub const ADA: &str = "7200000000000011";
pub const BEN: &str = "7200000000000012";
pub const ADA_ON_INSTAGRAM: &str = "9100000000000021";

/// A client with patience. It uses no connection again that a server may be about to close.
pub fn client() -> Client {
    let client = Client::builder().timeout(PATIENCE).pool_idle_timeout(Duration::from_secs(2));
    client.build().expect("a client")
}

pub struct Rig {
    pub app: Option<App>,
    pub clock: Clock,
    pub http: Client,
    pub meta: String,
    pub folder: TempDir,
    emulator: Option<Running>,
    settings: Settings,
    handlers: Handlers,
    refusals: Refusals,
    ended: bool,
}

impl Rig {
    pub async fn start() -> Rig {
        Rig::with(RigOptions::default()).await
    }

    pub async fn with(options: RigOptions) -> Rig {
        logs::watch();
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::standing(Clock::system().now());
        let emulator = Emulator::new(options.world, clock.clone()).start_anywhere().await.expect("a port");
        let meta = emulator.url();
        let store = folder.path().join("rejoinder.db").display().to_string();
        let mut pairs = settings(&meta, &store, options.handler);
        pairs.extend(options.settings.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let sources = Sources { environment: environment(&pairs), ..Sources::default() };
        let settings = Settings::load(&sources, &options.handlers.names()).expect("valid settings");
        let http = client();
        let mut rig = Rig {
            app: None,
            clock,
            http,
            meta,
            folder,
            emulator: Some(emulator),
            settings,
            handlers: options.handlers,
            refusals: Refusals::default(),
            ended: false,
        };
        rig.start_app().await;
        if options.shows_server {
            rig.show_server();
        }
        if options.subscribe {
            rig.subscribe().await;
        }
        rig
    }

    pub async fn start_app(&mut self) {
        let app = App::start(self.settings.clone(), &self.handlers, self.clock.clone()).await;
        self.app = Some(app.expect("the server starts"));
    }

    pub async fn stop_app(&mut self) {
        self.app.take().expect("a server that runs").stop().await;
    }

    /// Tells the emulated Meta where the server's operator's API is, with the tests' token where it has one.
    pub fn show_server(&self) {
        let token = self.settings.admin.token.clone();
        self.emulator().shows_server(self.admin("/").parse().expect("an address"), token, self.clock.clone());
    }

    /// Lets the emulated Meta push to the server.
    pub async fn subscribe(&self) {
        self.emulator().subscribe(&self.public("/webhook")).await.expect("the callback is verified");
    }

    fn emulator(&self) -> &Emulator {
        self.emulator.as_ref().expect("an emulator that runs").emulator()
    }

    pub fn public(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("a server that runs").public)
    }

    pub fn admin(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("a server that runs").admin)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A person does something; Meta tells of it.
    pub async fn act(&self, act: Value) {
        let url = format!("{}/emulator/act", self.meta);
        let answer = send_json(self.http.post(url), &act).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{act}: {}", answer.text().await.unwrap_or_default());
    }

    pub async fn says(&self, person: &str, account: &str, text: &str) {
        self.act(json!({"person": person, "account": account, "do": "message", "text": text})).await;
    }

    /// What goes wrong at Meta next.
    pub async fn fault(&self, fault: Value) {
        self.refusals.expect_fault(fault["send"].as_str());
        let url = format!("{}/emulator/faults", self.meta);
        let answer = send_json(self.http.post(url), &fault).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{fault}");
    }

    /// From here on Meta may refuse what is sent.
    pub fn expect_refusals(&self) {
        self.refusals.expect();
    }

    /// What stands in a chat, as `person: …` and `business: …`.
    pub async fn chat(&self, account: &str, person: &str) -> Vec<String> {
        let chat = self.json(&format!("{}/emulator/chats/{account}/{person}", self.meta)).await;
        let line = |message: &Value| {
            let text = message["text"].as_str().or(message["postback"]["title"].as_str()).unwrap_or("…");
            format!("{}: {text}", message["from"].as_str().expect("who said it"))
        };
        chat["messages"].as_array().expect("messages").iter().map(line).collect()
    }

    /// Waits until a chat reads so.
    pub async fn chat_reads(&self, account: &str, person: &str, expected: &[&str]) {
        self.until(|| async {
            let chat = self.chat(account, person).await;
            if chat == expected { Ok(()) } else { Err(format!("{chat:#?}")) }
        })
        .await;
    }

    /// A delivery that Meta signed, straight to the webhook.
    pub async fn deliver(&self, body: &Value) -> StatusCode {
        let body = body.to_string();
        let header = signature::sign(&world().app.secret, body.as_bytes());
        self.post_webhook(&[(signature::HEADER, &header)], body.into_bytes()).await
    }

    /// A delivery straight to the webhook. The emulated Meta knows nothing of what it tells, and may refuse the answers to whom
    /// it names.
    pub async fn post_webhook(&self, headers: &[(&str, &str)], body: Vec<u8>) -> StatusCode {
        self.refusals.expect_strangers();
        let mut request = self.http.post(self.public("/webhook")).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer").status()
    }

    pub async fn json(&self, url: &str) -> Value {
        let answer = self.http.get(url).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    pub async fn events(&self, query: &str) -> Vec<Value> {
        self.list("events", query).await
    }

    pub async fn sends(&self, query: &str) -> Vec<Value> {
        self.list("sends", query).await
    }

    async fn list(&self, what: &str, query: &str) -> Vec<Value> {
        let answer = self.json(&self.admin(&format!("/api/{what}?limit=500&{query}"))).await;
        answer[what].as_array().unwrap_or_else(|| panic!("a list in {answer}")).clone()
    }

    /// Waits until so many events have a status.
    pub async fn events_are(&self, status: &str, count: usize) -> Vec<Value> {
        self.counted("events", &format!("status={status}"), count).await
    }

    /// Waits until so many messages have a status, whatever came of their answers.
    pub async fn messages_are(&self, status: &str, count: usize) -> Vec<Value> {
        self.counted("events", &format!("kind=message&status={status}"), count).await
    }

    /// Waits until so many sends have a status.
    pub async fn sends_are(&self, status: &str, count: usize) -> Vec<Value> {
        self.counted("sends", &format!("status={status}"), count).await
    }

    /// Waits until all that Meta tells of a person has been told and handled, one receipt for each answer: they come after it, and
    /// a handler that has one in hand when the clock is moved has passed its deadline.
    pub async fn nothing_is_left_of(&self, person: &str, receipts: usize) {
        self.counted("events", &format!("person={person}&kind=delivery&status=done"), receipts).await;
        self.until(|| async {
            let mut left = Vec::new();
            for status in ["pending", "running"] {
                left.extend(self.list("events", &format!("person={person}&status={status}")).await);
            }
            if self.emulator().is_at_rest() && left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
        })
        .await;
    }

    /// Waits until all that Meta tells has been told, and nothing goes on before an event that has failed is tried again.
    pub async fn nothing_is_left_of_but_a_retry(&self) {
        self.until(|| async {
            let running = self.list("events", "status=running").await;
            let pending = self.list("events", "status=pending").await;
            let waits = running.is_empty() && pending.iter().any(|event| event["attempts"] == 1);
            if waits && self.emulator().is_at_rest() { Ok(()) } else { Err(format!("{running:#?} {pending:#?}")) }
        })
        .await;
    }

    /// Whether nothing is left to do before the clock moves: no webhook, no event, no send.
    pub async fn is_at_rest(&self) -> bool {
        let app = self.app.as_ref().expect("a server that runs");
        // The server twice: what it was doing at the first look may have given Meta something to do, and the reverse.
        app.is_at_rest().await && self.emulator().is_at_rest() && app.is_at_rest().await
    }

    /// Waits until nothing is left to do before the clock moves.
    pub async fn comes_to_rest(&self) {
        self.until(|| async { if self.is_at_rest().await { Ok(()) } else { Err("not at rest".to_owned()) } }).await;
    }

    /// The metrics, as Prometheus reads them.
    pub async fn metrics(&self) -> String {
        self.http.get(self.admin("/metrics")).send().await.expect("an answer").text().await.expect("text")
    }

    /// The number that `/metrics` shows for a name with its labels.
    pub async fn metric(&self, row: &str) -> String {
        let text = self.metrics().await;
        let found = text.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{row} in {text}")).to_owned()
    }

    async fn counted(&self, what: &str, query: &str, count: usize) -> Vec<Value> {
        self.until(|| async {
            let rows = self.list(what, query).await;
            if rows.len() == count { Ok(rows) } else { Err(format!("{what}?{query}: {rows:#?}")) }
        })
        .await
    }

    /// Asks again and again, for as long as the busiest machine may need.
    pub async fn until<T, F: Future<Output = Result<T, String>>>(&self, ask: impl Fn() -> F) -> T {
        until(ask).await
    }

    /// Stops everything without asking what is left, for a server whose API is locked.
    pub async fn stop_and_end(mut self) {
        self.stop_app().await;
        self.end().await;
    }

    /// Stops everything; fails when work is left over.
    pub async fn end(mut self) {
        if self.app.is_some() {
            for status in ["pending", "running"] {
                self.events_are(status, 0).await;
            }
            for status in ["planned", "sending"] {
                self.sends_are(status, 0).await;
            }
            self.stop_app().await;
        }
        let exchanges = self.json(&format!("{}/emulator/exchanges", self.meta)).await;
        self.refusals.check(exchanges["exchanges"].as_array().expect("exchanges"));
        self.emulator.take().expect("an emulator that runs").end().await.expect("the emulator ends");
        logs::check();
        self.ended = true;
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        assert!(self.ended || std::thread::panicking(), "a test ends with `rig.end()`");
    }
}

pub async fn until<T, F: Future<Output = Result<T, String>>>(ask: impl Fn() -> F) -> T {
    let started = std::time::Instant::now();
    let (mut last, mut since) = (String::new(), started);
    loop {
        match ask().await {
            Ok(found) => return found,
            // On a busy machine things come about slowly; a test gives up when nothing does any more.
            Err(seen) if seen != last && started.elapsed() < 10 * PATIENCE => {
                (last, since) = (seen, std::time::Instant::now())
            }
            Err(seen) if since.elapsed() > PATIENCE => panic!("it did not come about; last seen: {seen}"),
            Err(_) => {}
        }
        // Leaves the processor to what is waited for. No test depends on how long this is.
        tokio::time::sleep(BETWEEN_TWO_LOOKS).await;
    }
}

/// A port on which nothing listens, kept from other tests for as long as the socket is.
pub fn vacant() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// A process's memory, in KiB.
pub fn resident(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

pub fn send_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// A delivery of `items` for the Page.
pub fn delivery(items: &[Value]) -> Value {
    json!({"object": "page", "entry": [{"id": SHOP, "time": 1, "messaging": items}]})
}

/// A person's message as it stands in a delivery.
pub fn message(person: &str, mid: &str, text: &str, at: Timestamp) -> Value {
    json!({"sender": {"id": person}, "recipient": {"id": SHOP}, "timestamp": at.0, "message": {"mid": mid, "text": text}})
}
