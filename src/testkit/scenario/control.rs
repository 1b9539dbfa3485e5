//! The emulator, as a player uses it: its control routes.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::exchange::Exchange;
use super::said::Said;
use super::script::ConversationName;

/// How long an answer may take: the emulator is on this machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the account's side of a conversation is called.
const BUSINESS: &str = "business";

/// The emulator does not answer as it should, so that nothing can be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// It is not there.
    #[error("the emulated Meta does not answer")]
    Unreachable(#[from] reqwest::Error),
    /// It says something else.
    #[error("the emulated Meta answers what makes no sense here")]
    Answer(#[from] serde_json::Error),
}

/// What was asked for is done; or why it cannot be.
pub(super) type Done = Result<(), String>;

/// A conversation, as far as a player looks at it.
#[derive(Deserialize)]
pub(super) struct Chat {
    pub(super) account: String,
    pub(super) person: String,
    pub(super) typing: bool,
    messages: Vec<Said>,
}

impl Chat {
    /// What the business said, in order.
    pub(super) fn said(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.messages.iter().filter(|message| message.from == BUSINESS)
    }

    /// What the business said since the person last said or tapped something, newest first: what it offers now.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Said> {
        self.messages.iter().rev().take_while(|message| message.from == BUSINESS)
    }
}

/// The control routes at one address.
pub(crate) struct Control {
    http: Client,
    base: Url,
}

impl Control {
    /// The routes of the emulator at `base`, as `http://127.0.0.1:8082`.
    pub(crate) fn of(base: &str) -> anyhow::Result<Control> {
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Control { http, base: Url::parse(base)? })
    }

    /// Lets a person do something. What cannot be done is told.
    pub(super) async fn act(&self, act: Map<String, Value>) -> Result<Done, Lost> {
        self.post("act", &Value::Object(act)).await
    }

    /// Lets something go wrong.
    pub(super) async fn fault(&self, fault: Map<String, Value>) -> Result<Done, Lost> {
        self.post("faults", &Value::Object(fault)).await
    }

    /// Lets time pass.
    pub(super) async fn advance(&self, by: Duration) -> Result<Done, Lost> {
        self.post("clock", &json!({"advance": humantime::format_duration(by).to_string()})).await
    }

    /// Forgets everything that happened.
    pub(super) async fn reset(&self) -> Result<(), Lost> {
        self.post("reset", &json!({})).await.map(|_| ())
    }

    pub(super) async fn now(&self) -> Result<Timestamp, Lost> {
        let answer = self.get(&["clock"], &[]).await?;
        Ok(Timestamp::deserialize(&answer["now"])?)
    }

    pub(super) async fn chat(&self, talk: &ConversationName) -> Result<Chat, Lost> {
        Ok(Chat::deserialize(self.get(&["chats", &talk.account, &talk.person], &[]).await?)?)
    }

    /// The last exchanges on the wire, oldest first.
    pub(super) async fn exchanges(&self, limit: usize) -> Result<Vec<Exchange>, Lost> {
        let answer = self.get(&["exchanges"], &[("limit", &limit.to_string())]).await?;
        Ok(Vec::deserialize(&answer["exchanges"])?)
    }

    async fn post(&self, route: &str, body: &Value) -> Result<Done, Lost> {
        let request = self.http.post(self.url(&[route])).header("content-type", "application/json");
        let (done, answer) = self.answer(request.body(body.to_string())).await?;
        let error = &answer["error"];
        let told = |key: &str| error[key].as_str().unwrap_or("it does not say why");
        Ok(if done { Ok(()) } else { Err(format!("{}; {}", told("message"), told("hint"))) })
    }

    async fn get(&self, route: &[&str], query: &[(&str, &str)]) -> Result<Value, Lost> {
        let mut url = self.url(route);
        url.query_pairs_mut().extend_pairs(query);
        Ok(self.answer(self.http.get(url)).await?.1)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(bool, Value), Lost> {
        let answer = request.send().await?;
        let done = answer.status().is_success();
        Ok((done, serde_json::from_slice(&answer.bytes().await?)?))
    }

    fn url(&self, route: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("emulator").extend(route);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_offered_before_the_last_act_is_no_answer_to_it() {
        let said = |from: &str, title: &str| {
            let chips = json!([{"content_type": "text", "title": title, "payload": "P"}]);
            json!({"mid": "m", "from": from, "at": 0, "text": "?", "quick_replies": chips})
        };
        let messages =
            [said("business", "Old"), said("person", "-"), said("business", "New"), said("business", "Newer")];
        let chat = json!({"account": "shop", "person": "Ada", "typing": false, "messages": messages});
        let chat = Chat::deserialize(chat).expect("a chat");
        let titles: Vec<_> = chat.answers().flat_map(Said::quick_replies).collect();
        assert_eq!(titles, ["Newer", "New"]);
        assert_eq!(chat.said().count(), 3);
    }
}
