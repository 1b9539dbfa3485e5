//! `rejoinder trigger`: one signed event, as Meta would post it.

use anyhow::{bail, ensure};
use clap::Args;
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};

use super::client::{address, http, local};
use super::failure::Failure;
use super::item::{Item, Kind};
use super::output;
use super::settings_args::SettingsArgs;
use crate::bot::Handlers;
use crate::clock::Clock;
use crate::emulator::escape;
use crate::settings::{Account, Settings};
use crate::signature;

#[derive(Args, Debug)]
pub(super) struct Trigger {
    /// What happens.
    kind: Kind,
    /// At which account, by its name in the settings; needed where there are several.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// By whom: a PSID or an IGSID. Without one, the person whom the emulated Meta knows as Ada.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// The text of a message or an echo, the payload of a postback, the emoji of a reaction, the ref of a referral or an
    /// opt-in.
    #[arg(long)]
    text: Option<String>,
    /// The webhook, in place of the one at server.listen.
    #[arg(long, value_name = "URL", value_parser = address)]
    webhook: Option<Url>,
    #[command(flatten)]
    settings: SettingsArgs,
}

impl Trigger {
    pub(super) async fn run(self, handlers: &Handlers) -> anyhow::Result<()> {
        let settings = Settings::load(&self.settings.sources(), &handlers.names())?;
        let (name, account) = self.account(&settings)?;
        let person = self.person.as_deref();
        let item = Item::new(self.kind, account, person, self.text.as_deref(), Clock::system().now())?;
        let webhook = self.webhook.clone().unwrap_or_else(|| {
            let mut url = local(settings.server.listen);
            url.set_path("/webhook");
            url
        });
        let body = escape(&item.delivery());
        let signed = signature::sign(&settings.app.secret, &body);
        let request = http(&webhook)?.post(webhook.clone()).header(CONTENT_TYPE, "application/json");
        let answer = request.header(signature::HEADER, signed).body(body).send().await;
        let status = answer.map_err(|error| Failure::unreachable(&webhook, error))?.status();
        ensure!(status == StatusCode::OK, "{webhook}: answered {status}{}", hint(status));
        output::line(format_args!("{status}: {} of {} at {name}", self.kind, item.person))?;
        Ok(())
    }

    fn account<'a>(&self, settings: &'a Settings) -> anyhow::Result<(&'a str, &'a Account)> {
        let known = settings.accounts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut accounts = settings.accounts.iter().map(|(name, account)| (name.as_str(), account));
        let account = match &self.account {
            Some(given) => accounts.find(|(name, _)| name.eq_ignore_ascii_case(given)),
            None if settings.accounts.len() > 1 => bail!("there are several accounts\n  hint: give --account: {known}"),
            None => accounts.next(),
        };
        match (account, &self.account) {
            (Some(account), _) => Ok(account),
            (None, Some(given)) if !known.is_empty() => {
                bail!("there is no account {given:?}\n  hint: there are: {known}")
            }
            _ => bail!("no account is configured\n  hint: see accounts.<name> in config/default.toml"),
        }
    }
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "\n  hint: the server has another app.secret than these settings",
        StatusCode::NOT_FOUND => "\n  hint: is this the webhook's address? it ends in /webhook",
        StatusCode::SERVICE_UNAVAILABLE => "\n  hint: the server cannot keep events now; its log says why",
        _ => "",
    }
}
