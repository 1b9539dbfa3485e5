//! One account's client.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};

use super::answer;
use super::error::SendError;
use super::gate::Gate;
use super::pace::Pace;
use crate::clock::{Clock, Timestamp};
use crate::id::{AccountId, MessageId};
use crate::message::Request;
use crate::policy::Permit;
use crate::settings::{self, Platform, Settings};
use crate::signature;

/// Answers are a few hundred bytes; what is longer is not one.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Shorter than servers keep an idle connection, so that a send does not go into one that is just being closed.
const IDLE: Duration = Duration::from_secs(20);

/// A send that Meta took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The message's id; sender actions have none.
    pub message_id: Option<MessageId>,
}

/// The Graph API as one account calls it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    account: AccountId,
    messages: Url,
    authorization: HeaderValue,
    returns_metadata: bool,
    pace: Pace,
    gate: Gate,
    clock: Clock,
}

/// The connections to Meta, shared by all accounts. Never follows a redirect and never repeats a request by itself.
pub fn http(settings: &settings::Graph) -> reqwest::Result<reqwest::Client> {
    let hosts = [&settings.url, &settings.instagram_url];
    let local = hosts.into_iter().any(|url| Url::parse(url).is_ok_and(|url| is_loopback(&url)));
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

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Client {
    /// The client of `account`.
    pub fn new(http: reqwest::Client, settings: &Settings, account: &settings::Account, clock: Clock) -> Client {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", account.access_token.expose()))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        authorization.set_sensitive(true);
        Client {
            http,
            account: account.id.clone(),
            messages: messages_url(settings, account),
            authorization,
            returns_metadata: !account.platform.is_instagram(),
            pace: Pace::new(&settings.sender, account.platform),
            gate: Gate::open(),
            clock,
        }
    }

    /// Whether the account's platform gives `message.metadata` back in the echo.
    pub fn returns_metadata(&self) -> bool {
        self.returns_metadata
    }

    /// When the account may call again; in the past when it may now.
    pub fn open_at(&self) -> Timestamp {
        self.gate.open_at()
    }

    /// Waits for the request's turn among the account's sends.
    pub async fn turn(&self, request: &Request) {
        self.pace.turn(request).await;
    }

    /// Sends what the permit allows.
    ///
    /// # Errors
    ///
    /// By what the caller can do: [`SendError`].
    pub async fn send(&self, permit: Permit) -> Result<Accepted, SendError> {
        let now = self.clock.now();
        if !permit.is_valid(now) || permit.outgoing().account != self.account {
            return Err(SendError::NotSent { reason: "the permit has expired".into() });
        }
        let body = serde_json::to_vec(&permit.outgoing().request).map_err(|error| SendError::Rejected {
            code: 0,
            reason: format!("it cannot be written as JSON: {error}"),
        })?;
        let result = self.post(body).await;
        match &result {
            Ok(_) => self.gate.succeeded(),
            Err(SendError::Throttled { after, .. }) => self.gate.shut(*after, self.clock.now()),
            Err(_) => {}
        }
        result
    }

    async fn post(&self, body: Vec<u8>) -> Result<Accepted, SendError> {
        let request = self
            .http
            .post(self.messages.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let response = request.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        answer::read(status, &headers, &body)
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(SendError::Doubt { reason: "the answer is too long to be one".into() });
        }
    }
    Ok(body)
}

/// A call without an answer. Only a connection that never came about proves that nothing left. The error's own words are
/// left out: they hold the URL.
fn lost(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        return SendError::NotSent { reason: "no connection came about".into() };
    }
    let reason = if error.is_timeout() { "no answer came in time" } else { "the connection broke" };
    SendError::Doubt { reason: reason.into() }
}

/// `{host}/{version}/{node}/messages`, with the proof that the caller holds the app secret. An Instagram account logged in
/// by itself has a host and a secret of its own.
fn messages_url(settings: &Settings, account: &settings::Account) -> Url {
    let (host, secret) = match account.platform {
        Platform::Messenger | Platform::Instagram => (&settings.graph.url, Some(&settings.app.secret)),
        Platform::InstagramLogin => (&settings.graph.instagram_url, settings.app.instagram_secret.as_ref()),
    };
    let url = format!("{host}/{}/{}/messages", settings.graph.version, account.node());
    let mut url = Url::parse(&url).expect("the settings checked the host, the version and the id");
    if let Some(secret) = secret {
        let proof = signature::appsecret_proof(secret, &account.access_token);
        url.query_pairs_mut().append_pair("appsecret_proof", &proof);
    }
    url
}
