//! `rejoinder dev`: a server, an emulated Meta and the playground, on a temporary store.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use clap::Args;
use tokio::net::TcpListener;

use super::client;
use super::signals::Shutdown;
use super::world::host;
use crate::app::App;
use crate::bot::Handlers;
use crate::clock::Clock;
use crate::emulator::{Emulator, World};
use crate::settings::{RELAY, Settings, Sources};
use crate::testkit::settings_of;

/// Where the emulated Meta is by default.
pub(super) const EMULATOR: &str = "127.0.0.1:8082";

#[derive(Args, Debug)]
pub(super) struct Dev {
    /// The handler that answers on every account.
    #[arg(long, value_name = "NAME", default_value = "echo")]
    handler: String,
    /// A bot in any language that answers on every account: where it answers.
    #[arg(long, value_name = "URL", conflicts_with = "handler")]
    relay: Option<String>,
    /// A further name by which the playground and /api are reached, as that of a forwarder; may be repeated
    #[arg(long = "host", value_name = "NAME", value_parser = host)]
    hosts: Vec<String>,
}

impl Dev {
    pub(super) async fn run(self, handlers: Handlers) -> anyhow::Result<()> {
        let mut shutdown = Shutdown::listen()?;
        let folder = tempfile::tempdir().context("a temporary folder for the store")?;
        let clock = Clock::system();
        let mut world = World::default();
        // A bot that is written here serves its pictures here.
        world.app.local_media = true;
        world.app.hosts.clone_from(&self.hosts);
        let listener = listen(EMULATOR).await?;
        let environment = self.environment(&world, listener.local_addr()?, folder.path());
        let settings = Settings::load(&Sources { environment, ..Sources::default() }, &handlers.names())?;

        let meta = Emulator::new(world, clock.clone()).start(listener)?;
        let app = App::start_for_invented_people(settings, &handlers, clock.clone()).await?;
        meta.emulator().shows_server(client::local(app.admin), None, clock.clone());
        let callback = format!("http://{}/webhook", app.public);
        meta.emulator().subscribe(&callback).await.context("the emulated Meta could not verify the callback")?;
        announce(meta.address(), &app)?;
        let failed = tokio::select! {
            () = shutdown.requested() => false,
            () = app.failed() => true,
        };
        // The server first: the emulated Meta still answers what is on its way.
        app.stop().await;
        meta.end().await?;
        ensure!(!failed, "a part of the server has ended unexpectedly");
        Ok(())
    }

    fn environment(&self, world: &World, meta: SocketAddr, folder: &std::path::Path) -> Vec<(String, String)> {
        let handler = if self.relay.is_some() { RELAY } else { &self.handler };
        let store = folder.join("rejoinder.db").display().to_string();
        let mut environment = settings_of(world, &format!("http://{meta}"), &store, handler);
        let mut set = |name: &str, value: String| environment.push((format!("REJOINDER_{name}"), value));
        set("SERVER__LISTEN", "127.0.0.1:8080".to_owned());
        set("ADMIN__LISTEN", "127.0.0.1:8081".to_owned());
        set("ADMIN__HOSTS", self.hosts.join(","));
        if let Some(url) = &self.relay {
            set("RELAY__URL", url.clone());
        }
        environment
    }
}

/// Listens on the address, or on a free port where it is taken.
pub(super) async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind("127.0.0.1:0").await.context("no port is free"),
    }
}

fn announce(meta: SocketAddr, app: &App) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Playground   http://{meta}/playground/")?;
    writeln!(out, "Webhook      http://{}/webhook", app.public)?;
    writeln!(out, "Admin API    http://{}/api/events", app.admin)?;
    writeln!(out, "Ctrl-C ends it; nothing is kept.")?;
    out.flush()?;
    Ok(())
}
