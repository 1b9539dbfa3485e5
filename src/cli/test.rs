//! `rejoinder test`: conversations as scripts, played against a bot.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use clap::{ArgGroup, Args};
use reqwest::Url;

use super::output;
use super::signals::Shutdown;
use super::world::{self, WorldArgs, callback};
use crate::bot::Handlers;
use crate::clock::Clock;
use crate::emulator::{Emulator, SubscribeError, World};
use crate::settings::RELAY;
use crate::testkit::Stage;
use crate::testkit::scenario::{self, Bot, Control, Fault, Faults, Foreign, Report, Script};

/// The largest file that is read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// How often a bot that is not up yet is tried.
const TRY_EVERY: Duration = Duration::from_millis(200);

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("bot").required(true))]
pub(super) struct Test {
    /// The scripts (see docs/scenarios.md).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A bot that runs somewhere: where it takes webhooks.
    #[arg(long, value_name = "URL", group = "bot", value_parser = callback)]
    webhook: Option<Url>,
    /// A handler of this program, on a server and a store of its own for each script.
    #[arg(long, value_name = "NAME", group = "bot")]
    handler: Option<String>,
    /// A bot behind this program's relay: where it answers.
    #[arg(long, value_name = "URL", group = "bot")]
    relay: Option<String>,
    /// Where the emulated Meta listens, so that the bot can be told beforehand.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", conflicts_with_all = ["handler", "relay"])]
    listen: SocketAddr,
    #[command(flatten)]
    world: WorldArgs,
    /// How long the bot may take to come up. Only for --webhook.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration,
        conflicts_with_all = ["handler", "relay"])]
    start_within: Duration,
    /// How long a step waits for the bot, in real time.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    patience: Duration,
    /// How long a bot has to be silent to have nothing more to say, in real time. Only for --webhook.
    #[arg(long, value_name = "DURATION", default_value = "500ms", value_parser = humantime::parse_duration,
        conflicts_with_all = ["handler", "relay"])]
    settle: Duration,
    /// As JSON Lines, one for each script.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(super) async fn run(self, handlers: Handlers) -> anyhow::Result<()> {
        let mut shutdown = Shutdown::listen()?;
        let (world, scripts) = self.read()?;
        let played = async {
            match &self.webhook {
                Some(webhook) => self.foreign(world, &scripts, webhook).await,
                None => self.staged(&world, &scripts, &handlers).await,
            }
        };
        let failed = tokio::select! {
            failed = played => failed?,
            () = shutdown.requested() => bail!("interrupted"),
        };
        ensure!(failed == 0, "{failed} of {} failed", scripts.len());
        Ok(())
    }

    /// The options that contradict each other: no bot could ever be silent for long enough.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        (self.webhook.is_some() && self.settle >= self.patience).then_some(
            "--settle is not shorter than --patience: no bot could be silent for long enough\n  hint: give more --patience",
        )
    }

    /// The world and the scripts, or every fault in them.
    fn read(&self) -> anyhow::Result<(World, Vec<Script>)> {
        let world = self.world.world()?;
        let (mut scripts, mut faults) = (Vec::new(), Faults::default());
        for path in &self.files {
            let name = path.display().to_string();
            match text_of(path).and_then(|text| scenario::read(&name, &text, &world)) {
                Ok(script) => scripts.push(script),
                Err(found) => faults.0.extend(found),
            }
        }
        if faults.0.is_empty() { Ok((world, scripts)) } else { Err(faults.into()) }
    }

    /// Plays against a bot that runs somewhere. Returns how many scripts failed.
    async fn foreign(&self, world: World, scripts: &[Script], webhook: &Url) -> anyhow::Result<usize> {
        let listener = world::listen(self.listen).await?;
        let meta = Emulator::new(world, Clock::system()).start(listener)?;
        output::talk(format_args!("the Graph API is {}", meta.url()));
        self.subscribe(meta.emulator(), webhook).await?;
        let foreign = Foreign { emulator: meta.emulator().clone(), settle: self.settle };
        let (control, bot) = (Control::of(&meta.url())?, Bot::Foreign(foreign));
        let mut failed = 0;
        for script in scripts {
            failed += self.told(&scenario::play(script, &bot, &control, self.patience).await?)?;
        }
        meta.end().await?;
        Ok(failed)
    }

    /// Verifies the webhook, as soon as the bot is up.
    async fn subscribe(&self, emulator: &Emulator, webhook: &Url) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let error = match emulator.subscribe(webhook.as_str()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let may_come_up = match &error {
                SubscribeError::Unreachable(_) => true,
                SubscribeError::Refused(status) => *status >= 500,
                _ => false,
            };
            if !may_come_up || started.elapsed() >= self.start_within {
                let hint =
                    "has the bot this Graph API's address, app secret and verify token? --start-within waits longer";
                bail!("{webhook} cannot be tested: {error}\n  hint: {hint}");
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    /// Plays against a handler of this program, each script on a stage of its own. Returns how many scripts failed.
    async fn staged(&self, world: &World, scripts: &[Script], handlers: &Handlers) -> anyhow::Result<usize> {
        let mut failed = 0;
        for script in scripts {
            let stage = match (&self.handler, &self.relay) {
                (Some(handler), _) => Stage::set_up(world.clone(), handlers, handler, &[]).await?,
                (None, relay) => {
                    let settings = [("relay.url", relay.as_deref().unwrap_or_default())];
                    Stage::set_up(world.clone(), handlers, RELAY, &settings).await?
                }
            };
            let (control, bot) = (Control::of(&stage.meta())?, Bot::Staged(Box::new(stage)));
            let report = scenario::play(script, &bot, &control, self.patience).await?;
            failed += self.told(&report)?;
            if let Bot::Staged(stage) = bot {
                stage.end().await;
            }
        }
        Ok(failed)
    }

    /// Prints a report. Returns how many it counts for among those that failed.
    fn told(&self, report: &Report) -> io::Result<usize> {
        match self.print(report) {
            // Where the output is closed, the exit code still tells.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(usize::from(!report.passed())),
        }
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        // Takes the colours out where the output does not show them.
        let mut out = anstream::stdout().lock();
        if self.json {
            writeln!(out, "{}", report.json())?;
        } else {
            write!(out, "{}", report.text())?;
        }
        out.flush()
    }
}

fn text_of(path: &std::path::Path) -> Result<String, Vec<Fault>> {
    let fault = |problem: String| vec![Fault::of_file(&path.display().to_string(), problem)];
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LARGEST_FILE => Err(fault("is larger than 1 MiB".to_owned())),
        Ok(_) => Ok(text),
        Err(error) => Err(fault(format!("cannot be read: {error}"))),
    }
}
