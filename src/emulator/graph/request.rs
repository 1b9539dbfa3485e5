//! A call as it came, and which kind of call it is.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;

use super::call::{self, Fields};
use super::error::GraphError;
use super::{access, path};

/// The call.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) version: &'static str,
    /// What follows the version, segment by segment.
    pub(super) path: Vec<String>,
    /// The first of them: an id, or `me`.
    pub(super) node: String,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// As it came, for the record.
    pub(super) body: Result<Bytes, BytesRejection>,
    /// The parameters, however they were given; read once, before anything is locked.
    fields: Result<Fields, GraphError>,
}

impl Request {
    /// The request as it came.
    pub(super) fn new(method: Method, uri: Uri, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Request {
        let (version, path) = path::read(uri.path());
        let node = path.first().cloned().unwrap_or_default();
        let fields = match &body {
            Ok(body) => call::fields(&uri, &headers, body),
            Err(_) => Err(GraphError::parameter("The body is larger than 26 MiB or was cut off")),
        };
        Request { method, version, path, node, uri, headers, body, fields }
    }

    /// Whether it is a call of the Send API. A call with `ids` is none: the endpoints refuse it.
    pub(super) fn is_send(&self) -> bool {
        self.is_post() && self.path.len() == 2 && self.path[1] == "messages" && !self.has_ids()
    }

    /// Whether it is several calls in one.
    pub(super) fn is_batch(&self) -> bool {
        self.is_post() && self.path.is_empty() && !self.has_ids()
    }

    /// Whether it subscribes the app, and with it a callback that must be verified first.
    pub(super) fn is_subscription(&self) -> bool {
        self.is_post() && self.path.len() == 2 && self.path[1] == "subscriptions" && !self.means_another()
    }

    fn has_ids(&self) -> bool {
        self.fields().is_ok_and(|fields| fields.contains_key("ids"))
    }

    /// Whether `method` says that something else is meant.
    fn means_another(&self) -> bool {
        let is_another = |method: &str| !method.eq_ignore_ascii_case("POST");
        self.fields().is_ok_and(|fields| fields.get("method").and_then(Value::as_str).is_some_and(is_another))
    }

    fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    /// The parameters.
    pub(super) fn fields(&self) -> Result<&Fields, GraphError> {
        self.fields.as_ref().map_err(GraphError::clone)
    }

    /// The parameters, or those of the query where the body cannot be read.
    pub(super) fn readable(&self) -> Cow<'_, Fields> {
        self.fields.as_ref().map_or_else(|_| Cow::Owned(call::query(&self.uri)), Cow::Borrowed)
    }

    /// The token, wherever it stands.
    pub(super) fn token(&self) -> Option<String> {
        access::token(&self.headers, &self.readable())
    }
}
