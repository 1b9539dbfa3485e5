//! Conversations: what is read back, whose they are, who may write.

use serde_json::{Value, json};

use super::super::{START, with};
use super::{ADA, IG, PAGE, bench, call, post};

#[tokio::test]
async fn conversations_are_read_back_with_the_twenty_newest_messages() {
    let bench = bench().await;
    assert_eq!(call(&bench, "GET", "/me/conversations", PAGE).await, Ok(json!({"data": []})));
    for number in 0..22 {
        bench.act(json!({"do": "message", "text": format!("hi {number}")})).await;
    }
    bench.act(json!({"account": "shop_ig", "person": "Ben", "do": "message", "text": "hello"})).await;
    let list = call(&bench, "GET", "/me/conversations?platform=messenger", PAGE).await.expect("a list");
    let id = list["data"][0]["id"].as_str().expect("an id");
    assert_eq!(list["data"], json!([{"updated_time": "2026-09-21T14:13:20+0000", "id": id}]));
    let fields = "messages.limit(2){message,from{id},to},participants{name}";
    let shown = call(&bench, "GET", &format!("/{id}?fields={fields}"), PAGE).await.expect("a conversation");
    assert_eq!(shown["participants"]["data"][0], json!({"name": "Ada"}));
    let newest = &shown["messages"]["data"][0];
    assert_eq!((&newest["message"], &newest["from"]), (&json!("hi 21"), &json!({"id": ADA})));
    assert_eq!(newest["to"]["data"][0]["id"], "104000000000001");
    let next = shown["messages"]["paging"]["next"].as_str().expect("there are more");
    let (status, second) = bench.request(bench.http.get(next)).await;
    assert_eq!((status, &second["data"].as_array().map(Vec::len)), (200, &Some(2)), "{second}");

    let all = call(&bench, "GET", &format!("/{id}/messages?limit=50&fields=message"), PAGE).await.expect("a list");
    let messages = all["data"].as_array().expect("a list");
    assert_eq!((messages.len(), &messages[19]["message"]), (22, &json!("hi 2")));
    assert_eq!(messages[20].get("message"), None);
    let read =
        async |at: usize| call(&bench, "GET", &format!("/{}", messages[at]["id"].as_str().expect("an id")), PAGE).await;
    assert_eq!(read(19).await.map(|message| message["created_time"].clone()), Ok(json!("2026-09-21T14:13:20+0000")));
    assert_eq!(read(20).await, Err((100, Some(9_000_001))));

    let of = async |query: &str| {
        let list = call(&bench, "GET", &format!("/104000000000001/conversations?{query}"), PAGE).await.expect("a list");
        list["data"].as_array().map(Vec::len)
    };
    assert_eq!(of(&format!("user_id={ADA}")).await, Some(1));
    assert_eq!(of("user_id=7200000000000012").await, Some(0));
    assert_eq!(of("platform=instagram&user_id=9100000000000022").await, Some(1));
    assert_eq!(of("platform=instagram&fields=messages{from,message},is_owner,unread_count").await, Some(1));
    assert_eq!(call(&bench, "GET", "/me/conversations", IG).await, Ok(json!({"data": []})));
    bench.end().await;
}

