//! Meta's answer to a send, read.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::client::Accepted;
use super::error::{Class, SendError, class};
use crate::id::MessageId;

const MINUTE: u64 = 60;

#[derive(Deserialize)]
struct Success {
    message_id: Option<MessageId>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Failure {
    error: GraphError,
}

#[derive(Deserialize)]
struct GraphError {
    code: i64,
    #[serde(default)]
    error_subcode: Option<i64>,
    #[serde(default)]
    is_transient: Option<bool>,
}

impl fmt::Display for GraphError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error {}", self.code)?;
        self.error_subcode.map_or(Ok(()), |subcode| write!(out, "/{subcode}"))
    }
}

/// What an answer says. Meta's message is not repeated: it is localised, changes, and may quote what was sent.
///
/// A message that Meta took has an id. An answer without one may come from whatever stands between, and says nothing.
pub(super) fn read(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    is_action: bool,
) -> Result<Accepted, SendError> {
    if let Some(error) = error(status, headers, body) {
        return Err(error);
    }
    let doubt = |what| SendError::Doubt { answered: true, reason: format!("HTTP {status} with {what}") };
    match serde_json::from_slice::<Success>(body) {
        Ok(Success { message_id: None, error: None }) if !is_action => Err(doubt("an answer that names no message")),
        Ok(Success { message_id, error: None }) => Ok(Accepted { message_id }),
        _ => Err(doubt("an unreadable answer")),
    }
}

/// What went wrong, where the answer says that something did.
pub(super) fn error(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<SendError> {
    if let Ok(Failure { error }) = serde_json::from_slice(body) {
        return Some(failure(status, &error, headers));
    }
    let reason = format!("HTTP {status}");
    match status {
        _ if status.is_success() => None,
        StatusCode::TOO_MANY_REQUESTS => Some(SendError::Throttled { after: wait(headers), reason }),
        StatusCode::REQUEST_TIMEOUT => Some(SendError::Doubt { answered: true, reason }),
        _ if status.is_client_error() => Some(SendError::Rejected { code: 0, subcode: None, reason }),
        _ => Some(SendError::Doubt { answered: true, reason }),
    }
}

fn failure(status: StatusCode, error: &GraphError, headers: &HeaderMap) -> SendError {
    let reason = error.to_string();
    let is_transient = error.is_transient.unwrap_or(false) || status.is_server_error();
    match class(error.code, error.error_subcode, is_transient) {
        Class::Transient => SendError::Doubt { answered: true, reason },
        Class::Throttle => SendError::Throttled { after: wait(headers), reason },
        Class::Definite => SendError::Rejected { code: error.code, subcode: error.error_subcode, reason },
    }
}

/// How long the headers say to wait: the longest `estimated_time_to_regain_access`, which is in minutes, else `Retry-After`.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let usage =
        headers.get("x-business-use-case-usage").and_then(|value| serde_json::from_slice(value.as_bytes()).ok());
    let minutes = usage.iter().flat_map(|usage: &Value| usage.as_object()).flat_map(|usage| usage.values());
    let minutes = minutes.filter_map(Value::as_array).flatten();
    let minutes = minutes.filter_map(|entry| entry.get("estimated_time_to_regain_access")?.as_u64()).max();
    let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let seconds = minutes.filter(|minutes| *minutes > 0).map(|minutes| minutes.saturating_mul(MINUTE)).or(seconds);
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &'static str)], body: &str, expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(format!("{:?}", read(status, &map, body.as_bytes(), false)), expected);
    }

    #[test]
    fn answers_are_read_by_code_and_never_quoted() {
        check(
            200,
            &[],
            r#"{"recipient_id":"7","message_id":"m_1"}"#,
            r#"Ok(Accepted { message_id: Some(MessageId("m_1")) })"#,
        );
        for nameless in [r#"{"recipient_id":"7"}"#, "{}"] {
            check(
                200,
                &[],
                nameless,
                r#"Err(Doubt { answered: true, reason: "HTTP 200 OK with an answer that names no message" })"#,
            );
            let action = read(StatusCode::OK, &HeaderMap::new(), nameless.as_bytes(), true);
            assert_eq!(action, Ok(Accepted { message_id: None }), "sender actions have none");
        }
        check(200, &[], "<html>", r#"Err(Doubt { answered: true, reason: "HTTP 200 OK with an unreadable answer" })"#);
        check(500, &[], "<html>", r#"Err(Doubt { answered: true, reason: "HTTP 500 Internal Server Error" })"#);
        check(404, &[], "", r#"Err(Rejected { code: 0, subcode: None, reason: "HTTP 404 Not Found" })"#);
        check(
            400,
            &[],
            r#"{"error":{"message":"(#10) text","code":10,"error_subcode":2018278}}"#,
            r#"Err(Rejected { code: 10, subcode: Some(2018278), reason: "error 10/2018278" })"#,
        );
        check(
            503,
            &[],
            r#"{"error":{"message":"x","code":4711}}"#,
            r#"Err(Doubt { answered: true, reason: "error 4711" })"#,
        );
        check(400, &[], r#"{"error":{"message":"x","code":2}}"#, r#"Err(Doubt { answered: true, reason: "error 2" })"#);
        check(
            500,
            &[],
            r#"{"error":{"message":"x","code":190}}"#,
            r#"Err(Rejected { code: 190, subcode: None, reason: "error 190" })"#,
        );
    }

    #[test]
    fn a_throttle_waits_as_long_as_the_headers_say() {
        let throttled = r#"{"error":{"message":"x","code":613}}"#;
        let waits = |after: &str| format!(r#"Err(Throttled {{ after: {after}, reason: "error 613" }})"#);
        check(400, &[], throttled, &waits("None"));
        check(400, &[("retry-after", "7")], throttled, &waits("Some(7s)"));
        let usage = r#"{"1":[{"type":"messenger","estimated_time_to_regain_access":2}],"2":[{"estimated_time_to_regain_access":1}]}"#;
        check(400, &[("x-business-use-case-usage", usage)], throttled, &waits("Some(120s)"));
        check(400, &[("x-business-use-case-usage", "junk")], throttled, &waits("None"));
    }
}
