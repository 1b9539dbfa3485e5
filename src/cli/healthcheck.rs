//! `rejoinder healthcheck`: whether a running server takes deliveries, for orchestrators that run a command to find out.

use anyhow::bail;
use clap::Args;

use super::client::ServerArgs;

#[derive(Args, Debug)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    server: ServerArgs,
}

impl Healthcheck {
    /// Ends well when the server is ready, and tells why it is not.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self.server.client()?.readiness().await? {
            None => Ok(()),
            Some(reason) => bail!("the server is not ready: {reason}"),
        }
    }
}