#[tokio::test]
async fn threads_are_passed_and_people_are_blocked() {
    let mut bench = bench().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    let control = async |what: &str, more: Value| {
        post(&bench, &format!("/me/{what}_thread_control"), with(json!({"recipient": {"id": ADA}}), more)).await
    };
    let owner = format!("/me/thread_owner?recipient={ADA}");
    assert_eq!(call(&bench, "GET", &owner, PAGE).await, Ok(json!({"data": []})));
    assert_eq!(control("release", json!({})).await, Err((10, Some(2_018_300))));
    assert_eq!(control("take", json!({})).await, Err((10, None)));
    assert_eq!(bench.send(json!({"message": {"text": "hello"}})).await.0, 200);
    let owned = json!({"app_id": "555000000000001", "expiration": START / 1000 + 24 * 3600});
    assert_eq!(
        call(&bench, "GET", &owner, PAGE).await,
        Ok(json!({"data": [{"thread_owner": {"expiration": owned["expiration"], "app_id": owned["app_id"]}}]}))
    );
    assert_eq!(control("extend", json!({"duration": 604_801})).await, Err((100, None)));
    assert_eq!(control("extend", json!({"duration": "604800"})).await, Ok(json!({"success": true})));
    assert_eq!(control("pass", json!({"target_app_id": "1"})).await, Err((100, Some(2_018_164))));
    for refused in [json!({}), json!({"target_app_id": "555000000000001"})] {
        assert_eq!(control("pass", refused).await, Err((100, None)));
    }
    assert_eq!(control("pass", json!({"target_app_id": "263902037430900"})).await, Ok(json!({"success": true})));
    assert_eq!(control("pass", json!({"target_app_id": "263902037430900"})).await, Err((10, Some(2_018_300))));
    let hidden = call(&bench, "GET", &owner, PAGE).await.expect("an owner");
    assert_eq!(hidden["data"][0]["thread_owner"].get("app_id"), None);
    assert_eq!(control("request", json!({})).await, Ok(json!({"success": true})));

    assert_eq!(bench.send_error(json!({"message": {"text": "x"}})).await, (json!(10), json!(2_018_300)));
    bench.act(json!({"do": "handover", "action": "release"})).await;

    let block = |action: &str| json!({"user_ids": [{"id": ADA}], "actions": [action]});
    assert!(post(&bench, "/me/moderate_conversations", block("block_user")).await.is_ok());
    assert_eq!(bench.send_error(json!({"message": {"text": "x"}})).await, (json!(551), json!(1_545_041)));
    assert!(bench.refused(json!({"do": "message", "text": "hi"})).await.contains("unblock_user"));
    assert!(post(&bench, "/me/moderate_conversations", block("unblock_user")).await.is_ok());
    assert_eq!(post(&bench, "/me/moderate_conversations", block("dance")).await, Err((100, None)));
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.end().await;
}

#[tokio::test]
async fn a_conversation_shows_whose_it_is_and_whether_it_can_be_answered() {
    let bench = bench().await;
    let shown = async || {
        let list = call(&bench, "GET", "/me/conversations?fields=is_owner,can_reply", PAGE).await.expect("a list");
        (list["data"][0]["is_owner"] == true, list["data"][0]["can_reply"] == true)
    };
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let comment = bench.change(json!({"do": "comment", "text": "how much?"})).await["value"]["comment_id"].clone();
    let reply = json!({"recipient": {"comment_id": comment}, "message": {"text": "ten"}});
    assert_eq!(bench.send(reply).await.0, 200);
    assert_eq!(shown().await, (false, true), "a private reply takes no conversation");
    assert_eq!(bench.send(json!({"message": {"text": "hello"}})).await.0, 200);
    assert_eq!(shown().await, (true, true));
    let moderate = |action: &str| json!({"user_ids": [{"id": 7_200_000_000_000_011_u64}], "actions": [action]});
    post(&bench, "/me/moderate_conversations", moderate("block_user")).await.expect("Ada is barred");
    assert_eq!(shown().await, (true, false));
    post(&bench, "/me/moderate_conversations", moderate("unblock_user")).await.expect("Ada is not barred");

    let status = "/me/page_status?fields=status,restrictions";
    let restrictions = async || call(&bench, "GET", status, PAGE).await.expect("a status")["restrictions"].clone();
    bench.act(json!({"do": "enforce", "action": "block"})).await;
    assert_eq!(shown().await, (true, false));
    let page = call(&bench, "GET", "/me/page_status", PAGE).await.expect("a status");
    assert_eq!(page["status"], "restricted");
    assert_eq!(restrictions().await[0]["applied_time"], json!(START / 1000));
    bench.act(json!({"do": "enforce", "action": "unblock"})).await;
    assert_eq!(shown().await, (true, true));
    assert_eq!(call(&bench, "GET", "/me/page_status", PAGE).await.expect("a status")["status"], "ok");
    bench.end().await;
}
