//! The Conversations API: what stands in a conversation, as evidence of whether a send arrived.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversations>

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use crate::clock::Timestamp;
use crate::id::{MessageId, ObjectId, PersonId};

/// How many messages are told of; of older ones Meta gives no details.
pub const REACH: usize = 20;

const FIELDS: &str = "messages.limit(20){id,created_time,from,message,attachments}";

/// A message in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its id.
    pub id: MessageId,
    /// When it was written, to the second.
    pub at: Timestamp,
    /// Whether the account wrote it.
    pub by_account: bool,
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
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Conversation {
    id: ObjectId,
}

#[derive(Deserialize)]
struct Messages {
    messages: List<Wire>,
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
    attachments: Option<List<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
struct From {
    id: PersonId,
}

impl Client {
    /// The newest messages of the account's conversation with `person`, newest first. Two calls, at the rate that Meta
    /// allows for these.
    ///
    /// # Errors
    ///
    /// When the conversation is not there, cannot be read, or not all of the answer can be: it is no evidence then.
    pub async fn history(&self, person: &PersonId) -> Result<Vec<Said>, HistoryError> {
        let platform = if self.is_instagram() { "instagram" } else { "messenger" };
        let query = [("platform", platform), ("user_id", person.as_str())];
        let found: List<Conversation> = self.read(self.node_url("conversations"), &query).await?;
        let Some(conversation) = found.data.into_iter().next() else {
            return Err(HistoryError { reason: "there is no such conversation".into() });
        };
        let read: Messages = self.read(self.object_url(conversation.id.as_str()), &[("fields", FIELDS)]).await?;
        let said = read.messages.data.into_iter().map(|wire| self.said(wire)).collect::<Option<Vec<_>>>();
        said.ok_or_else(|| HistoryError { reason: "a message has a time that cannot be read".into() })
    }

    fn said(&self, wire: Wire) -> Option<Said> {
        let at = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", &wire.created_time).ok()?.to_timestamp().ok()?;
        Some(Said {
            id: wire.id,
            at: Timestamp(at.as_millisecond()),
            by_account: wire.from.is_some_and(|from| self.speaks_as(from.id.as_str())),
            text: wire.message.unwrap_or_default(),
            has_attachments: wire.attachments.is_some_and(|attachments| !attachments.data.is_empty()),
        })
    }

    async fn read<T: DeserializeOwned>(&self, url: Url, query: &[(&str, &str)]) -> Result<T, HistoryError> {
        let body = self.get(url, query).await.map_err(|reason| HistoryError { reason })?;
        serde_json::from_slice(&body).map_err(|_| HistoryError { reason: "the answer has another shape".into() })
    }
}
