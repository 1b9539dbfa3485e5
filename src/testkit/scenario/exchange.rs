//! A request between the bot and Meta, and its answer.

use serde::Deserialize;
use serde_json::Value;

use super::said::plain;

/// What a player looks at of it.
#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    pub(super) id: u64,
    pub(super) kind: String,
    pub(super) account: Option<String>,
    pub(super) person: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) status: Option<u16>,
    pub(super) response: Value,
    pub(super) error: Option<String>,
}

impl Exchange {
    /// Whether the bot did not take the webhook, or the Graph API refused the call.
    pub(super) fn has_failed(&self) -> bool {
        match self.kind.as_str() {
            "webhook" => self.status != Some(200),
            _ => self.status.is_none_or(|status| status >= 400),
        }
    }
}

/// What went wrong with it.
impl std::fmt::Display for Exchange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        let call = format!("{} {}", self.method, plain(path));
        match (self.kind.as_str(), self.status) {
            ("webhook", Some(status)) => write!(out, "the bot answered a webhook with {status}"),
            ("webhook", None) => write!(out, "the bot did not answer a webhook"),
            (_, Some(status)) => write!(out, "the Graph API answered {call} with {status}"),
            (_, None) => write!(out, "the Graph API did not answer {call}"),
        }?;
        let error = &self.response["error"];
        if let (Some(message), false) = (error["message"].as_str(), self.kind == "webhook") {
            write!(out, ": {} (code {}", plain(message), error["code"])?;
            match error["error_subcode"].as_u64() {
                Some(subcode) => write!(out, ", subcode {subcode})")?,
                None => write!(out, ")")?,
            }
        }
        match &self.error {
            Some(why) => write!(out, ": {}", plain(why)),
            None => Ok(()),
        }
    }
}
