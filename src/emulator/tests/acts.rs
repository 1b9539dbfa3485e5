//! What people do, and what is told of it.

use serde_json::json;

use super::{Bench, HOUR, START};

#[tokio::test]
async fn each_act_is_told_in_metas_shape() {
    let bench = Bench::new().await;
    let message = bench.act(json!({"do": "message", "text": "Large", "quick_reply": "SIZE_L"})).await;
    let mid = message["message"]["mid"].clone();
    assert_eq!(
        message,
        json!({"sender": {"id": "7200000000000011"}, "recipient": {"id": "104000000000001"}, "timestamp": START,
            "message": {"mid": mid, "text": "Large", "quick_reply": {"payload": "SIZE_L"}}})
    );
    let image = json!([{"type": "image", "payload": {"url": "https://cdn.example/i.jpg"}}]);
    let answer = bench.act(json!({"do": "message", "attachments": image, "reply_to": mid})).await;
    assert_eq!((&answer["message"]["attachments"], &answer["message"]["reply_to"]), (&image, &json!({"mid": mid})));
    let postback = bench.act(json!({"do": "postback", "title": "Go", "payload": "GO"})).await;
    let tapped = &postback["postback"];
    assert_eq!((&tapped["title"], &tapped["payload"], tapped["mid"].is_string()), (&json!("Go"), &json!("GO"), true));
    let started = json!({"do": "postback", "title": "Get Started", "payload": "GO", "ref": "spring"});
    let referral = json!({"ref": "spring", "source": "SHORTLINK", "type": "OPEN_THREAD"});
    assert_eq!(bench.act(started).await["postback"]["referral"], referral);
    let react = bench.act(json!({"do": "react", "mid": mid})).await;
    assert_eq!(react["reaction"], json!({"mid": mid, "action": "react", "reaction": "love", "emoji": "❤️"}));
    let unreact = bench.act(json!({"do": "unreact"})).await;
    assert_eq!(unreact["reaction"], json!({"mid": mid, "action": "unreact"}));
    assert_eq!(bench.act(json!({"do": "read"})).await["read"], json!({"watermark": START}));
    assert_eq!(bench.chat().await["read_at"], json!(START));
    let referral = bench.act(json!({"do": "referral", "ref": "spring"})).await;
    assert_eq!(referral["referral"], json!({"ref": "spring", "source": "SHORTLINK", "type": "OPEN_THREAD"}));
    assert_eq!(bench.act(json!({"do": "optin", "ref": "cart-9"})).await["optin"], json!({"ref": "cart-9"}));
    let checkbox = bench.act(json!({"do": "optin", "user_ref": "u-1"})).await;
    assert_eq!(
        checkbox,
        json!({"recipient": {"id": "104000000000001"}, "timestamp": START, "optin": {"user_ref": "u-1"}})
    );
    let deeds = bench.chat().await["deeds"].clone();
    assert_eq!((deeds.as_array().map(Vec::len), &deeds[0], &deeds[2]), (Some(3), &referral, &checkbox));
    let edit = bench.act(json!({"do": "edit", "mid": mid, "text": "Small"})).await;
    assert_eq!(edit["message_edit"], json!({"mid": mid, "text": "Small", "num_edit": 1}));
    bench.end().await;
}

#[tokio::test]
async fn instagram_differs_where_it_differs() {
    let bench = Bench::new().await;
    let act = |act| super::with(json!({"account": "shop_ig"}), act);
    assert!(bench.refused(act(json!({"do": "read"}))).await.contains("let it write first"));
    assert!(bench.refused(act(json!({"do": "optin", "ref": "r"}))).await.contains("Messenger"));
    assert!(bench.refused(act(json!({"do": "react", "reaction": "smile"}))).await.contains("laugh"));
    let (_, body) = bench
        .post("/emulator/act", json!({"person": "Ada", "account": "shop_ig", "do": "message", "text": "hi"}))
        .await;
    let body = &body["pushed"][0];
    assert_eq!((&body["object"], &body["entry"][0]["id"]), (&json!("instagram"), &json!("17841400000000001")));
    let mid = body["entry"][0]["messaging"][0]["message"]["mid"].clone();
    assert!(mid.as_str().is_some_and(|mid| mid.starts_with("aWdfZ")));
    let other = bench.act(act(json!({"do": "react", "emoji": "🚀"}))).await;
    assert_eq!(other["reaction"], json!({"mid": mid, "action": "react", "reaction": "other", "emoji": "🚀"}));
    let unsent = bench.act(act(json!({"do": "unsend"}))).await;
    assert_eq!(unsent["message"], json!({"mid": mid, "is_deleted": true}));
    let chat = bench.get("/emulator/chats/shop_ig/ada").await;
    assert_eq!((&chat["messages"][0]["deleted"], &chat["messages"][0]["text"]), (&json!(true), &json!(null)));
    assert!(bench.refused(json!({"do": "unsend"})).await.contains("Instagram"));
    bench.end().await;
}

