//! The Send API, and what comes of a send.

use serde_json::{Value, json};

use crate::emulator::World;

use super::{Bench, START};

#[tokio::test]
async fn a_send_is_answered_stored_echoed_and_delivered() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    bench.send(json!({"sender_action": "typing_on"})).await;
    bench.send(json!({"sender_action": "mark_seen"})).await;
    let chat = bench.chat().await;
    assert_eq!((&chat["typing"], &chat["seen"]), (&json!(true), &json!(true)));
    let chips = json!([{"content_type": "text", "title": "Red", "payload": "RED"}]);
    let message = json!({"text": "Hello", "metadata": "ticket=9", "quick_replies": chips});
    let (status, answer) = bench.send(json!({"messaging_type": "RESPONSE", "message": message})).await;
    let mid = answer["message_id"].clone();
    assert_eq!((status, &answer), (200, &json!({"recipient_id": "7200000000000011", "message_id": mid})));
    assert_eq!(
        bench.next_item().await,
        json!({"sender": {"id": "104000000000001"}, "recipient": {"id": "7200000000000011"}, "timestamp": START,
            "message": {"is_echo": true, "app_id": 555_000_000_000_001_u64, "metadata": "ticket=9", "mid": mid, "text": "Hello"}})
    );
    assert_eq!(
        bench.next_item().await,
        json!({"sender": {"id": "7200000000000011"}, "recipient": {"id": "104000000000001"}, "timestamp": START,
            "delivery": {"mids": [mid], "watermark": START}})
    );
    let chat = bench.chat().await;
    assert_eq!(chat["typing"], json!(false));
    assert_eq!(
        chat["messages"][1],
        json!({"mid": mid, "from": "business", "at": START, "text": "Hello", "quick_replies": chips, "reactions": [],
            "edits": 0, "deleted": false, "app_id": "555000000000001"})
    );
    bench.end().await;
}

