//! What the commands that start an emulated Meta have in common: its world, its bot's callback, its listener.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use reqwest::Url;
use tokio::net::TcpListener;

use crate::emulator::World;
use crate::host::{is_host, no_host};
use crate::secret::Secret;

/// Which world.
#[derive(Args, Debug)]
pub(super) struct WorldArgs {
    /// What webhooks are signed with, in place of the world's.
    #[arg(long, value_name = "SECRET", value_parser = NonEmptyStringValueParser::new())]
    app_secret: Option<String>,
    /// What the verification of the webhook carries, in place of the world's.
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new())]
    verify_token: Option<String>,
    /// App, accounts and people, as in examples/world.toml. Without one: `shop`, `shop_ig`; Ada, Ben.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
}

impl WorldArgs {
    /// The world of the file, or the default one, with what is given in place of its own.
    pub(super) fn world(&self) -> anyhow::Result<World> {
        let mut world = self.world.as_deref().map(World::read).transpose()?.unwrap_or_default();
        if let Some(secret) = &self.app_secret {
            world.app.secret = Secret::new(secret.as_str());
        }
        if let Some(token) = &self.verify_token {
            world.app.verify_token = Secret::new(token.as_str());
        }
        Ok(world)
    }
}

/// Reads an argument that is a bot's callback. Unlike a server's address it may carry a query, as Meta's callbacks do.
pub(super) fn callback(text: &str) -> Result<Url, String> {
    let address = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    address.ok_or_else(|| {
        "this is not an http or https address\n  hint: where the bot takes webhooks, as http://127.0.0.1:3000/webhook"
            .to_owned()
    })
}

/// Reads an argument that is a further name of a listener.
pub(super) fn host(text: &str) -> Result<String, String> {
    match is_host(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("{}\n  hint: give its name alone, as emulator: it counts for every port", no_host(text))),
    }
}

/// Listens on the address that was asked for, and on no other.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        anyhow!("cannot listen on {address}: {error}\n  hint: choose another --listen; port 0 takes a free one")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_may_carry_a_query() {
        for good in ["http://bot/hook?tenant=3", "https://bot.example.com/webhook"] {
            assert_eq!(callback(good).as_ref().map(Url::as_str), Ok(good));
        }
        for bad in ["nonsense", "bot:3000", "ftp://bot/hook", "http://"] {
            assert!(callback(bad).is_err(), "{bad}");
        }
    }
}
