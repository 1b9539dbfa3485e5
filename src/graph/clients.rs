//! Makes the clients of the accounts and of the app: what they share is the pool of connections, the app and the settings.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::InvalidHeaderValue;

use super::app::AppClient;
use super::call::Caller;
use super::client::{CallsAs, Client};
use super::credentials::Credentials;
use super::pace::Pace;
use super::token;
use crate::clock::Clock;
use crate::host;
use crate::id::AppId;
use crate::secret::Secret;
use crate::settings::{self, Platform, Settings};

/// Shorter than servers keep an idle connection, so that a send does not go into one that is just being closed.
const IDLE: Duration = Duration::from_secs(20);

/// Makes clients: one for each account, and the app's own.
#[derive(Debug)]
pub(crate) struct Clients {
    http: reqwest::Client,
    app: settings::App,
    graph: settings::Graph,
    sender: settings::Sender,
    clock: Clock,
}

impl Clients {
    /// By these settings.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Result<Clients, reqwest::Error> {
        let (app, graph, sender) = (settings.app.clone(), settings.graph.clone(), settings.sender.clone());
        Ok(Clients { http: http(&graph)?, app, graph, sender, clock })
    }

    /// The client of `account`.
    pub(crate) fn of(&self, account: &settings::Account) -> Client {
        let identity = CallsAs {
            account: account.id.clone(),
            platform: account.platform,
            api: self.api(account.platform),
            node: account.node().to_string(),
            credentials: self
                .credentials(account.platform, &account.access_token)
                .expect("the settings checked that a header can carry the token"),
        };
        let (pace, slots) = (Pace::new(&self.sender, account.platform), self.sender.slots_per_account);
        Client::new(self.http.clone(), identity, (pace, slots), self.clock.clone())
    }

    /// The app's id and its client; none where the settings do not name the app.
    pub(crate) fn app(&self) -> Option<(AppId, AppClient)> {
        let id = self.app.id.clone()?;
        let token = Secret::new(format!("{id}|{}", self.app.secret.expose()));
        let credentials = Credentials::new(&token, Some(&self.app.secret)).ok()?;
        let caller = Caller::new(self.http.clone(), self.api(Platform::Messenger), &[token::PATH], credentials);
        Some((id, AppClient { caller }))
    }

    /// A client's calls carry this token from here on.
    ///
    /// # Errors
    ///
    /// When no header can carry the token.
    pub(crate) fn renew_token(&self, client: &Client, token: &Secret) -> Result<(), InvalidHeaderValue> {
        client.caller.renew(self.credentials(client.platform, token)?);
        Ok(())
    }

    /// With the proof that the caller holds the app's secret; an Instagram account logged in by itself has a secret of its own.
    fn credentials(&self, platform: Platform, token: &Secret) -> Result<Credentials, InvalidHeaderValue> {
        let secret = match platform {
            Platform::Messenger | Platform::Instagram => Some(&self.app.secret),
            Platform::InstagramLogin => self.app.instagram_secret.as_ref(),
        };
        Credentials::new(token, secret)
    }

    /// `{host}/{version}`. An Instagram account logged in by itself has a host of its own.
    fn api(&self, platform: Platform) -> Url {
        let host = match platform {
            Platform::Messenger | Platform::Instagram => &self.graph.url,
            Platform::InstagramLogin => &self.graph.instagram_url,
        };
        let url = format!("{host}/{}", self.graph.version);
        Url::parse(&url).expect("the settings checked the host and the version")
    }
}

/// The connections to Meta. They never follow a redirect and never repeat a request by themselves.
fn http(settings: &settings::Graph) -> reqwest::Result<reqwest::Client> {
    let hosts = [&settings.url, &settings.instagram_url];
    let local =
        hosts.into_iter().any(|url| Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(host::is_loopback)));
    let builder = reqwest::Client::builder();
    // A proxy of the environment is for the world outside; it could not reach this machine's own addresses.
    let builder = if local { builder.no_proxy() } else { builder };
    builder
        .user_agent(concat!("rejoinder/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .pool_idle_timeout(IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
}