#[tokio::test]
async fn the_window_opens_with_the_events_own_time() {
    let bench = Bench::new().await;
    let opened = async |bench: &Bench| bench.chat().await["window"]["opened_at"].clone();
    bench.act(json!({"do": "read"})).await;
    assert_eq!(opened(&bench).await, json!(null));
    bench.act(json!({"do": "message", "text": "old", "timestamp": START - 25 * HOUR})).await;
    assert_eq!(opened(&bench).await, json!(START - 25 * HOUR));
    assert_eq!(bench.send_error(json!({"message": {"text": "late"}})).await, (json!(10), json!(2_018_278)));
    for act in [
        json!({"do": "message", "text": "hi", "timestamp": START - 9}),
        json!({"do": "postback", "title": "Go", "payload": "GO", "timestamp": START - 8}),
        json!({"do": "react", "timestamp": START - 7}),
        json!({"do": "referral", "ref": "r", "timestamp": START - 6}),
        json!({"do": "optin", "ref": "r", "timestamp": START - 5}),
    ] {
        bench.act(act.clone()).await;
        assert_eq!(opened(&bench).await, act["timestamp"], "{act}");
    }
    for act in [json!({"do": "unreact"}), json!({"do": "read"}), json!({"do": "edit", "text": "x"})] {
        bench.act(act).await;
        assert_eq!(opened(&bench).await, json!(START - 5));
    }
    bench.act(json!({"do": "message", "text": "from the future", "timestamp": START + HOUR})).await;
    let window = bench.chat().await["window"].clone();
    assert_eq!(window, json!({"opened_at": START, "closes_at": START + 24 * HOUR}));
    bench.end().await;
}

#[tokio::test]
async fn who_has_blocked_neither_acts_nor_is_reached() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    assert_eq!(bench.act(json!({"do": "block"})).await, json!(null));
    assert!(bench.refused(json!({"do": "message", "text": "hi"})).await.contains("unblock"));
    assert_eq!(bench.send_error(json!({"message": {"text": "hello"}})).await, (json!(551), json!(1_545_041)));
    assert_eq!(bench.chat().await["blocked"], json!(true));
    bench.act(json!({"do": "unblock"})).await;
    assert_eq!(bench.send(json!({"message": {"text": "hello"}})).await.0, 200);
    bench.end().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let bench = Bench::new().await;
    for act in [
        json!({"do": "edit", "text": "x"}),
        json!({"do": "react"}),
        json!({"do": "unreact"}),
        json!({"do": "edit", "text": "x", "mid": "m_none"}),
        json!({"do": "message", "text": "x", "reply_to": "m_none"}),
    ] {
        assert!(!bench.refused(act).await.is_empty());
    }
    bench.act(json!({"do": "message", "text": "0"})).await;
    for number in 1..=5 {
        let edit = bench.act(json!({"do": "edit", "text": number.to_string()})).await;
        assert_eq!(edit["message_edit"]["num_edit"], json!(number));
    }
    assert!(bench.refused(json!({"do": "edit", "text": "6"})).await.contains('5'));
    assert_eq!(bench.chat().await["messages"][0]["text"], json!("5"));
    bench.end().await;
}

#[tokio::test]
async fn calls_are_told_in_lists_of_their_own() {
    let mut bench = Bench::new().await;
    assert!(bench.refused(json!({"do": "call", "action": "terminate"})).await.contains("call first"));
    bench.act(json!({"do": "call"})).await;
    let entry = bench.next().await.json()["entry"][0].clone();
    let call = entry["calls"][0].clone();
    let rings = json!({"id": call["id"], "to": "104000000000001", "from": "7200000000000011", "event": "connect",
        "timestamp": START / 1000, "call_direction": "USER_INITIATED"});
    assert_eq!((&entry["id"], &call), (&json!("104000000000001"), &rings));
    bench.act(json!({"do": "call", "action": "terminate"})).await;
    let ended = bench.next().await.json()["entry"][0]["calls"][0].clone();
    assert_eq!((&ended["id"], &ended["event"]), (&call["id"], &json!("terminate")));
    bench.act(json!({"do": "call_permission"})).await;
    let flat = bench.next().await.json()["entry"][0].clone();
    let reply = json!({"response": "approve", "expiration_timestamp": START / 1000 + 7 * 24 * 3600});
    assert_eq!(
        flat,
        json!({"sender": {"id": "7200000000000011"}, "recipient": {"id": "104000000000001"}, "timestamp": START,
            "call_permission_reply": reply})
    );
    bench.act(json!({"do": "call_permission", "response": "reject"})).await;
    let refused = bench.next().await.json()["entry"][0]["call_permission_reply"].clone();
    assert_eq!(refused, json!({"response": "reject"}));
    assert!(bench.refused(json!({"account": "shop_ig", "do": "call"})).await.contains("Messenger"));
    bench.end().await;
}

#[tokio::test]
async fn a_story_is_answered_on_instagram() {
    let mut bench = Bench::new().await;
    bench.act(json!({"account": "shop_ig", "do": "message", "text": "love it", "story": true})).await;
    let push = bench.next().await;
    assert_eq!(push.headers["facebook-api-version"], "v26.0");
    let story = push.item()["message"]["reply_to"]["story"].clone();
    assert!(story["url"].is_string() && story["id"].is_string(), "{story}");
    let token = crate::emulator::World::default().accounts[0].access_token.expose().to_owned();
    let fields = "platform=instagram&fields=messages{story}";
    let list = bench.get(&format!("/me/conversations?{fields}&access_token={token}")).await;
    let kept = &list["data"][0]["messages"]["data"][0]["story"];
    assert_eq!(kept, &json!({"reply_to": {"link": story["url"], "id": story["id"]}}));
    assert!(bench.refused(json!({"do": "message", "text": "x", "story": true})).await.contains("Instagram"));
    let mid = push.item()["message"]["mid"].clone();
    let both = json!({"account": "shop_ig", "do": "message", "text": "x", "story": true, "reply_to": mid});
    assert!(bench.refused(both).await.contains("\"reply_to\""));
    assert_eq!(bench.get("/emulator/chats/shop_ig/Ada").await["messages"].as_array().map(Vec::len), Some(1));
    bench.end().await;
}
