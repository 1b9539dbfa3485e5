//! `kill -9` at any moment, under load, with a Meta that fails: each message is answered once, in order; and where there is no
//! evidence whatever, the operator is told of each send that may be missing.
//!
//! A few kills here; `CRASH_KILLS=200 cargo test crash` for more.

use std::collections::BTreeSet;
use std::time::Duration;

use rejoinder::emulator::{Person, World};
use serde_json::{Value, json};

use crate::harness::binary::Binary;
use crate::harness::meta::Meta;
use crate::harness::wall::{Lets, Wall};
use crate::harness::{environment, send_json, settings, world};

const PEOPLE: usize = 7;

/// Whoever hears something new shows that the intake is alive, which a doubt waits for. Nobody else writes at rest.
const BYSTANDER: usize = PEOPLE - 1;

/// By what a doubt may be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// Echoes come, early or late.
    Echoes,
    /// No echo ever comes; the conversations can be read.
    History,
    /// No echo ever comes, and no conversation can be read: `on_doubt` decides.
    Nothing { on_doubt: &'static str },
}

struct Scene {
    meta: Meta,
    rng: fastrand::Rng,
    evidence: Evidence,
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
        Scene { meta: Meta::with(crowd()).await, rng: fastrand::Rng::with_seed(seed), evidence }
    }

    /// Something goes wrong next. There may be enough of that already.
    async fn fault(&self, fault: &Value) {
        let url = format!("{}/emulator/faults", self.meta.url);
        send_json(self.meta.http.post(url), fault).send().await.expect("an answer");
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
        for number in 0..BYSTANDER {
            let account = if self.rng.bool() { "shop" } else { "shop_ig" };
            self.meta.says(&format!("person{number}"), account, &format!("{round}")).await;
        }
    }

    /// What a person wrote at an account, and what was answered.
    async fn chat(&self, number: usize, account: &str) -> (Vec<String>, Vec<String>) {
        let chat = self.meta.json(format!("{}/emulator/chats/{account}/person{number}", self.meta.url)).await;
        let messages = chat["messages"].as_array().expect("messages");
        let of = |from: &str| {
            let said = messages.iter().filter(|message| message["from"] == from);
            said.map(|message| message["text"].as_str().expect("a text").to_owned()).collect()
        };
        (of("person"), of("business"))
    }

    /// Whether everything has come to its end; fails when something was said twice, or out of order.
    async fn is_at_rest(&self, admin: &str) -> bool {
        let mut all_written = 0;
        for number in 0..PEOPLE {
            for account in ACCOUNTS {
                let (written, mut answered) = self.chat(number, account).await;
                if self.evidence == (Evidence::Nothing { on_doubt: "resend" }) {
                    answered.dedup();
                }
                all_written += written.len();
                let mut rest = written.iter();
                let in_order = answered.iter().all(|answer| rest.any(|word| word == answer));
                let may_lack = self.evidence == (Evidence::Nothing { on_doubt: "hold" });
                if !in_order || !(may_lack || written.starts_with(&answered)) {
                    let person = &crowd().people[number].ids[account];
                    let sends = self.listed(admin, "sends", &format!("account={account}&person={person}")).await;
                    let odd: Vec<_> = sends.iter().filter(|send| send["status"] != "sent").collect();
                    panic!("person{number} at {account} wrote {written:?} and heard {answered:?}: {odd:#?}");
                }
            }
        }
        // What a dead server did not take is told again, a while later.
        if self.listed(admin, "events", "kind=message").await.len() < all_written {
            return false;
        }
        // Events once more after the sends: a send that ended between the two looks has told its outcome as an event.
        for (what, statuses) in [("events", OPEN_EVENTS), ("sends", OPEN_SENDS), ("events", OPEN_EVENTS)] {
            for status in statuses {
                if !self.listed(admin, what, &format!("status={status}")).await.is_empty() {
                    return false;
                }
            }
        }
        true
    }

    /// All pages of a list.
    async fn listed(&self, admin: &str, what: &str, query: &str) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let url = format!("http://{admin}/api/{what}?limit=500&{query}{after}");
            let page = self.meta.json(url).await;
            rows.extend(page[what].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next"].as_str() else { return rows };
            after = format!("&after={next}");
        }
    }
}

const ACCOUNTS: [&str; 2] = ["shop", "shop_ig"];
const OPEN_EVENTS: &[&str] = &["pending", "running"];

/// In the order in which a send goes through them, and round again: none slips by between two looks.
const OPEN_SENDS: &[&str] = &["in_doubt", "planned", "sending", "in_doubt", "planned"];

