//! One account's client.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};

use super::answer;
use super::breaker::{Breaker, Pass};
use super::error::SendError;
use super::gate::Gate;
use super::pace::Pace;
use crate::clock::{Clock, Timestamp};
use crate::host;
use crate::id::{AccountId, MessageId};
use crate::message::Request;
use crate::policy::Permit;
use crate::settings::{self, Platform, Settings};
use crate::signature;

/// Answers to a send are a few hundred bytes; what is longer is not one.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Twenty messages of two thousand characters, each of them escaped, come to a quarter of this.
const LONGEST_READING: usize = 1024 * 1024;

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
    /// `{host}/{version}`, and the account's own node there.
    api: Url,
    node: String,
    proof: Option<String>,
    authorization: HeaderValue,
    platform: Platform,
    pace: Pace,
    gate: Gate,
    looks: Gate,
    breaker: Breaker,
    clock: Clock,
}

/// The connections to Meta, shared by all accounts. Never follows a redirect and never repeats a request by itself.
pub fn http(settings: &settings::Graph) -> reqwest::Result<reqwest::Client> {
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

impl Client {
    /// The client of `account`.
    pub fn new(http: reqwest::Client, settings: &Settings, account: &settings::Account, clock: Clock) -> Client {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", account.access_token.expose()))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        authorization.set_sensitive(true);
        Client {
            http,
            account: account.id.clone(),
            api: api_url(settings, account.platform),
            node: account.node().to_string(),
            proof: proof(settings, account),
            authorization,
            platform: account.platform,
            pace: Pace::new(&settings.sender, account.platform),
            gate: Gate::open(),
            looks: Gate::open(),
            breaker: Breaker::default(),
            clock,
        }
    }

    /// Whether the account's platform gives `message.metadata` back in the echo.
    pub fn returns_metadata(&self) -> bool {
        !self.is_instagram()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the account is on Instagram.
    pub(super) fn is_instagram(&self) -> bool {
        self.platform.is_instagram()
    }

    /// When the account may send again; in the past when it may now.
    pub fn open_at(&self) -> Timestamp {
        self.clock.at(self.gate.open_at().max(self.breaker.probe_at().unwrap_or_default()))
    }

    /// When Meta was last seen to be down: one send after another fails, and one at a time leaves, to see whether it has come
    /// back. `None` while it answers.
    pub fn down_at(&self) -> Option<Timestamp> {
        self.breaker.down_at().map(|moment| self.clock.at(moment))
    }

    /// Leave to send, where somebody may now.
    pub fn enter(&self) -> Option<Pass> {
        let now = self.clock.steady();
        if self.gate.open_at() > now { None } else { self.breaker.enter(now) }
    }

    /// Waits for the request's turn among the account's sends.
    pub async fn turn(&self, request: &Request) {
        self.pace.turn(request).await;
    }

    /// Sends what the permit allows; the pass says that Meta is there to take it.
    ///
    /// # Errors
    ///
    /// By what the caller can do: [`SendError`].
    pub async fn send(&self, permit: Permit, pass: Pass) -> Result<Accepted, SendError> {
        let now = self.clock.now();
        if !permit.is_valid(now) || permit.outgoing().account != self.account {
            return Err(SendError::NotSent { reason: "the permit has expired".into() });
        }
        let body = serde_json::to_vec(&permit.outgoing().request).map_err(|error| SendError::Rejected {
            code: 0,
            subcode: None,
            reason: format!("it cannot be written as JSON: {error}").into(),
        })?;
        let is_action = permit.outgoing().request.is_action();
        let result = self.post(body, is_action).await;
        self.learn(&result, is_action);
        drop(pass);
        result
    }

    /// What an answer says of Meta. Sender actions say nothing of messages: Meta may take the one and not the other.
    fn learn(&self, result: &Result<Accepted, SendError>, is_action: bool) {
        let now = self.clock.steady();
        match result {
            Err(SendError::Throttled { after, .. }) => self.gate.shut(*after, now),
            _ if is_action => {}
            Ok(_) => {
                self.gate.succeeded();
                self.breaker.answered();
            }
            Err(SendError::Rejected { .. }) => self.breaker.answered(),
            Err(SendError::NotSent { .. } | SendError::Doubt { .. }) => self.breaker.failed(now),
        }
    }

    async fn post(&self, body: Vec<u8>, is_action: bool) -> Result<Accepted, SendError> {
        let request = self
            .http
            .post(self.node_url("messages"))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let response = request.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, LONGEST_ANSWER).await?;
        answer::read(status, &headers, &body, is_action)
    }
}

impl Client {
    /// `{host}/{version}/{node}/{edge}`.
    pub(super) fn node_url(&self, edge: &str) -> Url {
        self.url(&[&self.node, edge])
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        url.path_segments_mut().expect("the settings checked the host").extend(path);
        if let Some(proof) = &self.proof {
            url.query_pairs_mut().append_pair("appsecret_proof", proof);
        }
        url
    }

    /// When the account's conversations may be read again; in the past when they may now.
    pub(super) fn looks_open_at(&self) -> Timestamp {
        self.clock.at(self.looks.open_at())
    }

    /// Reads something, at the rate of the Conversations API, which has its own allowance.
    pub(super) async fn get(&self, mut url: Url, query: &[(&str, &str)]) -> Result<Vec<u8>, SendError> {
        self.pace.look().await;
        url.query_pairs_mut().extend_pairs(query);
        let result = self.fetch(url).await;
        match &result {
            Ok(_) => self.looks.succeeded(),
            Err(SendError::Throttled { after, .. }) => self.looks.shut(*after, self.clock.steady()),
            Err(SendError::NotSent { .. } | SendError::Doubt { .. }) => self.breaker.still_down(self.clock.steady()),
            Err(SendError::Rejected { .. }) => {}
        }
        result
    }

    async fn fetch(&self, url: Url) -> Result<Vec<u8>, SendError> {
        let request = self.http.get(url).header(AUTHORIZATION, self.authorization.clone());
        let response = request.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, LONGEST_READING).await?;
        answer::error(status, &headers, &body).map_or(Ok(body), Err)
    }
}

async fn read(mut response: Response, longest: usize) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > longest {
            return Err(SendError::Doubt { answered: true, reason: "the answer is too long to be one".into() });
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
    SendError::Doubt { answered: false, reason: reason.into() }
}

/// `{host}/{version}`. An Instagram account logged in by itself has a host of its own.
fn api_url(settings: &Settings, platform: Platform) -> Url {
    let host = match platform {
        Platform::Messenger | Platform::Instagram => &settings.graph.url,
        Platform::InstagramLogin => &settings.graph.instagram_url,
    };
    let url = format!("{host}/{}", settings.graph.version);
    Url::parse(&url).expect("the settings checked the host and the version")
}

/// That the caller holds the app's secret; an Instagram account logged in by itself has a secret of its own.
fn proof(settings: &Settings, account: &settings::Account) -> Option<String> {
    let secret = match account.platform {
        Platform::Messenger | Platform::Instagram => Some(&settings.app.secret),
        Platform::InstagramLogin => settings.app.instagram_secret.as_ref(),
    };
    secret.map(|secret| signature::appsecret_proof(secret, &account.access_token))
}
