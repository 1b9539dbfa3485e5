//! Which webhooks go where: the app's subscriptions, one for each kind of object, and the accounts it is connected with.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::emulator::World;

use super::{Bench, Bot, bot, with};

const APP: &str = "555000000000001|emulated-app-secret";

impl Bench {
    /// A call about the app's subscriptions, by the app. Returns what GET lists after it.
    async fn subscriptions(&self, call: Value) -> Value {
        let path = "/v26.0/555000000000001/subscriptions";
        let proof = json!({"access_token": APP, "verify_token": "emulated-verify-token"});
        self.control(path, with(proof, call)).await;
        let list = self.control(path, json!({"access_token": APP, "method": "GET"})).await["data"].clone();
        list.as_array().expect("a list").iter().map(|one| json!([one["object"], one["callback_url"]])).collect()
    }

    /// The account's subscription, after this has been done with it.
    pub(super) async fn connected(&self, method: &str) -> Value {
        let token = World::default().accounts[0].access_token.expose().to_owned();
        let path = "/v26.0/me/subscribed_apps";
        let fields = json!({"access_token": token, "subscribed_fields": "messages"});
        self.control(path, with(fields, json!({"method": method}))).await;
        self.control(path, json!({"access_token": token, "method": "GET"})).await["data"].clone()
    }

    async fn tell(&self, account: &str) -> Value {
        self.act(json!({"account": account, "do": "message", "text": account})).await
    }
}

#[tokio::test]
async fn each_kind_of_object_has_a_callback_of_its_own() {
    let mut bench = Bench::unsubscribed(World::default()).await;
    let (sender, mut of_instagram) = mpsc::channel(100);
    let other = bot(Bot { pushes: sender, answers: Arc::new(Mutex::new(Box::new(|_| 200))) }, bench.stop.clone()).await;
    bench.tell("shop_ig").await;
    let page = json!({"object": "page", "callback_url": bench.bot_url, "fields": "messages"});
    assert_eq!(bench.subscriptions(page).await, json!([["page", bench.bot_url]]));
    assert_eq!(bench.tell("shop_ig").await, Value::Null, "the app has not subscribed to Instagram");
    let instagram = json!({"object": "instagram", "callback_url": other, "fields": "messages"});
    assert_eq!(bench.subscriptions(instagram).await, json!([["page", bench.bot_url], ["instagram", other]]));
    let (first, second) = (bench.tell("shop").await, bench.tell("shop_ig").await);
    assert_eq!(bench.next_item().await, first);
    assert_eq!(of_instagram.recv().await.expect("a delivery").item(), second, "what waited for nobody is forgotten");

    bench.emulator.shared.callbacks.name(&bench.bot_url);
    bench.control("/emulator/subscribe", json!({"callback": bench.bot_url})).await;
    let second = bench.tell("shop_ig").await;
    assert_eq!(bench.next_item().await, second);
    let gone = json!({"object": "page", "method": "DELETE"});
    assert_eq!(bench.subscriptions(gone).await, json!([["instagram", bench.bot_url]]));
    assert_eq!(bench.tell("shop").await, Value::Null);
    assert!(of_instagram.try_recv().is_err(), "the other callback is told no more");
    bench.end().await;
}

#[tokio::test]
async fn an_account_is_told_of_until_it_is_ended_and_again_after_a_reset() {
    let bench = Bench::new().await;
    assert_eq!(bench.connected("POST").await[0]["subscribed_fields"], json!(["messages"]));
    for (path, body) in [("/emulator/reset", json!({})), ("/emulator/subscribe", json!({"callback": bench.bot_url}))] {
        assert_eq!(bench.connected("DELETE").await, json!([]));
        assert_eq!((bench.tell("shop").await, bench.tell("shop_ig").await), (Value::Null, Value::Null));
        bench.control(path, body).await;
        let fields = bench.connected("GET").await[0]["subscribed_fields"].as_array().map(Vec::len);
        assert!(fields.is_some_and(|count| count > 40), "{path}: all fields");
        assert!(bench.tell("shop").await.is_object() && bench.tell("shop_ig").await.is_object(), "{path}");
    }
    bench.end().await;
}
