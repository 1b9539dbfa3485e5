//! The command line: one command per file.
//!
//! stdout is data, stderr is talk. Bad options, bad settings, a bad world and bad scripts exit with 2 and name every fault;
//! anything else that goes wrong exits with 1 and says what, and why. Where it is not known whether a send was made, the code
//! is 3.

mod client;
mod dev;
mod each;
mod emulator;
mod events;
mod failure;
mod healthcheck;
mod item;
mod list;
mod output;
mod panics;
mod request;
mod send;
mod sends;
mod serve;
mod settings_args;
mod signals;
mod test;
mod trigger;
mod wait;
mod world;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::bot::Handlers;
use crate::emulator::WorldError;
use crate::settings::{Faults, LogFormat, Settings};
use crate::telemetry::Lines;
use crate::testkit::scenario;
use failure::{BadOptions, OutcomeUnknown};
use settings_args::SettingsArgs;

/// A chatbot server for Facebook Pages and Instagram.
#[derive(Debug, Parser)]
#[command(name = "rejoinder", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Server, emulated Meta and playground in one process, on a temporary store. Needs no settings.
    Dev(dev::Dev),
    /// The emulated Meta alone, for any bot in any language.
    Emulator(emulator::EmulatorArgs),
    /// The server, from settings.
    Serve(SettingsArgs),
    /// What came in: a list, one event, one put back.
    Events(events::Events),
    /// What went out: a list, one send.
    Sends(sends::Sends),
    /// Says something to a person, as policy allows.
    Send(send::Send),
    /// Posts one signed event to the server's webhook, as Meta would.
    Trigger(trigger::Trigger),
    /// Plays conversations, written as scripts, against a bot.
    Test(test::Test),
    /// Exits with 0 when a running server takes deliveries, with 1 when it does not.
    Healthcheck(healthcheck::Healthcheck),
}

impl Command {
    /// What the command line's own reader does not see.
    fn contradiction(&self) -> Option<&'static str> {
        match self {
            Command::Test(test) => test.contradiction(),
            _ => None,
        }
    }

    /// What is logged where `RUST_LOG` does not say.
    fn log(&self) -> &'static str {
        match self {
            // A server for each script, on a store that is always new, is nothing to tell of.
            Command::Test(_) => "warn,rejoinder::store=error",
            _ => "info",
        }
    }

    /// Text or JSON lines; only `serve` has a setting for it. Faults of the settings are told when all of them are loaded.
    fn lines(&self) -> Lines {
        match self {
            Command::Serve(settings) => match Settings::load_log(&settings.sources()) {
                Ok(log) if log.format == LogFormat::Json => Lines::Json,
                _ => Lines::Text,
            },
            _ => Lines::Text,
        }
    }
}

/// Runs the command line with `handlers`: the whole of a bot's `main`.
///
/// ```no_run
/// # use rejoinder::{Context, Event, Handler};
/// # struct Shop;
/// # impl Handler for Shop {
/// #     async fn handle(&self, _: &mut Context, _: &Event) -> anyhow::Result<()> { Ok(()) }
/// # }
/// fn main() -> std::process::ExitCode {
///     rejoinder::run(rejoinder::handlers::all().with("shop", Shop))
/// }
/// ```
pub fn run(handlers: Handlers) -> ExitCode {
    let cli = Cli::parse();
    if let Some(problem) = cli.command.contradiction() {
        Cli::command().error(ErrorKind::ArgumentConflict, problem).exit();
    }
    crate::telemetry::init(cli.command.log(), cli.command.lines());
    panics::quiet_about_people();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error.into()),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Dev(dev) => dev.run(handlers).await,
            Command::Emulator(emulator) => emulator.run().await,
            Command::Serve(settings) => serve::run(&settings, handlers).await,
            Command::Events(events) => events.run().await,
            Command::Sends(sends) => sends.run().await,
            Command::Send(send) => send.run().await,
            Command::Trigger(trigger) => trigger.run(&handlers).await,
            Command::Test(test) => test.run(handlers).await,
            Command::Healthcheck(check) => check.run().await,
        }
    });
    // A handler that blocks its thread must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // `rejoinder events | head`: who read has seen enough.
        Err(error) if output::nobody_reads(&error) => ExitCode::SUCCESS,
        Err(error) => told(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the command line talks on stderr")]
fn told(error: &anyhow::Error) -> ExitCode {
    eprintln!("rejoinder: {error:#}");
    let is_bad_input =
        error.is::<Faults>() || error.is::<WorldError>() || error.is::<scenario::Faults>() || error.is::<BadOptions>();
    if is_bad_input {
        ExitCode::from(2)
    } else if error.is::<OutcomeUnknown>() {
        ExitCode::from(3)
    } else {
        ExitCode::FAILURE
    }
}
