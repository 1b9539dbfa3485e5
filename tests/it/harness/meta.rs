//! Meta for servers that are processes of their own.

use std::path::Path;

use rejoinder::clock::Clock;
use rejoinder::emulator::{Emulator, Running, World};
use rejoinder::signature;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::binary::Binary;
use super::{client, environment, send_json, settings, world};

/// An emulated Meta on the machine's clock, for servers that are processes of their own.
pub struct Meta {
    pub url: String,
    pub emulator: Emulator,
    pub http: Client,
    _served: Running,
}

impl Meta {
    pub async fn start() -> Meta {
        Meta::with(world()).await
    }

    pub async fn with(world: World) -> Meta {
        let served = Emulator::new(world, Clock::system()).start_anywhere().await.expect("a port");
        Meta { url: served.url(), emulator: served.emulator().clone(), http: client(), _served: served }
    }

    pub fn serve(&self, folder: &Path) -> Binary {
        Binary::start(folder, &["serve"], &environment(&settings(&self.url, "rejoinder.db", "echo")))
    }

    pub async fn says(&self, person: &str, account: &str, text: &str) {
        let act = json!({"person": person, "account": account, "do": "message", "text": text});
        let answer = send_json(self.http.post(format!("{}/emulator/act", self.url)), &act).send().await;
        assert!(answer.expect("an answer").status().is_success());
    }

    pub async fn json(&self, url: String) -> Value {
        let answer = self.http.get(url).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    pub async fn answers(&self, person: &str, account: &str) -> Vec<Value> {
        let chat = self.json(format!("{}/emulator/chats/{account}/{person}", self.url)).await;
        let messages = chat["messages"].as_array().expect("messages").iter();
        messages.filter(|message| message["from"] == "business").cloned().collect()
    }

    /// An item for an account, signed as Meta signs it, straight to the webhook.
    pub async fn deliver(&self, public: &str, account: &str, item: &Value) -> StatusCode {
        self.deliver_all(public, account, std::slice::from_ref(item)).await
    }

    /// Several of them at once.
    pub async fn deliver_all(&self, public: &str, account: &str, items: &[Value]) -> StatusCode {
        let body = json!({"object": "page", "entry": [{"id": account, "time": 1, "messaging": items}]}).to_string();
        let signed = signature::sign(&world().app.secret, body.as_bytes());
        let request = self.http.post(format!("http://{public}/webhook")).header(signature::HEADER, signed);
        request.body(body).send().await.expect("an answer").status()
    }
}
