//! The Conversations API: what stands in a conversation, as evidence of whether a send arrived.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversations>

use reqwest::Method;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::call::{Call, Endpoint};
use super::client::Client;
use super::error::CallError;
use crate::clock::Timestamp;
use crate::id::{MessageId, PersonId};
use crate::json;

/// How many messages are told of; of older ones Meta gives no details.
pub(crate) const REACH: usize = 20;

/// Twenty messages of two thousand characters, each of them escaped, come to a quarter of this.
const LONGEST: usize = 1024 * 1024;

const FIELDS: &str = "messages.limit(20){id,created_time,from,message,attachments}";

/// The newest messages of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Newest first; without those that cannot be read.
    pub said: Vec<HistoryMessage>,
    /// Whether there are no others.
    pub is_whole: bool,
    /// Whether each message could be read.
    pub is_readable: bool,
}

/// A message in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryMessage {
    /// Its id.
    pub id: MessageId,
    /// When it was written, to the second.
    pub at: Timestamp,
    /// Whether the account wrote it, which is everybody but the person: an Instagram account has two ids. `None` where Meta
    /// does not say who wrote it.
    pub by_account: Option<bool>,
    /// What was written; empty for attachments alone.
    pub text: String,
    /// Whether something was sent along.
    pub has_attachments: bool,
}

/// The conversation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the conversation cannot be read: {reason}")]
pub struct HistoryError {
    /// Meta's code, or what happened.
    pub reason: String,
    /// Not before this moment, where Meta says that there were too many calls.
    pub not_before: Option<Timestamp>,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default)]
    next: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Conversation {
    messages: List<Value>,
}

#[derive(Deserialize)]
struct Wire {
    id: MessageId,
    created_time: String,
    #[serde(default)]
    from: Option<From>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    attachments: Option<List<IgnoredAny>>,
}

#[derive(Deserialize)]
struct From {
    #[serde(default)]
    id: Option<PersonId>,
}

impl Client {
    /// The newest messages of the account's conversation with `person`; none, where Meta lists no such conversation. One call,
    /// at the rate that Meta allows for these.
    ///
    /// # Errors
    ///
    /// When the conversation cannot be read: it is no evidence then.
    pub async fn history(&self, person: &PersonId) -> Result<History, HistoryError> {
        let platform = if self.platform.is_instagram() { "instagram" } else { "messenger" };
        let query = [("platform", platform), ("user_id", person.as_str()), ("fields", FIELDS)];
        let found: List<Conversation> = self.look(&query).await?;
        let Some(conversation) = found.data.into_iter().next() else {
            return Ok(History { said: Vec::new(), is_whole: true, is_readable: true });
        };
        let List { data, paging } = conversation.messages;
        let (told, is_last_page) = (data.len(), paging.and_then(|paging| paging.next).is_none());
        let said: Vec<_> = data.into_iter().filter_map(|message| said(message, person)).collect();
        Ok(History { is_whole: is_last_page && told < REACH, is_readable: said.len() == told, said })
    }

    /// Reads conversations, at the rate that Meta allows for these: an allowance of its own.
    async fn look<T: DeserializeOwned>(&self, query: &[(&str, &str)]) -> Result<T, HistoryError> {
        let not_before = Some(self.looks_open_at()).filter(|open_at| *open_at > self.clock.now());
        if not_before.is_some() {
            return Err(HistoryError { reason: "there were too many calls".into(), not_before });
        }
        self.pace.look().await;
        let path = [self.node.as_str(), "conversations"];
        let to = Endpoint::Other { path: &path, query };
        let call = Call { method: Method::GET, to, body: None, longest: LONGEST };
        let result = self.caller.call(call).await;
        match &result {
            Ok(_) => self.looks.succeeded(),
            Err(CallError::Throttled { after, .. }) => self.looks.shut(*after, self.clock.steady()),
            Err(CallError::NotSent { .. } | CallError::Doubt { .. }) => self.breaker.still_down(self.clock.steady()),
            Err(CallError::Rejected { .. }) => {}
        }
        let answer = result.map_err(|error| self.failed(&error))?;
        serde_json::from_slice(&json::mended_bytes(&answer.body))
            .map_err(|_| unreadable("the answer has another shape"))
    }

    /// When the account's conversations may be read again; in the past when they may now.
    fn looks_open_at(&self) -> Timestamp {
        self.clock.at(self.looks.open_at())
    }

    fn failed(&self, error: &CallError) -> HistoryError {
        let is_throttle = matches!(error, CallError::Throttled { .. });
        HistoryError { reason: error.reason().to_string(), not_before: is_throttle.then(|| self.looks_open_at()) }
    }
}

/// One message; `None` for what cannot be read as one.
fn said(message: Value, person: &PersonId) -> Option<HistoryMessage> {
    let wire: Wire = serde_json::from_value(message).ok()?;
    let at = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", &wire.created_time).ok()?.to_timestamp().ok()?;
    Some(HistoryMessage {
        id: wire.id,
        at: Timestamp(at.as_millisecond()),
        by_account: wire.from.and_then(|from| from.id).map(|from| from != *person),
        text: wire.message.unwrap_or_default(),
        has_attachments: wire.attachments.is_some_and(|attachments| !attachments.data.is_empty()),
    })
}

fn unreadable(reason: &str) -> HistoryError {
    HistoryError { reason: reason.to_owned(), not_before: None }
}
