//! `rejoinder sends`: what went out.

use clap::{Args, Subcommand};
use reqwest::StatusCode;
use serde_json::Value;

use super::client::ServerArgs;
use super::each::{BulkAction, Each};
use super::list::ListArgs;
use super::output::{self, Columns, cell};
use crate::id::SendId;

const COLUMNS: Columns = Columns {
    names: &["ID", "AT", "ACCOUNT", "PERSON", "STATUS", "REASON"],
    cells: |send| {
        let mut cells: Vec<_> = ["id", "at", "account", "person", "status"].map(|key| cell(&send[key])).into();
        cells.push(why(send));
        cells
    },
};

const RELEASE: BulkAction =
    BulkAction { list: "sends", action: "release", done: "is planned again", only: "only held sends can be released" };
const DROP: BulkAction =
    BulkAction { list: "sends", action: "drop", done: "is given up", only: "only held sends can be dropped" };

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Sends {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only this status: planned, sending, sent, refused, failed, in_doubt, held.
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One send, with its request.
    Show(Show),
    /// Sends held sends again, and what was said together with them.
    Release(Each),
    /// Drops held sends: they have failed. The rest of their turn goes on.
    Drop(Each),
}

#[derive(Args, Debug)]
struct Show {
    /// The send.
    id: SendId,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Sends {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self.command {
            None => self.list.run("sends", &COLUMNS, &[("status", self.status.as_deref())]).await,
            Some(Command::Show(show)) => show.run().await,
            Some(Command::Release(each)) => each.run(&RELEASE).await,
            Some(Command::Drop(each)) => each.run(&DROP).await,
        }
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<()> {
        let send = self.server.client()?.get(&["sends", &self.id.to_string()], &[]).await;
        let hint = "`rejoinder sends` lists what is kept; what is settled is forgotten after store.keep_events";
        let send = send.map_err(|failure| failure.or_hint(StatusCode::NOT_FOUND, hint))?;
        Ok(output::object(&send, self.json)?)
    }
}

/// The rule that refused it, where one did, and the reason; or that it arrived more than once.
pub(super) fn why(send: &Value) -> String {
    match (send["rule"].as_str(), send["repeats"].as_u64()) {
        (Some(rule), _) => format!("{}: {}", cell(&rule.into()), cell(&send["reason"])),
        (None, Some(repeats @ 1..)) => format!("it arrived {} times", repeats + 1),
        (None, _) => cell(&send["reason"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_send_says_why_it_is_where_it_is() {
        for (send, said) in [
            (json!({"rule": "P1.1", "reason": "closed", "repeats": 0}), "P1.1: closed"),
            (json!({"rule": null, "reason": "error 2", "repeats": 0}), "error 2"),
            (json!({"rule": null, "reason": null, "repeats": 1}), "it arrived 2 times"),
            (json!({"rule": null, "reason": null, "repeats": 0}), "-"),
        ] {
            assert_eq!(why(&send), said);
        }
    }
}
