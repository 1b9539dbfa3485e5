//! `rejoinder emulator`: the emulated Meta alone, for any bot in any language.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use reqwest::Url;

use super::failure::BadOptions;
use super::signals::Shutdown;
use super::world::{self, WorldArgs, callback, host};
use super::{client, dev, output};
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::settings::{Settings, Sources};

/// The first pause before the callback is tried again; each is twice the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Args, Debug)]
pub(super) struct EmulatorArgs {
    /// Where it listens; port 0 takes a free one [default: 127.0.0.1:8082, or a free port where that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The bot's callback. It is verified as soon as it answers; without one, the app subscribes it as it would with Meta.
    #[arg(long, value_name = "URL", value_parser = callback)]
    webhook: Option<Url>,
    /// A further name by which its control calls and the playground are reached, as that of a container; may be repeated
    #[arg(long = "host", value_name = "NAME", value_parser = host)]
    hosts: Vec<String>,
    /// The admin listener of a Rejoinder server behind the callback, as http://127.0.0.1:8081: the playground then shows what
    /// never left that server. The token is that of REJOINDER_ADMIN__TOKEN; --listen must be on loopback
    #[arg(long, value_name = "URL", value_parser = client::address)]
    server_api: Option<Url>,
    #[command(flatten)]
    world: WorldArgs,
    /// Gives the same ids to the same acts and calls in the same order [default: the time, so that no id comes twice]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl EmulatorArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        self.check()?;
        let mut shutdown = Shutdown::listen()?;
        let mut world = self.world.world()?;
        world.app.hosts.extend(self.hosts);
        let listener = match self.listen {
            Some(address) => world::listen(address).await?,
            None => dev::listen(dev::EMULATOR).await?,
        };
        let emulator = match self.seed {
            Some(seed) => Emulator::seeded(world, Clock::system(), seed),
            None => Emulator::new(world, Clock::system()),
        };
        if let Some(base) = self.server_api {
            let sources = Sources { default_env_file: None, ..Sources::of_process(None, None) };
            emulator.shows_server(base, Settings::load_admin_token(&sources)?, Clock::system());
        }
        let meta = emulator.start(listener)?;
        announce(meta.address())?;
        let subscribing = async {
            match &self.webhook {
                Some(callback) => verified(meta.emulator(), callback).await,
                None => output::talk("no --webhook: webhooks wait until the app subscribes a callback"),
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = shutdown.requested() => {}
            () = subscribing => {}
        }
        Ok(meta.end().await?)
    }

    /// The control routes ask for no token, and with a server they use the operator's.
    fn check(&self) -> Result<(), BadOptions> {
        match self.listen {
            Some(address) if self.server_api.is_some() && !address.ip().to_canonical().is_loopback() => {
                Err(BadOptions(format!(
                    "--server-api needs a --listen on loopback: every caller of {address} could use the server's API\n  \
                    hint: listen on 127.0.0.1, or leave --server-api out"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// Verifies the callback, again and again until the bot is there; says what is in the way, each thing once.
async fn verified(emulator: &Emulator, callback: &Url) {
    let (mut pause, mut told) = (FIRST_PAUSE, String::new());
    loop {
        let problem = match emulator.subscribe(callback.as_str()).await {
            Ok(()) => {
                output::talk(format_args!("{callback} is verified: webhooks go there"));
                return;
            }
            Err(error) => error.to_string(),
        };
        if problem != told {
            output::talk(format_args!("waits for {callback}: {problem}"));
            told = problem;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Graph API    http://{address}")?;
    writeln!(out, "Playground   http://{address}/playground/")?;
    writeln!(out, "Control      http://{address}/emulator/world")?;
    writeln!(out, "Ctrl-C ends it; nothing is kept.")?;
    out.flush()?;
    Ok(())
}
