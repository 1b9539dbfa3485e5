//! Webhooks as some accounts get them: edits that no person made, echoes under another id, half a character.

use serde_json::{Value, json};

use crate::emulator::World;

use super::Bench;

const OTHER: &str = "25000400000000001";

async fn fault(bench: &Bench, fault: &str) {
    bench.control("/emulator/faults", json!({"push": fault})).await;
}

fn said(text: &str) -> Value {
    json!({"account": "shop_ig", "do": "message", "text": text})
}

#[tokio::test]
async fn chatwoot_15494_a_message_comes_with_an_edit_that_no_person_made() {
    let mut bench = Bench::new().await;
    fault(&bench, "edit_beside").await;
    // On Messenger it does not happen: the fault waits.
    bench.act(json!({"do": "message", "text": "hi"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "hi");
    bench.act(said("hello there")).await;
    let message = bench.next_item().await;
    assert_eq!(message["message"]["text"], "hello there");
    let mid = &message["message"]["mid"];
    let edit = bench.next_item().await;
    assert_eq!(edit["message_edit"], json!({"mid": mid, "text": "hello there", "num_edit": 0}));
    assert_eq!((&edit["sender"], &edit["recipient"]), (&message["sender"], &message["recipient"]));
    bench.act(said("once")).await;
    assert_eq!(bench.next_item().await["message"]["text"], "once");
    bench.end().await;
}

#[tokio::test]
async fn chatwoot_15494_a_message_comes_as_such_an_edit_alone() {
    let mut bench = Bench::new().await;
    fault(&bench, "edit_alone").await;
    fault(&bench, "edit_bare").await;
    let pushed = bench.act(said("hello")).await;
    let edit = bench.next_item().await;
    assert_eq!(edit, pushed);
    assert_eq!((&edit["message_edit"]["text"], &edit["message_edit"]["num_edit"]), (&json!("hello"), &json!(0)));
    assert_eq!(edit["sender"]["id"], "9100000000000021");
    bench.act(said("hello again")).await;
    let bare = bench.next_item().await;
    assert_eq!(bare["message_edit"]["num_edit"], 0);
    assert_eq!((bare.get("sender"), bare["message_edit"].get("text")), (None, None));
    let chat = bench.get("/emulator/chats/shop_ig/Ada").await;
    assert_eq!(chat["messages"][1]["mid"], bare["message_edit"]["mid"]);
    assert_eq!(chat["messages"][1]["text"], "hello again");
    bench.end().await;
}

#[tokio::test]
async fn an_edit_that_no_person_made_waits_until_the_app_is_subscribed_to_edits() {
    let mut bench = Bench::new().await;
    let subscribe = async |bench: &Bench, fields: &str| {
        let call = json!({"access_token": "555000000000001|emulated-app-secret", "object": "instagram", "fields": fields,
            "callback_url": bench.bot_url, "verify_token": "emulated-verify-token"});
        bench.control("/v26.0/555000000000001/subscriptions", call).await;
    };
    subscribe(&bench, "messages").await;
    for name in ["edit_alone", "edit_bare", "edit_beside"] {
        fault(&bench, name).await;
    }
    bench.act(said("hello")).await;
    assert_eq!(bench.next_item().await["message"]["text"], "hello");
    let pending = bench.get("/emulator/faults").await;
    assert_eq!(pending["faults"].as_array().map(Vec::len), Some(3), "{pending}");
    subscribe(&bench, "messages,message_edit").await;
    bench.act(said("hello again")).await;
    assert_eq!(bench.next_item().await["message_edit"]["text"], "hello again");
    bench.end().await;
}

#[tokio::test]
async fn vocero_crm_59_an_echo_comes_under_the_accounts_other_id() {
    let mut bench = Bench::new().await;
    bench.act(said("hi")).await;
    bench.next().await;
    fault(&bench, "echo_other_id").await;
    let call = json!({"recipient": {"id": "9100000000000021"}, "message": {"text": "Hello"}});
    assert_eq!(bench.send(call).await.0, 200);
    let echo = bench.next().await.json();
    assert_eq!(echo["entry"][0]["id"], "17841400000000001");
    let item = &echo["entry"][0]["messaging"][0];
    assert_eq!((&item["sender"]["id"], &item["recipient"]["id"]), (&json!(OTHER), &json!("9100000000000021")));
    assert_eq!(item["message"]["is_echo"], true);
    bench.end().await;
}

#[tokio::test]
async fn hermes_agent_11467_a_text_is_cut_in_the_middle_of_an_emoji() {
    let mut bench = Bench::new().await;
    fault(&bench, "half_surrogate").await;
    bench.act(json!({"do": "read"})).await;
    bench.next().await;
    bench.act(json!({"do": "message", "text": "cut in the middle of "})).await;
    let push = bench.next().await;
    let body = std::str::from_utf8(&push.bytes).expect("ASCII");
    assert!(body.contains(r#""text":"cut in the middle of \ud83c""#), "{body}");
    assert!(serde_json::from_slice::<Value>(&push.bytes).is_err(), "half a pair is no JSON that can be read");
    let secret = World::default().app.secret;
    let signed = crate::signature::sign(&secret, &push.bytes);
    assert_eq!(push.headers[crate::signature::HEADER], *signed);
    bench.settled().await;
    bench.settled().await;
    let exchanges = bench.get("/emulator/exchanges").await;
    assert!(exchanges.to_string().contains("cut in the middle of "), "{exchanges}");
    bench.end().await;
}
