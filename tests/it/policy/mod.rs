//! The policy, end to end: a person acts at the emulated Meta, somebody posts, and both sides judge it by rules of their own.
//!
//! What the server lets through Meta must take; a [`Rig`] fails at its end when Meta had to refuse a send. What the server refuses
//! has left no trace.

use std::time::Duration;

use rejoinder::Handlers;
use serde_json::{Map, Value, json};

use crate::harness::{ADA, Rig, RigOptions, send_json, world};

mod document;
mod enforcement;
mod features;
mod instagram;
mod meta;
mod private_reply;
mod tags;
mod tokens;
mod window;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const FEATURES: &str = "human_agent,news,one_time_notification,marketing,utility";

/// The rules of which the wire shows nothing: who wrote it, what it promotes, how long the account rests.
const NOT_METAS_TO_SEE: [&str; 4] = ["P2.2", "P3.2", "P9.3", "P16.2"];

/// A server whose handler says nothing of its own accord, and somebody at the API.
struct Desk {
    rig: Rig,
    account: &'static str,
}

impl Desk {
    /// At the Page, with every feature.
    async fn open() -> Desk {
        Desk::at("shop", FEATURES).await
    }

    /// At an account with these features.
    async fn at(account: &'static str, features: &str) -> Desk {
        Desk::with("none", rejoinder::handlers::all(), account, features).await
    }

    async fn with(handler: &'static str, handlers: Handlers, account: &'static str, features: &str) -> Desk {
        let settings =
            ["shop", "shop_ig"].map(|name| (format!("accounts.{name}.features"), features.to_owned())).to_vec();
        let settings = settings.into_iter().map(|(key, value)| (&*key.leak(), value)).collect();
        // The server's rules for these tokens are held here whether or not Meta still takes messages on them.
        let mut world = world();
        world.app.marketing_tokens = true;
        Desk {
            rig: Rig::with(RigOptions { handler, handlers, settings, world, ..RigOptions::default() }).await,
            account,
        }
    }

    /// Ada does something.
    async fn ada(&self, what: &str, how: Value) {
        self.act(json!({"person": "Ada", "account": self.account, "do": what}), how).await;
    }

    /// Meta does something to the account.
    async fn meta(&self, what: &str, how: Value) {
        self.act(json!({"account": self.account, "do": what}), how).await;
    }

    async fn act(&self, mut act: Value, how: Value) {
        act.as_object_mut().expect("an act").extend(how.as_object().cloned().unwrap_or_default());
        self.rig.act(act).await;
        self.rest().await;
    }

    async fn ada_says_hello(&self) {
        self.ada("message", json!({"text": "hello"})).await;
    }

    /// Waits until all that was told is handled, and all that was said has ended.
    async fn rest(&self) {
        self.rig.comes_to_rest().await;
    }

    /// Time passes.
    async fn wait(&self, time: Duration) {
        self.rest().await;
        self.rig.clock.advance(time);
        self.rest().await;
    }

