//! One action on several events or sends: where it cannot be done to one of them the command says so, and goes on.

use std::fmt::Display;

use anyhow::ensure;
use clap::Args;
use reqwest::{Method, StatusCode};

use super::client::ServerArgs;
use super::output;

/// What is asked of `/api/{list}/{id}/{action}`, and how it is talked about.
pub(super) struct BulkAction {
    /// `events`, `sends`.
    pub(super) list: &'static str,
    /// The last segment of the path.
    pub(super) action: &'static str,
    /// What has happened to one, once it has: `is put back`.
    pub(super) done: &'static str,
    /// To which of them it can be done.
    pub(super) only: &'static str,
}

#[derive(Args, Debug)]
pub(super) struct Each {
    /// Their ids.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Each {
    pub(super) async fn run(self, action: &BulkAction) -> anyhow::Result<()> {
        let client = self.server.client()?;
        let BulkAction { list, action, done, only } = *action;
        let one = list.trim_end_matches('s');
        let mut left = 0;
        for id in &self.ids {
            let request = client.request(Method::POST, &[list, &id.to_string(), action], &[]);
            match client.ask(request).await {
                Ok(_) => say(one, id, done)?,
                Err(failure) if failure.is_of_one() => {
                    let failure = failure
                        .or_hint(StatusCode::NOT_FOUND, &format!("`rejoinder {list}` lists what is kept"))
                        .or_hint(StatusCode::CONFLICT, only);
                    output::talk(failure);
                    left += 1;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        ensure!(left == 0, "{left} of {} could not be done", self.ids.len());
        Ok(())
    }
}

fn say(one: &str, id: impl Display, done: &str) -> std::io::Result<()> {
    output::line(format_args!("{one} {id} {done}"))
}
