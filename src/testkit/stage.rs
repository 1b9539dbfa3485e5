//! The server, the emulated Meta and the clock of one test.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::settings_of;
use super::trouble::{self, Trouble};
use crate::app::App;
use crate::bot::{Handler, Handlers};
use crate::clock::{Clock, Timestamp};
use crate::emulator::{Emulator, Running, World};
use crate::settings::{Settings, Sources};

/// How long the busiest machine may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bot on the real server, talking to an emulated Meta, on a temporary store and a clock that stands until
/// [`wait`](Stage::wait) moves it. The world is the emulator's default one: `shop`, a Page, and `shop_ig`, an Instagram
/// account; Ada and Ben.
///
/// On a stage a bot's words are its own: its accounts are `hybrid`, so that a silent handler is not helped out by the fallback,
/// and do not disclose themselves. A test of those sets `accounts.shop.bot` to `automated`, or
/// `accounts.shop.disclosure.enabled` to `true`.
#[derive(Debug)]
pub struct Stage {
    app: App,
    clock: Clock,
    meta: Running,
    http: Client,
    /// The troubles that were told.
    told: Mutex<HashSet<String>>,
    _folder: TempDir,
}

impl Stage {
    /// A stage on which `handler` answers on every account.
    ///
    /// # Panics
    ///
    /// When the stage cannot be set up: no port, no temporary folder.
    pub async fn with(handler: impl Handler) -> Stage {
        Stage::of(Handlers::new().with("bot", handler), "bot", &[]).await
    }

    /// A stage on which the handler of this name (which may be `relay`) answers, with further settings by their keys:
    /// `("accounts.shop.handler_deadline", "5s")`.
    ///
    /// # Panics
    ///
    /// When the stage cannot be set up: bad settings, no port, no temporary folder.
    pub async fn of(handlers: Handlers, handler: &str, settings: &[(&str, &str)]) -> Stage {
        let stage = Stage::set_up(World::default(), &handlers, handler, settings).await;
        stage.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// As [`Stage::of`], in any world; where it cannot be set up, that is an error.
    pub(crate) async fn set_up(
        world: World,
        handlers: &Handlers,
        handler: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Stage> {
        let folder = tempfile::tempdir().context("a temporary folder for the store")?;
        let clock = Clock::standing(Clock::system().now());
        let meta = Emulator::new(world.clone(), clock.clone()).start_anywhere().await.context("no port is free")?;
        let store = folder.path().join("rejoinder.db").display().to_string();
        let mut environment = settings_of(&world, &meta.url(), &store, handler);
        let anywhere = [("server.listen", "127.0.0.1:0"), ("admin.listen", "127.0.0.1:0")];
        environment.extend(anywhere.map(|(key, value)| in_environment(key, value)));
        for account in &world.accounts {
            let own_words = [("bot", "hybrid"), ("disclosure.enabled", "false")];
            let key = |key: &str| format!("accounts.{}.{key}", account.name);
            environment.extend(own_words.map(|(word, value)| in_environment(&key(word), value)));
        }
        environment.extend(settings.iter().map(|(key, value)| in_environment(key, value)));
        let settings = Settings::load(&Sources { environment, ..Sources::default() }, &handlers.names())?;

        let app = App::start_for_invented_people(settings, handlers, clock.clone()).await?;
        let callback = format!("http://{}/webhook", app.public);
        meta.emulator().subscribe(&callback).await.context("the emulated Meta could not verify the callback")?;
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Stage { app, clock, meta, http, told: Mutex::default(), _folder: folder })
    }

    /// Time passes, and whatever is due by then happens.
    pub async fn wait(&self, duration: Duration) {
        self.rest().await;
        self.clock.advance(duration);
        self.rest().await;
    }

    /// The present moment on the stage.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The address of the emulated Meta.
    pub(crate) fn meta(&self) -> String {
        self.meta.url()
    }

    /// The address of the operator's API.
    pub fn admin(&self) -> String {
        format!("http://{}", self.app.admin)
    }

    /// Returns when nothing is left to do before the clock moves: no webhook, no event, no send.
    ///
    /// # Panics
    ///
    /// When it does not come to that, as when a handler never returns.
    pub async fn rest(&self) {
        if !self.rests_within(PATIENCE).await {
            panic!("the bot is still at work after a minute{}", self.troubles_behind("; ").await);
        }
    }

    /// What the server refused or failed so far, a line for each event or send: "send 3 was refused by P1.1: …", "event 2
    /// (message): attempt 1 failed: …".
    pub async fn troubles(&self) -> Vec<String> {
        self.rest().await;
        self.known_troubles().await.into_iter().map(|trouble| trouble.line).collect()
    }

    /// The same as it is now, while the bot may be at work.
    pub(crate) async fn known_troubles(&self) -> Vec<Trouble> {
        trouble::troubles(self.app.store()).await.expect("the stage's store can be read")
    }

    /// What there is of it, behind `mark`; nothing where nothing went wrong.
    pub(super) async fn troubles_behind(&self, mark: &str) -> String {
        self.known_troubles().await.iter().map(|trouble| format!("{mark}{}", trouble.line)).collect()
    }

    /// Tells each trouble once, where a test that fails shows it.
    #[expect(clippy::print_stderr, reason = "the test harness shows it with a test that fails, and hides it otherwise")]
    pub(super) async fn tell_troubles(&self) {
        for Trouble { line, .. } in self.known_troubles().await {
            let is_new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone());
            if is_new {
                eprintln!("on the stage: {line}");
            }
        }
    }

    /// As [`Stage::rest`], for as long as `patience`. False when it did not come to that.
    pub(crate) async fn rests_within(&self, patience: Duration) -> bool {
        let started = std::time::Instant::now();
        // The server twice: what it was doing at the first look may have given Meta something to do, and the reverse.
        while !(self.app.is_at_rest().await && self.meta.emulator().is_at_rest() && self.app.is_at_rest().await) {
            if started.elapsed() >= patience {
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    }

    /// Ends the test. What the server refused or failed is told on stderr.
    ///
    /// # Panics
    ///
    /// When the emulated Meta has panicked.
    pub async fn end(self) {
        self.tell_troubles().await;
        self.app.stop().await;
        self.meta.end().await.expect("the emulated Meta did not panic");
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (bool, Value) {
        let request = self.http.post(format!("{}{path}", self.meta())).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.expect("the emulator answers");
        let succeeded = answer.status().is_success();
        (succeeded, read(answer).await)
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.meta())).send().await.expect("the emulator answers");
        let (status, body) = (answer.status(), read(answer).await);
        assert!(status.is_success(), "{path}: {body}");
        body
    }
}

async fn read(answer: reqwest::Response) -> Value {
    let body = answer.bytes().await.expect("the emulator's answer has a body");
    serde_json::from_slice(&body).expect("the emulator answers JSON")
}

fn in_environment(key: &str, value: &str) -> (String, String) {
    (format!("REJOINDER_{}", key.to_uppercase().replace('.', "__")), value.to_owned())
}
