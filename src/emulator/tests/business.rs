//! What the business does at its inbox, and Meta to the account.

use serde_json::{Value, json};

use super::{Bench, HOUR, START};

const INBOX: u64 = 263_902_037_430_900;
const APP: &str = "555000000000001";

fn item(content: Value) -> Value {
    let ends =
        json!({"sender": {"id": "7200000000000011"}, "recipient": {"id": "104000000000001"}, "timestamp": START});
    super::with(ends, content)
}

#[tokio::test]
async fn an_answer_from_the_inbox_is_echoed_with_the_inboxs_id() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let entries = bench.entries(json!({"do": "inbox", "text": "Grace here"})).await;
    let echo = &entries[0]["messaging"][0];
    let mid = echo["message"]["mid"].clone();
    assert_eq!(
        *echo,
        json!({"sender": {"id": "104000000000001"}, "recipient": {"id": "7200000000000011"}, "timestamp": START,
            "message": {"mid": mid, "text": "Grace here", "is_echo": true, "app_id": INBOX}})
    );
    assert_eq!(entries[1]["messaging"][0]["delivery"], json!({"mids": [mid], "watermark": START}));
    let chat = bench.chat().await;
    assert_eq!((&chat["messages"][1]["app_id"], &chat["owner"]), (&json!("263902037430900"), &Value::Null));

    let entries = bench.entries(json!({"account": "shop_ig", "do": "inbox", "text": "Grace here"})).await;
    let message = &entries[0]["messaging"][0]["message"];
    assert_eq!(*message, json!({"mid": message["mid"], "text": "Grace here", "is_echo": true}));
    assert_eq!(entries.len(), 1, "Instagram tells of no deliveries");
    bench.end().await;
}

#[tokio::test]
async fn a_conversation_of_the_inbox_is_told_on_standby() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "handover", "action": "pass"})).await;
    let entries = bench.entries(json!({"do": "inbox", "text": "I take over", "take": true})).await;
    let lists: Vec<&str> =
        entries.iter().map(|entry| if entry["standby"].is_array() { "standby" } else { "messaging" }).collect();
    assert_eq!(lists, ["messaging", "standby", "standby"]);
    assert_eq!(
        entries[0]["messaging"][0],
        item(json!({"take_thread_control": {"previous_owner_app_id": APP, "new_owner_app_id": INBOX}}))
    );
    let postback = bench.entries(json!({"do": "postback", "title": "Help", "payload": "HELP"})).await[0].clone();
    let mid = postback["standby"][0]["postback"]["mid"].clone();
    assert_eq!(postback["standby"][0], item(json!({"postback": {"mid": mid, "title": "Help"}})));
    for _ in 0..5 {
        bench.next().await;
    }
    assert_eq!(bench.chat().await["owner"], json!("263902037430900"));

    bench.control("/emulator/clock", json!({"advance": "20h"})).await;
    let message = bench.entries(json!({"do": "message", "text": "still there?"})).await;
    assert!(message[0]["standby"].is_array(), "the person's message keeps it with the inbox");
    bench.control("/emulator/clock", json!({"advance": "25h"})).await;
    assert_eq!(bench.chat().await["owner"], Value::Null);
    let message = bench.entries(json!({"do": "message", "text": "anybody?"})).await;
    assert_eq!((&message[0]["time"], message[0]["messaging"].is_array()), (&json!(START + 45 * HOUR), true));
    bench.end().await;
}

#[tokio::test]
async fn an_answer_of_the_inbox_keeps_the_conversation_there() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "handover", "action": "take"})).await;
    for advance in ["20h", "20h"] {
        bench.control("/emulator/clock", json!({"advance": advance})).await;
        bench.act(json!({"do": "inbox", "text": "a moment, please"})).await;
    }
    assert_eq!(bench.chat().await["owner"], json!("263902037430900"));
    bench.control("/emulator/clock", json!({"advance": "24h"})).await;
    assert_eq!(bench.chat().await["owner"], Value::Null);
    bench.end().await;
}

#[tokio::test]
async fn each_handover_is_told_in_metas_shape() {
    let bench = Bench::new().await;
    let hand_over = |action: &str| json!({"do": "handover", "action": action, "metadata": "order 9"});
    assert!(bench.refused(hand_over("release")).await.contains("take"));
    let request = json!({"requested_owner_app_id": INBOX, "metadata": "order 9"});
    for action in ["request", "take"] {
        assert_eq!(bench.act(hand_over(action)).await, Value::Null, "nobody is told of what comes from nobody");
        assert_eq!(bench.chat().await["owner"], json!("263902037430900"));
        assert_eq!(bench.act(hand_over("release")).await, Value::Null);
    }
    bench.act(hand_over("pass")).await;
    assert_eq!(bench.act(hand_over("request")).await, item(json!({"request_thread_control": request})));
    bench.act(hand_over("take")).await;
    for action in ["take", "request"] {
        assert!(bench.refused(hand_over(action)).await.contains("release"));
    }
    let pass = json!({"previous_owner_app_id": "263902037430900", "new_owner_app_id": APP, "metadata": "order 9"});
    assert_eq!(bench.act(hand_over("pass")).await, item(json!({"pass_thread_control": pass})));
    assert!(bench.refused(hand_over("pass")).await.contains("take"));
    let take = json!({"previous_owner_app_id": APP, "new_owner_app_id": INBOX, "metadata": "order 9"});
    assert_eq!(bench.act(hand_over("take")).await, item(json!({"take_thread_control": take})));
    assert_eq!(bench.act(hand_over("release")).await, Value::Null);
    let pass = bench.act(json!({"account": "shop_ig", "do": "handover", "action": "pass"})).await;
    assert_eq!(pass["pass_thread_control"], json!({"previous_owner_app_id": null, "new_owner_app_id": APP}));
    bench.end().await;
}

#[tokio::test]
async fn meta_warns_blocks_and_unblocks_an_account() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let check = async |act: Value, expected: Value| {
        let told = bench.act(super::with(json!({"do": "enforce"}), act)).await;
        assert_eq!(
            told,
            json!({"recipient": {"id": "104000000000001"}, "timestamp": START, "policy_enforcement": expected})
        );
    };
    let reason = "Repeated unsolicited messages.";
    check(json!({"action": "warning"}), json!({"action": "warning", "reason": reason})).await;
    assert_eq!(bench.send(json!({"message": {"text": "hello"}})).await.0, 200);
    check(json!({"action": "block", "reason": "Spam."}), json!({"action": "block", "reason": "Spam."})).await;
    assert_eq!(bench.send_error(json!({"message": {"text": "hello"}})).await.0, json!(368));
    let exchanges = bench.get("/emulator/exchanges").await["exchanges"].clone();
    let refused = exchanges.as_array().expect("a list").iter().find(|exchange| exchange["status"] == 400);
    assert_eq!(refused.expect("it is on record").get("error").and_then(Value::as_str), None, "no fault was scripted");
    check(json!({"action": "unblock"}), json!({"action": "unblock"})).await;
    assert_eq!(bench.send(json!({"message": {"text": "hello"}})).await.0, 200);
    bench.end().await;
}
