//! A person on the stage.

use serde_json::{Map, Value, json};

use super::Stage;

/// A person who writes to an account, and reads what it says.
#[derive(Debug)]
pub struct Person<'a> {
    stage: &'a Stage,
    name: String,
    account: String,
    heard: usize,
}

impl Stage {
    /// A person who writes to the Page. On another account: [`Person::on`].
    pub fn person(&self, name: &str) -> Person<'_> {
        Person::new(self, name, "shop")
    }
}

impl<'a> Person<'a> {
    fn new(stage: &'a Stage, name: &str, account: &str) -> Person<'a> {
        Person { stage, name: name.to_owned(), account: account.to_owned(), heard: 0 }
    }

    /// The same person, writing to another account.
    pub fn on(&self, account: &str) -> Person<'a> {
        Person::new(self.stage, &self.name, account)
    }

    /// Writes a text.
    pub async fn says(&self, text: &str) {
        self.does("message", json!({"text": text})).await;
    }

    /// Taps what the bot offered last under this title: a quick reply, or a button of a template.
    ///
    /// # Panics
    ///
    /// When nothing of this title was offered.
    pub async fn taps(&self, title: &str) {
        self.stage.rest().await;
        let messages = self.messages().await;
        let offers = messages.iter().rev().filter(|message| message["from"] == "business").flat_map(offers);
        let offers: Vec<_> = offers.collect();
        let Some(offer) = offers.iter().find(|offer| offer["title"] == title) else {
            let titles: Vec<_> = offers.iter().map(|offer| offer["title"].clone()).collect();
            panic!("{title:?} is not offered; there are {titles:?}{}", self.stage.troubles_behind("; ").await);
        };
        match offer["type"].as_str() {
            Some("postback") => self.does("postback", json!({"title": title, "payload": offer["payload"]})).await,
            Some(other) => panic!("{title:?} is a button of the type {other}: no webhook tells of its tap"),
            None => self.does("message", json!({"text": title, "quick_reply": offer["payload"]})).await,
        }
    }

    /// Taps the welcome screen's button.
    pub async fn gets_started(&self, payload: &str) {
        self.does("postback", json!({"title": "Get Started", "payload": payload})).await;
    }

    /// Sends something: an attachment as a webhook has it, `{"type": "image", "payload": {"url": …}}`.
    pub async fn sends(&self, attachment: Value) {
        self.does("message", json!({"attachments": [attachment]})).await;
    }

    /// Reads what was said.
    pub async fn reads(&self) {
        self.does("read", json!({})).await;
    }

    /// Does anything that a person can, by the words of the emulator's `POST /emulator/act`.
    ///
    /// # Panics
    ///
    /// When a person cannot do that.
    pub async fn does(&self, what: &str, how: Value) {
        let mut act = Map::from_iter([
            ("person".to_owned(), json!(self.name)),
            ("account".to_owned(), json!(self.account)),
            ("do".to_owned(), json!(what)),
        ]);
        act.extend(how.as_object().cloned().unwrap_or_default());
        let (done, answer) = self.stage.post("/emulator/act", &Value::Object(act)).await;
        assert!(done, "{} cannot do that: {answer}", self.name);
    }

    /// What the bot has said since the last time, in order: texts, and for what has none its type in brackets. What the server
    /// refused or failed meanwhile is told on stderr.
    pub async fn hears(&mut self) -> Vec<String> {
        self.stage.rest().await;
        self.stage.tell_troubles().await;
        let said: Vec<_> = self.messages().await.into_iter().filter(|message| message["from"] == "business").collect();
        let fresh = said.iter().skip(self.heard).map(words).collect();
        self.heard = said.len();
        fresh
    }

    /// Everything that was said on both sides, as the emulator's `GET /emulator/chats/…` shows it.
    pub async fn messages(&self) -> Vec<Value> {
        let chat = self.stage.get(&format!("/emulator/chats/{}/{}", self.account, self.name)).await;
        chat["messages"].as_array().cloned().unwrap_or_default()
    }
}

/// What a message offers to tap: its quick replies, and the buttons of its template.
fn offers(message: &Value) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut offers = list(&message["quick_replies"]);
    for attachment in list(&message["attachments"]) {
        let payload = &attachment["payload"];
        offers.extend(list(&payload["buttons"]));
        offers.extend(list(&payload["elements"]).iter().flat_map(|element| list(&element["buttons"])));
    }
    offers
}

fn words(message: &Value) -> String {
    if let Some(text) = message["text"].as_str() {
        return text.to_owned();
    }
    let attachment = &message["attachments"][0];
    match attachment["payload"]["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("[{}]", attachment["type"].as_str().unwrap_or("nothing")),
    }
}
