//! Meta's answers, read: what went wrong, and of a send what became of it.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::error::{CallError, Class, class};
use crate::id::MessageId;
use crate::json;
use crate::message::{MetaError, Reason};

const MINUTE: u64 = 60;

/// An answer in which Meta tells of no error.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// A send that Meta took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The message's id; sender actions have none.
    pub message_id: Option<MessageId>,
}

#[derive(Deserialize)]
struct Success {
    message_id: Option<MessageId>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Failure {
    error: MetaError,
}

/// What an answer to a send says. A message that Meta took has an id. An answer without one may come from whatever stands between,
/// and says nothing.
pub(super) fn accepted(Answer { status, body }: &Answer, is_action: bool) -> Result<Accepted, CallError> {
    let doubt = |what| {
        let reason = Reason::new(format!("HTTP {status} with {what}"), meta_error(body));
        CallError::Doubt { answered: true, reason }
    };
    match serde_json::from_slice::<Success>(&json::mended_bytes(body)) {
        Ok(Success { message_id: None, error: None }) if !is_action => Err(doubt("an answer that names no message")),
        Ok(Success { message_id, error: None }) => Ok(Accepted { message_id }),
        _ => Err(doubt("an unreadable answer")),
    }
}

/// What went wrong, where the answer says that something did. The reason is Meta's code; Meta's words, which are localised, change,
/// and may quote what was sent, go beside it.
pub(super) fn error(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<CallError> {
    let error = meta_error(body);
    if let Some(error @ MetaError { code: Some(code), .. }) = error {
        return Some(failure(status, code, error, headers));
    }
    let reason = Reason::new(format!("HTTP {status}"), error);
    match status {
        _ if status.is_success() => None,
        StatusCode::TOO_MANY_REQUESTS => Some(CallError::Throttled { after: wait(headers), reason }),
        StatusCode::REQUEST_TIMEOUT => Some(CallError::Doubt { answered: true, reason }),
        _ if status.is_client_error() => Some(CallError::Rejected { code: 0, subcode: None, reason }),
        _ => Some(CallError::Doubt { answered: true, reason }),
    }
}

/// The error that the answer carries, where it carries one.
fn meta_error(body: &[u8]) -> Option<MetaError> {
    serde_json::from_slice(&json::mended_bytes(body)).ok().map(|Failure { error }| error)
}

fn failure(status: StatusCode, code: i64, error: MetaError, headers: &HeaderMap) -> CallError {
    let subcode = error.error_subcode;
    let is_transient = error.is_transient.unwrap_or(false) || status.is_server_error();
    let text = subcode.map_or_else(|| format!("error {code}"), |subcode| format!("error {code}/{subcode}"));
    let reason = Reason::new(text, Some(error));
    match class(code, subcode, is_transient) {
        Class::Transient => CallError::Doubt { answered: true, reason },
        Class::Throttle => CallError::Throttled { after: wait(headers), reason },
        Class::Definite => CallError::Rejected { code, subcode, reason },
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

    fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], is_action: bool) -> Result<Accepted, CallError> {
        let answer = Answer { status, body: body.to_vec() };
        error(status, headers, body).map_or_else(|| accepted(&answer, is_action), Err)
    }

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
        check(
            400,
            &[],
            r#"{"error":{"message":"x","code":"100","error_subcode":"2018001"}}"#,
            r#"Err(Rejected { code: 100, subcode: Some(2018001), reason: "error 100/2018001" })"#,
        );
        check(400, &[], r#"{"error":{"code":"2"}}"#, r#"Err(Doubt { answered: true, reason: "error 2" })"#);
    }

    #[test]
    fn metas_words_go_beside_the_reason_whatever_the_answer_means() {
        for (status, code) in
            [(400, r#""code":10,"#), (400, r#""code":2,"#), (400, r#""code":613,"#), (404, ""), (200, "")]
        {
            let body = format!(r#"{{"error":{{{code}"message":"Ask Ada","fbtrace_id":"AbC"}}}}"#);
            let status = StatusCode::from_u16(status).expect("a status");
            let error = read(status, &HeaderMap::new(), body.as_bytes(), false).expect_err("a failure");
            let meta = error.reason().meta().expect("Meta's words");
            assert_eq!(
                (meta.message.as_deref(), meta.fbtrace_id.as_deref()),
                (Some("Ask Ada"), Some("AbC")),
                "{error:?}"
            );
            assert!(!format!("{error} {error:?}").contains("Ada"));
        }
        let lost = read(StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"<html>", false).expect_err("a failure");
        assert!(lost.reason().meta().is_none());
    }

    #[test]
    fn an_error_that_quotes_half_an_emoji_keeps_its_code() {
        let cut = r#"{"error":{"message":"cut in the middle of \ud83c","code":10900}}"#.replace(r"\\", r"\");
        check(400, &[], &cut, r#"Err(Rejected { code: 10900, subcode: None, reason: "error 10900" })"#);
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