async fn survives(evidence: Evidence, seed: u64) {
    let kills = std::env::var("CRASH_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6);
    let mut scene = Scene::new(seed, evidence).await;
    if evidence != Evidence::Echoes {
        // More than there will be sends.
        scene.fault(&json!({"push": "echo_lost", "times": 1_000_000})).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = settings(&scene.meta.url, "rejoinder.db", "echo");
    let hasty = [("sender.echo_wait", "1s"), ("sender.retry_first", "200ms"), ("graph.timeout", "5s")];
    settings.extend(hasty.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let mut behind = None;
    if let Evidence::Nothing { on_doubt } = evidence {
        let wall = Wall::new(Lets::Sends).await;
        wall.stands_before(&scene.meta.url);
        settings.push(("graph.url".into(), wall.url.clone()));
        behind = Some(wall);
        settings.push(("sender.give_up_after".into(), "2s".into()));
        settings.extend(ACCOUNTS.map(|account| (format!("accounts.{account}.on_doubt"), on_doubt.to_owned())));
    }
    let environment = environment(&settings);
    let start = || Binary::start(folder.path(), &["serve"], &environment);
    let mut server = start();
    let (public, mut admin) = server.addresses();
    scene.meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    for round in 0..kills {
        scene.load(round).await;
        // Any moment will do: so many looks at a chat later.
        for _ in 0..scene.rng.usize(..120) {
            scene.chat(0, "shop").await;
        }
        // Meta lets a conversation be looked at twice a second: who dies more often than that never knows.
        if scene.rng.u8(..4) == 0 {
            come_to_rest(&mut scene, &admin).await;
        }
        server.kill();
        server = start();
        let public;
        (public, admin) = server.addresses();
        scene.meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    }
    come_to_rest(&mut scene, &admin).await;
    audit(&scene, &admin).await;
    assert!(server.terminate().success());
    drop(behind);
}

async fn come_to_rest(scene: &mut Scene, admin: &str) {
    for _ in 0..100 {
        let text = format!("hello? {}", scene.rng.u64(..));
        scene.meta.says(&format!("person{BYSTANDER}"), "shop", &text).await;
        let started = std::time::Instant::now();
        while started.elapsed() < Duration::from_secs(3) {
            // The server twice: what it was doing at the first look may have given Meta something to tell, what was written and
            // what was lost in a crash among it.
            let rests = scene.is_at_rest(admin).await;
            if rests && scene.meta.emulator.has_told_all() && scene.is_at_rest(admin).await {
                return;
            }
        }
    }
    let open = scene.listed(admin, "sends", "status=in_doubt").await;
    panic!("it never comes to rest: {open:#?}");
}

/// Each message was answered, or stands in the list of those of which nobody can tell.
#[expect(clippy::print_stdout, reason = "what was counted is for whoever asked for more")]
async fn audit(scene: &Scene, admin: &str) {
    let events = scene.listed(admin, "events", "").await;
    assert!(events.iter().all(|event| event["status"] == "done"), "{events:#?}");
    let held = scene.listed(admin, "sends", "status=held").await;
    let mut told = BTreeSet::new();
    for send in &held {
        let whole = scene.meta.json(format!("http://{admin}/api/sends/{}", send["id"].as_str().expect("an id"))).await;
        let text = whole["request"]["message"]["text"].as_str().expect("a text").to_owned();
        told.insert((send["account"].clone().to_string(), send["person"].to_string(), text));
    }
    let sends = scene.listed(admin, "sends", "").await;
    let whole = |send: &&Value| ["sent", "held"].contains(&send["status"].as_str().expect("a status"));
    assert!(sends.iter().all(|send| whole(&send) && send["repeats"] == 0), "{sends:#?}");
    assert!(held.is_empty() || scene.evidence == (Evidence::Nothing { on_doubt: "hold" }), "{held:#?}");
    let mut missing = 0;
    for number in 0..PEOPLE {
        for account in ACCOUNTS {
            let (written, answered) = scene.chat(number, account).await;
            let lacking: Vec<_> = written.iter().filter(|word| !answered.contains(word)).collect();
            missing += lacking.len();
            for word in lacking {
                let person = &crowd().people[number].ids[account];
                let of = (json!(account).to_string(), json!(person).to_string(), word.clone());
                assert!(told.contains(&of), "nobody is told that {of:?} may be missing");
            }
        }
    }
    println!(
        "{:?}: {} events, {} sends, {} held, {missing} of them did not arrive",
        scene.evidence,
        events.len(),
        sends.len(),
        held.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_repeat_nothing_with_echoes() {
    survives(Evidence::Echoes, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_and_repeat_nothing_without_echoes() {
    survives(Evidence::History, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_repeat_nothing_and_tell_of_what_may_be_missing_without_any_evidence() {
    survives(Evidence::Nothing { on_doubt: "hold" }, 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_without_any_evidence_where_the_account_wants_that() {
    survives(Evidence::Nothing { on_doubt: "resend" }, 10).await;
}
