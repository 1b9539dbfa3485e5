//! `rejoinder events`: what came in.

use clap::{Args, Subcommand};
use reqwest::StatusCode;

use super::client::ServerArgs;
use super::each::{BulkAction, Each};
use super::list::ListArgs;
use super::output::{self, Columns, cell};
use crate::id::EventId;

const COLUMNS: Columns = Columns {
    names: &["ID", "RECEIVED", "ACCOUNT", "PERSON", "KIND", "STATUS", "ERROR"],
    cells: |event| {
        ["id", "received_at", "account", "person", "kind", "status", "error"].map(|key| cell(&event[key])).into()
    },
};

const REPLAY: BulkAction = BulkAction {
    list: "events",
    action: "replay",
    done: "is put back",
    only: "only dead, done and quarantined events can be put back",
};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Events {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only this kind, as message, postback or echo.
    #[arg(long)]
    kind: Option<String>,
    /// Only this status: pending, running, done, dead, quarantined.
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One event, with the item as Meta sent it.
    Show(Show),
    /// Replays dead, done or quarantined events, each at the end of its conversation.
    Replay(Each),
}

#[derive(Args, Debug)]
struct Show {
    /// The event.
    id: EventId,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Events {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let filter = [("kind", self.kind.as_deref()), ("status", self.status.as_deref())];
        match self.command {
            None => self.list.run("events", &COLUMNS, &filter).await,
            Some(Command::Show(show)) => show.run().await,
            Some(Command::Replay(each)) => each.run(&REPLAY).await,
        }
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<()> {
        let event = self.server.client()?.get(&["events", &self.id.to_string()], &[]).await;
        let hint = "`rejoinder events` lists what is kept; what is done is forgotten after store.keep_events";
        let event = event.map_err(|failure| failure.or_hint(StatusCode::NOT_FOUND, hint))?;
        Ok(output::object(&event, self.json)?)
    }
}
