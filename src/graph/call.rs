//! One call of the Graph API, whatever its endpoint: the version, the token and its proof, an answer of bounded length, and
//! Meta's error read. When a call may be made is its caller's affair.

use std::sync::{PoisonError, RwLock};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Response, Url};

use super::credentials::Credentials;
use super::error::CallError;
use super::response::{self, Answer};

/// A call that is to be made.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Below the version: `["1040…", "messages"]`.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
    /// The longest answer in bytes.
    pub(super) longest: usize,
}

/// Makes calls with one token.
#[derive(Debug)]
pub(super) struct Caller {
    http: reqwest::Client,
    /// `{host}/{version}`.
    api: Url,
    credentials: RwLock<Credentials>,
}

impl Caller {
    pub(super) fn new(http: reqwest::Client, api: Url, credentials: Credentials) -> Caller {
        Caller { http, api, credentials: RwLock::new(credentials) }
    }

    /// Calls carry these from here on; what is under way has the former ones.
    pub(super) fn renew(&self, credentials: Credentials) {
        *self.credentials.write().unwrap_or_else(PoisonError::into_inner) = credentials;
    }

    /// Makes a call.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let Call { method, path, query, body, longest } = call;
        let credentials = self.credentials.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut url = self.api.clone();
        url.path_segments_mut().expect("the settings checked the host").extend(path);
        credentials.prove(&mut url);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url).header(AUTHORIZATION, credentials.authorization());
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            None => request,
        };
        let response = request.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, longest).await?;
        response::error(status, &headers, &body).map_or(Ok(Answer { status, body }), Err)
    }
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
