//! Several calls in one: each answered as if it had come alone, in their order.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/batch-requests>

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::faults::SendFault;
use super::super::state::{Notice, Shared, State};
use super::ask::{Answer, json as read};
use super::error::GraphError;
use super::progress::Progress;
use super::reply::{in_the_hosts_words, trace};
use super::request::Request;
use super::{access, endpoint, references, sending};

const MOST: usize = 50;

/// One of the calls.
#[derive(Deserialize)]
struct Item {
    #[serde(default = "get")]
    method: String,
    relative_url: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    depends_on: Option<String>,
    #[serde(default)]
    omit_response_on_success: Option<bool>,
}

fn get() -> String {
    "GET".to_owned()
}

/// What has come of the calls so far, by their names; nothing of those that failed.
type Results = BTreeMap<String, Option<Value>>;

/// `POST /`.
pub(super) fn answer(shared: &Shared, state: &mut State, request: &Request, progress: &mut Progress) -> Answer {
    let fields = request.fields()?;
    access::caller(&shared.world, &request.headers, fields)?;
    let token = request.token().unwrap_or_default();
    let items = fields.get("batch").and_then(read).ok_or_else(|| GraphError::required("batch"))?;
    let items: Vec<Item> = serde_json::from_value(items)
        .map_err(|error| GraphError::parameter(format!("Param batch must be an array of requests: {error}")))?;
    if items.is_empty() || items.len() > MOST {
        return Err(GraphError::parameter(format!("Too many requests in batch message. Maximum batch size is {MOST}")));
    }
    let without = [json!(false), json!("false")];
    let with_headers = !fields.get("include_headers").is_some_and(|given| without.contains(given));
    let proof = fields.get("appsecret_proof").and_then(Value::as_str);
    let mut results = Results::new();
    let mut answers = Vec::new();
    for item in &items {
        let (code, body) = match inner(request, item, &results, &token, proof) {
            Ok(inner) => call(shared, state, &inner, progress),
            Err(error) => (400, error.body(&trace(state))),
        };
        if let Some(name) = &item.name {
            results.insert(name.clone(), (code == 200).then(|| body.clone()));
        }
        let omitted = code == 200 && item.omit_response_on_success.unwrap_or_else(|| is_needed(item, &items));
        answers.push(if omitted { Value::Null } else { shown(code, &body, with_headers) });
    }
    Ok(Value::Array(answers))
}

/// Whether another call builds upon this one, whose answer is then left out unless it is asked for.
fn is_needed(item: &Item, items: &[Item]) -> bool {
    let Some(name) = &item.name else { return false };
    let reference = format!("{{result={name}:");
    items.iter().any(|other| {
        other.relative_url.contains(&reference) || other.body.as_ref().is_some_and(|body| body.contains(&reference))
    })
}

fn shown(code: u16, body: &Value, with_headers: bool) -> Value {
    let mut shown = json!({"code": code});
    if with_headers {
        shown["headers"] = json!([{"name": "Content-Type", "value": "application/json"}]);
    }
    shown["body"] = json!(body.to_string());
    shown
}

/// Makes the request that an item stands for. Its token, if it has none of its own, is that of the batch.
fn inner(
    outer: &Request,
    item: &Item,
    results: &Results,
    token: &str,
    proof: Option<&str>,
) -> Result<Request, GraphError> {
    if let Some(needed) = item.depends_on.as_ref().filter(|needed| !matches!(results.get(*needed), Some(Some(_)))) {
        return Err(GraphError::parameter(format!(
            "The request depends on {needed}, which failed or does not come before"
        )));
    }
    let relative = references::resolve(&item.relative_url, results)?;
    let body = references::resolve(item.body.as_deref().unwrap_or_default(), results)?;
    let wrong = || GraphError::parameter(format!("Param relative_url is not a path: {}", item.relative_url));
    let mut url = Url::parse(&format!("http://graph/{}", relative.trim_start_matches('/'))).map_err(|_| wrong())?;
    let mut has_token = url.query_pairs().any(|(name, _)| name == "access_token");
    has_token |= body.split('&').any(|pair| pair.starts_with("access_token="));
    if !has_token {
        url.query_pairs_mut().append_pair("access_token", token);
        if let Some(proof) = proof {
            url.query_pairs_mut().append_pair("appsecret_proof", proof);
        }
    }
    let uri: Uri = url.as_str().parse().map_err(|_| wrong())?;
    let method = Method::from_bytes(item.method.to_ascii_uppercase().as_bytes()).map_err(|_| wrong())?;
    let mut headers = HeaderMap::new();
    headers.extend(outer.headers.get(HOST).map(|host| (HOST, host.clone())));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    Ok(Request::new(method, uri, headers, Ok(Bytes::from(body))))
}

/// Answers one of the calls, and hands on what is to go wrong with the answer of them all.
fn call(shared: &Shared, state: &mut State, request: &Request, progress: &mut Progress) -> (u16, Value) {
    let mut own = Progress::default();
    let answered = if request.is_send() {
        sending::answer(shared, state, request, &mut own).map(Value::Object)
    } else {
        endpoint::answer(shared, state, request, &mut own)
    };
    if let (Ok(_), Some(chat)) = (&answered, own.chat) {
        shared.tell(Notice::Chat(chat));
    }
    progress.account = progress.account.or(own.account);
    if matches!(own.fault, Some(SendFault::LostAnswer | SendFault::Slow)) {
        progress.fault = own.fault;
    }
    progress.throttled = progress.throttled.max(own.throttled);
    state.setup.usage.count(&shared.world, own.account, own.throttled, shared.clock.now());
    match answered {
        Ok(body) => (200, body),
        Err(error) => (400, in_the_hosts_words(shared, request, error).body(&trace(state))),
    }
}
