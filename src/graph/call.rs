//! One call of the Graph API, whatever its endpoint: the version, the token and its proof, an answer of bounded length, and
//! Meta's error read. When a call may be made is its caller's affair.

use std::sync::{Arc, PoisonError, RwLock};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, Url};

use super::credentials::Credentials;
use super::error::CallError;
use super::response::{self, Answer};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call that is to be made.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) to: Endpoint<'a>,
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
    /// The longest answer in bytes.
    pub(super) longest: usize,
}

/// What is called.
pub(super) enum Endpoint<'a> {
    /// The one that was prepared, with this query.
    Prepared { query: &'a [(&'a str, &'a str)] },
    /// Another one: its path below the version (`["1040…", "conversations"]`) and its query.
    Other { path: &'a [&'a str], query: &'a [(&'a str, &'a str)] },
}

/// Makes calls with one token.
#[derive(Debug)]
pub(super) struct Caller {
    http: reqwest::Client,
    /// `{host}/{version}`.
    api: Url,
    /// The path of the endpoint whose address is prepared.
    path: Vec<String>,
    ready: RwLock<Arc<Ready>>,
}

/// What calls carry, made once for each token.
#[derive(Debug)]
struct Ready {
    credentials: Credentials,
    prepared: Url,
}

impl Caller {
    /// `path` is that of the endpoint that is called most.
    pub(super) fn new(http: reqwest::Client, api: Url, path: &[&str], credentials: Credentials) -> Caller {
        let ready = Ready { prepared: address(&api, path, &credentials), credentials };
        let path = path.iter().map(ToString::to_string).collect();
        Caller { http, api, path, ready: RwLock::new(Arc::new(ready)) }
    }

    /// Calls carry these from here on; what is under way has the former ones.
    pub(super) fn renew(&self, credentials: Credentials) {
        let ready = Ready { prepared: address(&self.api, &self.path, &credentials), credentials };
        *self.ready.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ready);
    }

    /// Makes a call.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let Call { method, to, body, longest } = call;
        let ready = Arc::clone(&self.ready.read().unwrap_or_else(PoisonError::into_inner));
        let (mut url, query) = match to {
            Endpoint::Prepared { query } => (ready.prepared.clone(), query),
            Endpoint::Other { path, query } => (address(&self.api, path, &ready.credentials), query),
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url).header(AUTHORIZATION, ready.credentials.authorization());
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, JSON).body(body),
            None => request,
        };
        let response = request.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, longest).await?;
        response::error(status, &headers, &body).map_or(Ok(Answer { status, body }), Err)
    }
}

/// Where an endpoint is, with the proof.
fn address(api: &Url, path: &[impl AsRef<str>], credentials: &Credentials) -> Url {
    let mut url = api.clone();
    url.path_segments_mut().expect("the settings checked the host").extend(path);
    credentials.prove(&mut url);
    url
}

async fn read(mut response: Response, longest: usize) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > longest {
            return Err(CallError::Doubt { answered: true, reason: "the answer is too long to be one".into() });
        }
    }
    Ok(body)
}

/// A call without an answer. Only a connection that never came about proves that nothing left. The error's own words are
/// left out: they hold the URL.
fn lost(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        return CallError::NotSent { reason: "no connection came about".into() };
    }
    let reason = if error.is_timeout() { "no answer came in time" } else { "the connection broke" };
    CallError::Doubt { answered: false, reason: reason.into() }
}