#[tokio::test]
async fn the_recipient_decides_between_the_page_and_its_instagram_account() {
    let mut bench = Bench::new().await;
    bench.act(json!({"account": "shop_ig", "do": "message", "text": "hi"})).await;
    bench.next().await;
    let call = json!({"recipient": {"id": "9100000000000021"}, "message": {"text": "Hello", "metadata": "m"}});
    let (status, answer) = bench.send(call).await;
    assert_eq!(status, 200, "{answer}");
    let push = bench.next().await.json();
    assert_eq!(push["object"], "instagram");
    assert_eq!(
        push["entry"][0]["messaging"][0],
        json!({"sender": {"id": "17841400000000001"}, "recipient": {"id": "9100000000000021"}, "timestamp": START,
            "message": {"is_echo": true, "mid": answer["message_id"], "text": "Hello"}})
    );
    // No delivery event follows on Instagram: the next thing heard is what Ben says.
    bench.act(json!({"account": "shop_ig", "person": "Ben", "do": "message", "text": "me too"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "me too");
    let read = bench.act(json!({"account": "shop_ig", "do": "read"})).await;
    assert_eq!(read["read"], json!({"mid": answer["message_id"]}));
    bench.end().await;
}

#[tokio::test]
async fn an_instagram_login_account_sends_through_its_own_node() {
    let (id, token) = ("17841400000000009", "IGAAown");
    let mut world = World::with_instagram_login();
    world.people[0].ids.insert("own".into(), "9100000000000099".into());
    let bench = Bench::unsubscribed(world).await;
    bench.act(json!({"account": "own", "do": "message", "text": "hi"})).await;
    let call = json!({"recipient": {"id": "9100000000000099"}, "message": {"text": "Hello"}, "access_token": token});
    assert_eq!(bench.post(&format!("/v26.0/{id}/messages"), call.clone()).await.0, 200);
    assert_eq!(bench.post("/me/messages", call).await.0, 200);
    let stranger = json!({"recipient": {"id": "1"}, "message": {"text": "Hello"}, "access_token": token});
    assert_eq!(bench.post("/me/messages", stranger).await.1["error"]["error_subcode"], 2_534_014);
    bench.end().await;
}

#[tokio::test]
async fn a_reaction_by_name_shows_its_emoji() {
    let bench = Bench::unsubscribed(World::default()).await;
    for (account, person, reactions) in [
        ("shop", "7200000000000011", [("love", Some("❤️")), ("dislike", Some("👎")), ("laugh", None), ("other", None)]),
        ("shop_ig", "9100000000000021", [("laugh", Some("😂")), ("🎉", Some("🎉")), ("smile", None), ("other", None)]),
    ] {
        bench.act(json!({"account": account, "do": "message", "text": "hi"})).await;
        let path = format!("/emulator/chats/{account}/Ada");
        let mid = bench.get(&path).await["messages"][0]["mid"].clone();
        for (reaction, emoji) in reactions {
            let payload = json!({"message_id": mid, "reaction": reaction});
            let call = json!({"recipient": {"id": person}, "sender_action": "react", "payload": payload});
            let Some(emoji) = emoji else {
                assert_eq!(bench.send_error(call).await, (json!(100), Value::Null), "{reaction}");
                continue;
            };
            assert_eq!(bench.send(call).await.0, 200, "{reaction}");
            let shown = bench.get(&path).await["messages"][0]["reactions"].clone();
            assert_eq!(shown, json!([{"from": "business", "reaction": reaction, "emoji": emoji}]));
        }
    }
    bench.end().await;
}

#[tokio::test]
async fn errors_come_in_metas_shape() {
    let bench = Bench::new().await;
    let text = json!({"text": "x"});
    let none = (json!(190), Value::Null);
    assert_eq!(bench.send_error(json!({"access_token": "EAAwrong", "message": text})).await, none);
    assert_eq!(bench.send_error(json!({"access_token": null, "message": text})).await, (json!(104), Value::Null));
    let stranger = json!({"recipient": {"id": "1"}, "message": text});
    assert_eq!(bench.send_error(stranger).await, (json!(100), json!(2_018_001)));
    assert_eq!(bench.send_error(json!({"message": text})).await, (json!(10), json!(2_018_278)));
    bench.act(json!({"do": "message", "text": "hi"})).await;
    assert_eq!(bench.send_error(json!({"message": {"text": "x".repeat(2001)}})).await, (json!(100), Value::Null));
    let react = json!({"sender_action": "react", "payload": {"message_id": "m_none", "reaction": "love"}});
    assert_eq!(bench.send_error(react).await, (json!(100), Value::Null));

    let token = World::default().accounts[0].access_token.expose().to_owned();
    let url = format!("{}/v26.0/me/messages", bench.url);
    let raw = bench.http.post(&url).header("authorization", format!("Bearer {token}"));
    let (status, answer) = bench.request(raw.try_clone().expect("no body yet").body("not JSON")).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
    assert_eq!(answer["error"]["type"], "OAuthException");
    assert!(answer["error"]["fbtrace_id"].as_str().is_some_and(|trace| trace.len() == 11));
    let (status, answer) = bench.request(raw.body("x".repeat(1024 * 1024 + 1))).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
    assert!(!bench.get("/emulator/exchanges").await.to_string().contains(&token));
    bench.end().await;
}

#[tokio::test]
async fn a_form_with_the_token_in_the_query_is_understood() {
    let bench = Bench::unsubscribed(World::default()).await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let body = "recipient=%7B%22id%22%3A%227200000000000011%22%7D&message=%7B%22text%22%3A%22caf%C3%A9%22%7D";
    let request = bench
        .http
        .post(format!("{}/me/messages?access_token={token}", bench.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let (status, answer) = bench.request(request).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(bench.chat().await["messages"][1]["text"], "café");
    bench.end().await;
}

#[tokio::test]
async fn who_is_reached_by_a_reference_stays_unknown_to_the_app() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "optin", "user_ref": "u-1"})).await;
    bench.next().await;
    let (status, answer) = bench.send(json!({"recipient": {"user_ref": "u-1"}, "message": {"text": "Welcome"}})).await;
    assert_eq!((status, &answer), (200, &json!({"message_id": answer["message_id"]})));
    assert_eq!(bench.chat().await["messages"][0]["mid"], answer["message_id"]);
    // Neither an echo nor a delivery comes: the next thing heard is what Ada says.
    bench.act(json!({"do": "message", "text": "hi"})).await;
    assert_eq!(bench.next_item().await["message"]["text"], "hi");
    bench.end().await;
}

