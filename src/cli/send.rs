//! `rejoinder send`: says something to a person.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::client::ServerArgs;
use super::failure::{Failure, OutcomeUnknown};
use super::{output, request, wait};

#[derive(Args, Debug)]
pub(super) struct Send {
    /// From whom: the account's name in the settings.
    account: String,
    /// To whom: the person's PSID or IGSID. A file may name another recipient instead.
    #[arg(required_unless_present = "file")]
    person: Option<String>,
    /// What. Several words are joined by spaces.
    #[arg(required_unless_present = "file")]
    text: Vec<String>,
    /// In place of a text: JSON that is a message of the Send API, or a whole request; - for stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// The person who wrote it; without a name, it is the bot's.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// messaging_type of the Send API: RESPONSE, UPDATE, MESSAGE_TAG or UTILITY [default: RESPONSE; with --tag, MESSAGE_TAG]
    #[arg(long, value_name = "TYPE")]
    messaging_type: Option<String>,
    /// The message's tag, for example HUMAN_AGENT (which needs --agent).
    #[arg(long)]
    tag: Option<String>,
    /// Asks policy, and sends nothing.
    #[arg(long)]
    dry_run: bool,
    /// The same key and content again send nothing a second time.
    #[arg(long, visible_alias = "key", value_name = "KEY", value_parser = key)]
    idempotency_key: Option<HeaderValue>,
    /// Waits for the outcome and prints it. Exits with 1 when it was not sent, and with 3 when the outcome is not known
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// The longest wait; what is not settled by then goes on in the server
    #[arg(long, value_name = "DURATION", default_value = "2m", requires = "wait", value_parser = duration)]
    timeout: Duration,
    /// As JSON; with --wait, one object per line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let body = self.body()?;
        let client = self.server.client()?;
        let query: &[_] = if self.dry_run { &[("dry_run", "true")] } else { &[] };
        let mut request = client
            .request(Method::POST, &["accounts", &self.account, "sends"], query)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        match client.ask(request).await {
            Ok(answer) if self.wait => wait::for_outcome(&client, &ids(&answer), self.json, self.timeout).await,
            Ok(answer) => self.show(&answer),
            Err(failure) if failure.may_have_arrived() && !self.dry_run => Err(self.unknown(&failure).into()),
            Err(failure) => {
                if let Some(refusal) = failure.refusal().filter(|_| self.json) {
                    output::object(&refusal, true)?;
                }
                Err(failure
                    .or_hint(StatusCode::NOT_FOUND, "give the account's name in the server's settings")
                    .or_hint(StatusCode::CONFLICT, "this --idempotency-key was used for something else: give another")
                    .into())
            }
        }
    }

    /// The answer to the post was lost.
    fn unknown(&self, failure: &Failure) -> OutcomeUnknown {
        let hint = match self.idempotency_key {
            Some(_) => "the same again, with the same --idempotency-key, sends nothing twice",
            None => "it may have been taken: look with `rejoinder sends` before it is sent again",
        };
        OutcomeUnknown(format!("whether it was taken is not known\n  {failure}\n  hint: {hint}"))
    }

    fn body(&self) -> anyhow::Result<Value> {
        let content = match &self.file {
            Some(file) => request::read(file)?,
            None => request::text(&self.text.join(" ")),
        };
        let named = [
            ("agent", self.agent.clone()),
            ("messaging_type", self.messaging_type.as_ref().map(|kind| kind.to_uppercase())),
            ("tag", self.tag.as_ref().map(|tag| tag.to_uppercase())),
        ];
        request::complete(content, self.person.as_deref(), named)
    }

    /// The ids of the sends, a line each: a long text becomes several.
    fn show(&self, answer: &Value) -> anyhow::Result<()> {
        if self.json {
            output::object(answer, true)?;
        } else if self.dry_run {
            output::line("allowed")?;
        } else {
            ids(answer).iter().try_for_each(output::line)?;
        }
        Ok(())
    }
}

fn ids(answer: &Value) -> Vec<String> {
    let one = [answer["id"].clone()];
    let ids = answer["ids"].as_array().map_or(one.as_slice(), Vec::as_slice);
    ids.iter().map(output::cell).collect()
}

fn key(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "a key is visible characters".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "this is not a duration such as 30s or 2m".to_owned())
}
