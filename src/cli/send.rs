//! `rejoinder send`: says something to a person.

use clap::Args;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::ServerArgs;
use super::output;

#[derive(Args, Debug)]
pub(super) struct Send {
    /// From whom: the account's name in the settings.
    account: String,
    /// To whom: the person's PSID or IGSID.
    person: String,
    /// What. Several words are joined by spaces.
    #[arg(required = true)]
    text: Vec<String>,
    /// The person who wrote it; without a name, it is the bot's.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Asks policy, and sends nothing.
    #[arg(long)]
    dry_run: bool,
    /// The same key and text again send nothing a second time.
    #[arg(long, value_name = "KEY", value_parser = key)]
    idempotency_key: Option<HeaderValue>,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let client = self.server.client()?;
        let query: &[_] = if self.dry_run { &[("dry_run", "true")] } else { &[] };
        let mut request = client
            .request(Method::POST, &["accounts", &self.account, "sends"], query)
            .header(CONTENT_TYPE, "application/json")
            .body(self.body().to_string());
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        match client.ask(request).await {
            Ok(answer) => self.show(&answer),
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

    fn body(&self) -> Value {
        let mut body = json!({"recipient": {"id": self.person}, "message": {"text": self.text.join(" ")}});
        if let Some(agent) = &self.agent {
            body["agent"] = agent.as_str().into();
        }
        body
    }

    /// The ids of the sends, a line each: a long text becomes several.
    fn show(&self, answer: &Value) -> anyhow::Result<()> {
        if self.json {
            output::object(answer, true)?;
        } else if self.dry_run {
            output::line("allowed")?;
        } else {
            let one = [answer["id"].clone()];
            let ids = answer["ids"].as_array().map_or(one.as_slice(), Vec::as_slice);
            ids.iter().map(output::cell).try_for_each(output::line)?;
        }
        Ok(())
    }
}

fn key(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "a key is visible characters".to_owned())
}
