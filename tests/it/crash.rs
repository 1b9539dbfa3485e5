//! `kill -9` at any moment, under load, with a Meta that fails: each message is answered once, in order.
//!
//! A few kills here; `CRASH_KILLS=200 cargo test crash` for more.

use std::time::Duration;

use rejoinder::clock::Clock;
use rejoinder::emulator::{Emulator, Person, World};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::harness::binary::Binary;
use crate::harness::{PATIENCE, environment, send_json, settings, world};

const PEOPLE: usize = 6;

/// What goes wrong at Meta, besides the kills.
#[derive(Clone, Copy)]
enum Evidence {
    /// Echoes come, early or late.
    Echoes,
    /// No echo ever comes; the conversations can be read.
    History,
}

struct Scene {
    emulator: Emulator,
    url: String,
    http: Client,
    rng: fastrand::Rng,
    evidence: Evidence,
    _stop: tokio_util::sync::DropGuard,
}

fn crowd() -> World {
    let ids = |number: usize| {
        [
            ("shop".to_owned(), format!("720000000000010{number}")),
            ("shop_ig".to_owned(), format!("910000000000010{number}")),
        ]
    };
    let person = |number| Person { name: format!("person{number}"), ids: ids(number).into() };
    World { people: (0..PEOPLE).map(person).collect(), ..world() }
}

impl Scene {
    async fn new(seed: u64, evidence: Evidence) -> Scene {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let emulator = Emulator::new(crowd(), Clock::system());
        let stop = CancellationToken::new();
        tokio::spawn({
            let (emulator, stop) = (emulator.clone(), stop.clone());
            async move { emulator.serve(listener, stop).await }
        });
        let http = Client::builder().timeout(PATIENCE).build().expect("a client");
        let rng = fastrand::Rng::with_seed(seed);
        Scene { emulator, url, http, rng, evidence, _stop: stop.drop_guard() }
    }

    async fn post(&self, path: &str, body: &Value) {
        let answer = send_json(self.http.post(format!("{}{path}", self.url)), body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path} {body}: {}", answer.text().await.unwrap_or_default());
    }

    /// Something goes wrong next. There may be enough of that already.
    async fn fault(&self, fault: &Value) {
        let url = format!("{}/emulator/faults", self.url);
        send_json(self.http.post(url), fault).send().await.expect("an answer");
    }

    /// Everybody writes a little, and some things go wrong.
    async fn load(&mut self, round: usize) {
        if matches!(self.evidence, Evidence::Echoes) {
            for fault in ["echo_late", "duplicate"] {
                if self.rng.bool() {
                    self.fault(&json!({"push": fault})).await;
                }
            }
        }
        for fault in ["temporary", "lost_answer"] {
            if self.rng.u8(..3) == 0 {
                self.fault(&json!({"send": fault})).await;
            }
        }
        for number in 0..PEOPLE {
            let account = if self.rng.bool() { "shop" } else { "shop_ig" };
            let act = json!({"person": format!("person{number}"), "account": account, "do": "message",
                "text": format!("{round}")});
            self.post("/emulator/act", &act).await;
        }
    }

    /// What a person wrote at an account, and what was answered.
    async fn chat(&self, number: usize, account: &str) -> (Vec<String>, Vec<String>) {
        let url = format!("{}/emulator/chats/{account}/person{number}", self.url);
        let answer = self.http.get(url).send().await.expect("an answer").bytes().await.expect("a body");
        let chat: Value = serde_json::from_slice(&answer).expect("JSON");
        let messages = chat["messages"].as_array().expect("messages");
        let of = |from: &str| {
            let said = messages.iter().filter(|message| message["from"] == from);
            said.map(|message| message["text"].as_str().expect("a text").to_owned()).collect()
        };
        (of("person"), of("business"))
    }
}

async fn survives(evidence: Evidence, seed: u64) {
    let kills = std::env::var("CRASH_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6);
    let mut scene = Scene::new(seed, evidence).await;
    if matches!(evidence, Evidence::History) {
        // More than there will be sends.
        scene.post("/emulator/faults", &json!({"push": "echo_lost", "times": 1_000_000})).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = settings(&scene.url, "rejoinder.db", "echo");
    settings.push(("sender.echo_wait".into(), "1s".into()));
    settings.push(("graph.timeout".into(), "5s".into()));
    let environment = environment(&settings);
    let start = || Binary::start(folder.path(), &["serve"], &environment);
    let mut server = start();
    let (public, _) = server.addresses();
    scene.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    for round in 0..kills {
        scene.load(round).await;
        // Any moment will do: so many looks at a chat later.
        for _ in 0..scene.rng.usize(..120) {
            scene.chat(0, "shop").await;
        }
        server.kill();
        server = start();
        let (public, _) = server.addresses();
        scene.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    }
    let scene = &scene;
    let mut last_words = 0;
    for number in 0..PEOPLE {
        for account in ["shop", "shop_ig"] {
            loop {
                // Whoever hears something new shows that the intake is alive, which a doubt waits for.
                last_words += 1;
                let act = json!({"person": "person0", "account": "shop", "do": "message", "text": format!("last {last_words}")});
                scene.post("/emulator/act", &act).await;
                let settled = until_settled(scene, number, account).await;
                if settled {
                    break;
                }
                assert!(last_words < 200, "person{number} at {account}: {:?}", scene.chat(number, account).await);
            }
        }
    }
    assert!(server.terminate().success());
}

/// Waits a while for all answers. Fails when one is there twice, or out of order.
async fn until_settled(scene: &Scene, number: usize, account: &str) -> bool {
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_secs(6) {
        let (written, answered) = scene.chat(number, account).await;
        assert!(written.starts_with(&answered), "person{number} at {account} wrote {written:?} and heard {answered:?}");
        if written == answered {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_repeat_nothing_with_echoes() {
    survives(Evidence::Echoes, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_repeat_nothing_without_echoes() {
    survives(Evidence::History, 8).await;
}
