//! The record of what went over the wire, in both directions: pushes, Graph calls, verifications.
//!
//! It exists to be looked at. Tokens, proofs and verify tokens are taken out before anything is kept, long bodies are cut,
//! and only the last [`KEPT`] exchanges stay.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;

/// How many exchanges are kept.
pub(super) const KEPT: usize = 500;

/// How many bytes of a body are kept.
pub(super) const BODY: usize = 32 * 1024;

const HIDDEN: &str = "[secret]";
const SECRETS: [&str; 7] = [
    "access_token",
    "appsecret_proof",
    "hub.verify_token",
    "verify_token",
    "client_secret",
    "input_token",
    "fb_exchange_token",
];

/// What kind of exchange it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A delivery to the callback.
    Webhook,
    /// A Graph call of the bot.
    Graph,
    /// The verification of the callback.
    Verify,
}

/// One request and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Exchange {
    /// Set by [`Exchanges::keep`]; grows by one.
    pub(super) id: u64,
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    /// The account's name, where one is concerned.
    pub(super) account: Option<String>,
    /// The person's name, where one is concerned.
    pub(super) person: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) request_headers: BTreeMap<String, String>,
    pub(super) request: Value,
    /// Null where there was no answer.
    pub(super) status: Option<u16>,
    pub(super) response: Value,
    pub(super) duration_ms: i64,
    /// The how-many-eth try of the same delivery, from 1.
    pub(super) attempt: u32,
    pub(super) error: Option<String>,
}

/// The last exchanges, oldest first.
#[derive(Default)]
pub(super) struct Exchanges {
    kept: VecDeque<Arc<Exchange>>,
    next: u64,
}

impl Exchange {
    /// A request as it goes out; what came of it is filled in later.
    pub(super) fn begun(kind: Kind, at: Timestamp, method: &str, url: &str) -> Exchange {
        Exchange {
            id: 0,
            at,
            kind,
            account: None,
            person: None,
            method: method.into(),
            url: hide_in_url(url),
            request_headers: BTreeMap::new(),
            request: Value::Null,
            status: None,
            response: Value::Null,
            duration_ms: 0,
            attempt: 1,
            error: None,
        }
    }
}

impl Exchanges {
    /// Puts an exchange on record, under the next id, in the place of the oldest when there are too many.
    pub(super) fn keep(&mut self, mut exchange: Exchange) -> Arc<Exchange> {
        self.next += 1;
        exchange.id = self.next;
        let exchange = Arc::new(exchange);
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(exchange.clone());
        exchange
    }

    /// The last `limit` exchanges, oldest first.
    pub(super) fn last(&self, limit: usize) -> Vec<Arc<Exchange>> {
        self.kept.iter().skip(self.kept.len().saturating_sub(limit)).cloned().collect()
    }

    /// Forgets them all. Ids go on, so that a reader does not take a new exchange for one it has seen.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}

/// A body as it is shown: JSON where it is JSON, else text, else null where it is empty.
pub(super) fn shown_body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    // What is secret goes first: a body that is cut is no JSON any more.
    let shown = match serde_json::from_slice(bytes) {
        Ok(value) => hide_in_object(value),
        Err(_) => json!(hide_in_pairs(&String::from_utf8_lossy(bytes))),
    };
    if bytes.len() <= BODY {
        return shown;
    }
    let text = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
    json!(format!("{}… ({} bytes)", &text[..text.floor_char_boundary(BODY)], bytes.len()))
}

/// Headers as they are shown: without the token.
pub(super) fn shown_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |name: &str, value: &[u8]| match name {
        "authorization" | "cookie" => HIDDEN.to_owned(),
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    headers.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), value.as_bytes()))).collect()
}

fn hide_in_object(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields
            .iter_mut()
            .filter(|(key, _)| SECRETS.contains(&key.as_str()))
            .for_each(|(_, value)| *value = json!(HIDDEN));
    }
    value
}

/// A value without secrets, at any depth, and without addresses that carry one.
pub(super) fn hidden(value: Value) -> Value {
    match hide_in_object(value) {
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, hidden(value))).collect()),
        Value::Array(list) => list.into_iter().map(hidden).collect(),
        Value::String(text) if text.starts_with("http") && carries_token(&text) => json!(hide_in_url(&text)),
        // The answers inside a batch's are texts, and so are its calls.
        Value::String(text) if carries_token(&text) => json!(HIDDEN),
        value => value,
    }
}

/// Whether a text has a token inside that is not hidden yet, as the calls of a batch may and the links of a list do.
fn carries_token(text: &str) -> bool {
    let shows = |mark: &str| text.split(mark).skip(1).any(|rest| !rest.starts_with(HIDDEN));
    ["access_token=", "access_token%3D", "\"access_token\":"].into_iter().any(shows)
}

fn hide_in_url(url: &str) -> String {
    match url.split_once('?') {
        Some((path, query)) => format!("{path}?{}", hide_in_pairs(query)),
        None => url.to_owned(),
    }
}

fn hide_in_pairs(pairs: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((key, value)) if SECRETS.contains(&key) || carries_token(value) => format!("{key}={HIDDEN}"),
        _ => pair.to_owned(),
    };
    pairs.split('&').map(hide).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_get_on_record() {
        let shown = |body: &str| shown_body(body.as_bytes());
        assert_eq!(shown(r#"{"access_token":"EAA1","message":{}}"#), json!({"access_token": HIDDEN, "message": {}}));
        assert_eq!(shown("access_token=EAA1&message=%7B%7D"), json!("access_token=[secret]&message=%7B%7D"));
        assert_eq!(shown(""), Value::Null);
        let url = "http://bot/webhook?hub.mode=subscribe&hub.verify_token=abc&hub.challenge=1";
        let begun = Exchange::begun(Kind::Verify, Timestamp(0), "GET", url);
        assert_eq!(begun.url, "http://bot/webhook?hub.mode=subscribe&hub.verify_token=[secret]&hub.challenge=1");
        let headers =
            HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, "Bearer EAA1".parse().expect("a header value"))]);
        assert_eq!(shown_headers(&headers)["authorization"], HIDDEN);
    }

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let shown = hidden(
            json!({"data": [{"access_token": "EAA1", "name": "shop"}], "batch": [{"body": "{\"access_token\":\"EAA1\"}"}],
            "call": "me?access_token=EAA1", "form": "access_token=[secret]&object=page", "next": "http://graph/me/accounts?access_token=EAA1&after=x"}),
        );
        assert_eq!(
            shown,
            json!({"data": [{"access_token": HIDDEN, "name": "shop"}], "batch": [{"body": HIDDEN}], "call": HIDDEN, "form": "access_token=[secret]&object=page",
                "next": "http://graph/me/accounts?access_token=[secret]&after=x"})
        );
    }

    #[test]
    fn the_oldest_exchange_makes_room() {
        let mut exchanges = Exchanges::default();
        for _ in 0..KEPT + 2 {
            exchanges.keep(Exchange::begun(Kind::Graph, Timestamp(0), "POST", "/"));
        }
        let ids: Vec<u64> = exchanges.last(KEPT + 2).iter().map(|exchange| exchange.id).collect();
        assert_eq!(ids, (3..=KEPT as u64 + 2).collect::<Vec<_>>());
        assert_eq!(exchanges.last(1)[0].id, KEPT as u64 + 2);
    }

    #[test]
    fn a_long_body_is_cut() {
        let shown = shown_body("ä".repeat(BODY).as_bytes());
        assert!(shown.as_str().is_some_and(|text| text.len() < BODY + 64));
    }
}