    /// Ada's id at the account.
    fn ada_id(&self) -> &'static str {
        if self.account == "shop" { ADA } else { crate::harness::ADA_ON_INSTAGRAM }
    }

    /// A request with these fields; where they name nobody, to Ada, and where they say nothing, a text.
    fn request(&self, fields: Value) -> Map<String, Value> {
        let Value::Object(mut fields) = fields else { panic!("the fields of a request: {fields}") };
        fields.entry("recipient").or_insert_with(|| json!({"id": self.ada_id()}));
        if !fields.contains_key("sender_action") {
            fields.entry("message").or_insert_with(|| json!({"text": "hi"}));
        }
        fields
    }

    /// Posts it: the rule that refuses it, or nothing where Meta has taken it. What is refused Meta must refuse too.
    async fn post(&self, fields: Value) -> Option<String> {
        let rule = self.post_alone(fields.clone()).await;
        if let Some(rule) = rule.as_deref().filter(|rule| !NOT_METAS_TO_SEE.contains(rule)) {
            self.meta_refuses(fields, rule).await;
        }
        rule
    }

    /// The same where we know something that the emulated Meta does not. What a dry run says of it must come true.
    async fn post_alone(&self, fields: Value) -> Option<String> {
        let body = Value::Object(self.request(fields));
        let told = self.ask("?dry_run=true", &body).await;
        let posted = self.ask("", &body).await;
        if let Some(rule) = posted["refused"]["rule"].as_str() {
            assert_eq!(told["refused"], posted["refused"], "{body}");
            return Some(rule.to_owned());
        }
        assert_eq!(told, json!({"allowed": true}), "{body}");
        self.rest().await;
        for id in posted["ids"].as_array().unwrap_or_else(|| panic!("ids in {posted}")) {
            let send = self.rig.json(&self.rig.admin(&format!("/api/sends/{}", id.as_str().expect("an id")))).await;
            assert_eq!(send["status"], "sent", "what policy allows Meta takes: {send}");
        }
        None
    }

    /// Nothing is held back that Meta would take: it is asked past the server, and refuses by the same rule.
    async fn meta_refuses(&self, fields: Value, rule: &str) {
        let token = crate::harness::world().accounts[0].access_token.expose().to_owned();
        let mut body = self.request(with(fields, json!({"access_token": token})));
        body.remove("agent");
        let body = Value::Object(body);
        let url = format!("{}/{}/messages", self.rig.meta, crate::harness::SHOP);
        let answer = send_json(self.rig.http.post(url), &body).send().await.expect("an answer");
        let told: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        let error = &told["error"];
        let code = error["code"].as_u64().unwrap_or_else(|| panic!("{rule} holds back what Meta takes: {body}"));
        let subcode = error["error_subcode"].as_u64().map(|subcode| format!("/{subcode}")).unwrap_or_default();
        let error = format!("{code}{subcode} {}", error["message"].as_str().unwrap_or_default());
        let is_its_reason = |reason: &&str| error.starts_with(reason) || error.ends_with(reason);
        assert!(meta::reasons(rule).iter().any(is_its_reason), "for {rule} Meta refuses {body} by {error}");
    }

    async fn ask(&self, query: &str, body: &Value) -> Value {
        let url = self.rig.admin(&format!("/api/accounts/{}/sends{query}", self.account));
        let answer = send_json(self.rig.http.post(url), body).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    #[track_caller]
    fn check(&self, decision: Option<String>, expected: Option<&str>, what: &str) {
        assert_eq!(decision.as_deref(), expected, "{what} on {}", self.account);
    }

    /// Meta approves a utility template of the account.
    async fn has_a_utility_template(&self, name: &str) {
        let body = json!({"name": name, "language": "en", "category": "UTILITY", "access_token":
            crate::harness::world().accounts[0].access_token.expose(), "components": [{"type": "BODY", "text": "x"}]});
        let url = format!("{}/me/message_templates", self.rig.meta);
        let answer = send_json(self.rig.http.post(url), &body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }

    async fn window(&self) -> Value {
        let path = format!("/api/conversations/{}/{}", self.account, self.ada_id());
        self.rig.json(&self.rig.admin(&path)).await["window"].clone()
    }

    /// The ids of what Ada wrote beside the conversation, as the emulated Meta knows them.
    async fn comments(&self) -> Vec<Value> {
        let chat = self.rig.json(&format!("{}/emulator/chats/{}/Ada", self.rig.meta, self.account)).await;
        chat["comments"].as_array().expect("comments").iter().map(|comment| comment["id"].clone()).collect()
    }

    /// The token that Ada's last opt-in gave, as Meta told the server of it.
    async fn token(&self, name: &str) -> Value {
        let exchanges = self.rig.json(&format!("{}/emulator/exchanges", self.rig.meta)).await;
        let told = exchanges["exchanges"].as_array().expect("exchanges").iter().rev();
        let tokens = told.map(|told| &told["request"]["entry"][0]["messaging"][0]["optin"][name]);
        tokens.clone().find(|token| token.is_string()).cloned().unwrap_or_default()
    }

    async fn close(self) {
        self.rest().await;
        self.rig.end().await;
    }
}

/// The fields of a request under a tag.
fn tagged(tag: &str) -> Value {
    json!({"messaging_type": "MESSAGE_TAG", "tag": tag})
}

/// The same with others beside them.
fn with(mut fields: Value, others: Value) -> Value {
    fields.as_object_mut().expect("fields").extend(others.as_object().expect("fields").clone());
    fields
}

fn template(payload: Value) -> Value {
    json!({"message": {"attachment": {"type": "template", "payload": payload}}})
}