#[tokio::test]
async fn send_faults_strike_messages_in_order() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    for (fault, code, subcode) in [
        ("rate_limit", 613, Value::Null),
        ("token_expired", 190, json!(463)),
        ("temporary", 2, Value::Null),
        ("blocked", 368, Value::Null),
    ] {
        bench.control("/emulator/faults", json!({"send": fault})).await;
        assert_eq!(bench.send(json!({"sender_action": "typing_on"})).await.0, 200);
        assert_eq!(bench.send_error(json!({"message": {"text": "x"}})).await, (json!(code), subcode));
    }
    assert_eq!(bench.send(json!({"message": {"text": "through"}})).await.0, 200);
    assert_eq!(bench.next_item().await["message"]["text"], "through");
    bench.end().await;
}

#[tokio::test]
async fn a_throttled_call_says_when_to_go_on() {
    let bench = Bench::unsubscribed(World::default()).await;
    let token = World::default().accounts[0].access_token.expose().to_owned();
    for (account, person, kind, subcode) in [
        ("shop", "7200000000000011", "messenger", Value::Null),
        ("shop_ig", "9100000000000021", "instagram", json!(2_534_040)),
    ] {
        bench.act(json!({"account": account, "do": "message", "text": "hi"})).await;
        bench.control("/emulator/faults", json!({"send": "rate_limit"})).await;
        let call = json!({"recipient": {"id": person}, "message": {"text": "Hello"}, "access_token": token});
        let request = bench.http.post(format!("{}/me/messages", bench.url)).body(call.to_string());
        let response = request.send().await.expect("an answer");
        let used = response.headers()["x-business-use-case-usage"].as_bytes().to_vec();
        let used: Value = serde_json::from_slice(&used).expect("JSON");
        assert_eq!(
            used,
            json!({"104000000000001": [{"type": kind, "call_count": 100, "total_cputime": 100, "total_time": 100,
                "estimated_time_to_regain_access": 0}]})
        );
        let answer: Value = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        assert_eq!((&answer["error"]["code"], &answer["error"]["error_subcode"]), (&json!(613), &subcode));
    }
    bench.end().await;
}

#[tokio::test]
async fn a_refused_send_is_refused_whatever_is_scripted_for_its_answer() {
    let bench = Bench::unsubscribed(World::default()).await;
    for fault in ["lost_answer", "slow"] {
        bench.control("/emulator/faults", json!({"send": fault})).await;
        assert_eq!(bench.send_error(json!({"message": {"text": "x"}})).await, (json!(10), json!(2_018_278)));
        assert_eq!(bench.get("/emulator/faults").await["faults"][0]["send"], fault);
        bench.control("/emulator/reset", json!({})).await;
    }
    bench.end().await;
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_after_the_message_went_out() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    bench.control("/emulator/faults", json!({"send": "lost_answer"})).await;
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let call = json!({"recipient": {"id": "7200000000000011"}, "message": {"text": "Hello"}, "access_token": token});
    let request = bench.http.post(format!("{}/me/messages", bench.url)).body(call.to_string());
    request.send().await.expect_err("there is no answer");
    assert_eq!(bench.next_item().await["message"]["text"], "Hello");
    assert_eq!(bench.chat().await["messages"].as_array().map(Vec::len), Some(2));
    let exchanges = bench.get("/emulator/exchanges").await["exchanges"].clone();
    let graph = exchanges.as_array().expect("a list").iter().find(|exchange| exchange["kind"] == "graph");
    assert_eq!(graph.map(|exchange| &exchange["status"]), Some(&Value::Null));
    bench.end().await;
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_echo() {
    let mut bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    bench.control("/emulator/faults", json!({"send": "slow"})).await;
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let call = json!({"recipient": {"id": "7200000000000011"}, "message": {"text": "Hello"}, "access_token": token});
    let request = bench.http.post(format!("{}/me/messages", bench.url)).body(call.to_string());
    let answer = tokio::spawn(request.send());
    assert_eq!(bench.next_item().await["message"]["text"], "Hello");
    assert!(!answer.is_finished());
    // The end cuts the wait short, not the answer.
    bench.end().await;
    assert_eq!(answer.await.expect("nobody panics").expect("an answer").status(), 200);
}
