//! The Graph API beside the Send API, as a bot meets it.

mod app;
mod conversations;
mod linking;

use serde_json::{Value, json};

use crate::emulator::World;

use super::Bench;

const PAGE: &str = "EAAemulatedPageAccessToken104000000000001";
const USER: &str = "EAAemulatedUserAccessToken218471000000001";
const APP: &str = "555000000000001%7Cemulated-app-secret";
const IG: &str = "IGAAown";
const ADA: &str = "7200000000000011";
const ADA_IG: &str = "9100000000000021";

/// A call, and what comes of it: the body, or the code and subcode of the error.
async fn call(bench: &Bench, method: &str, path: &str, token: &str) -> Result<Value, (u64, Option<u64>)> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let url = format!("{}{path}{sign}access_token={token}", bench.url);
    let method = method.parse().expect("a method");
    answered(bench.request(bench.http.request(method, url)).await)
}

/// A call with a JSON body, by the Page.
async fn post(bench: &Bench, path: &str, body: Value) -> Result<Value, (u64, Option<u64>)> {
    answered(
        bench.post(&format!("{path}{}access_token={PAGE}", if path.contains('?') { '&' } else { '?' }), body).await,
    )
}

fn answered((status, body): (u16, Value)) -> Result<Value, (u64, Option<u64>)> {
    if status == 200 {
        return Ok(body);
    }
    assert_eq!(status, 400, "{body}");
    let error = &body["error"];
    assert!(error["message"].is_string() && error["type"].is_string() && error["fbtrace_id"].is_string(), "{body}");
    Err((error["code"].as_u64().expect("a code"), error["error_subcode"].as_u64()))
}

async fn bench() -> Bench {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
    bench.emulator.subscribe(&bench.bot_url).await.expect("the bot is subscribed");
    bench
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_metas_shape() {
    let bench = bench().await;
    for (method, path, token, error) in [
        ("GET", "/v26.0/shop/unknown/path", PAGE, (2500, None)),
        ("GET", "/v26.0/me/nothing", PAGE, (2500, None)),
        ("GET", "/v99.0/me/conversations", PAGE, (2500, None)),
        ("GET", "/v26.0/123", PAGE, (100, Some(33))),
        ("GET", "/v26.0/shop.example", PAGE, (803, None)),
        ("GET", "/v26.0/m_unknown", PAGE, (100, Some(33))),
        ("POST", "/v26.0/me", PAGE, (100, Some(33))),
        ("PATCH", "/v26.0/me", PAGE, (100, Some(33))),
        ("DELETE", "/v26.0/me/conversations", PAGE, (100, Some(33))),
        ("GET", "/v26.0/me", "", (2500, None)),
        ("GET", "/v26.0/104000000000001", "", (104, None)),
        ("GET", "/v26.0/me", "EAAother", (190, None)),
        ("GET", "/v26.0/me/conversations", USER, (190, Some(2_069_032))),
        ("GET", "/v26.0/17841400000000009", PAGE, (100, Some(33))),
        ("GET", "/v26.0/me?fields=id,handle", PAGE, (100, None)),
        ("GET", "/v26.0/me?fields=id{", PAGE, (2500, None)),
        ("GET", "/v26.0/me/conversations?limit=0", PAGE, (100, None)),
        ("GET", "/v26.0/me/conversations?platform=telegram", PAGE, (100, None)),
    ] {
        assert_eq!(call(&bench, method, path, token).await, Err(error), "{method} {path} {token}");
    }
    bench.end().await;
}

#[tokio::test]
async fn nodes_show_the_fields_that_are_wanted() {
    let bench = bench().await;
    for (path, token, expected) in [
        ("/me", PAGE, json!({"name": "shop", "id": "104000000000001"})),
        ("/v20.0/104000000000001?fields=id,access_token", USER, json!({"id": "104000000000001", "access_token": PAGE})),
        (
            "/me?fields=instagram_business_account{username}",
            PAGE,
            json!({"instagram_business_account": {"username": "shop_ig", "id": "17841400000000001"}, "id": "104000000000001"}),
        ),
        (
            "/me?fields=messaging_feature_status",
            PAGE,
            json!({"messaging_feature_status": {"hop_v2": false, "msgr_multi_app": true, "ig_multi_app": false}, "id": "104000000000001"}),
        ),
        ("/me", USER, json!({"name": "Emulated Admin", "id": "218471000000001"})),
        ("/me", IG, json!({"user_id": "17841400000000009", "username": "own", "id": "25000400000000009"})),
        ("/me/page_status?fields=status", PAGE, json!({"status": "ok", "id": "104000000000001"})),
        ("/me/secondary_receivers?fields=id,name", PAGE, json!({"data": []})),
    ] {
        assert_eq!(call(&bench, "GET", path, token).await, Ok(expected), "{path}");
    }
    let accounts = call(&bench, "GET", "/me/accounts?fields=id,tasks", USER).await.expect("a list");
    assert_eq!(accounts["data"][0]["id"], "104000000000001");
    assert!(accounts["data"][0]["tasks"].as_array().is_some_and(|tasks| tasks.contains(&json!("MESSAGING"))));
    // What is shown on the record has no tokens, neither in answers nor in addresses.
    call(&bench, "GET", "/me/accounts", USER).await.expect("a list");
    let record = bench.get("/emulator/exchanges").await.to_string();
    assert!(!record.contains(PAGE) && !record.contains(USER), "{record}");
    bench.end().await;
}

#[tokio::test]
async fn people_are_known_by_their_profile_and_on_instagram_once_they_wrote() {
    let bench = bench().await;
    let profile = call(&bench, "GET", &format!("/v26.0/{ADA}"), PAGE).await.expect("a profile");
    assert_eq!(
        (&profile["first_name"], &profile["last_name"], &profile["id"]),
        (&json!("Ada"), &json!(""), &json!(ADA))
    );
    assert_eq!(call(&bench, "GET", &format!("/{ADA}?fields=locale"), PAGE).await, Err((100, Some(2_018_247))));
    let path = format!("/{ADA_IG}?fields=username,follower_count");
    assert_eq!(call(&bench, "GET", &path, PAGE).await, Err((230, None)));
    bench.act(json!({"account": "shop_ig", "do": "message", "text": "hi"})).await;
    assert_eq!(
        call(&bench, "GET", &path, PAGE).await,
        Ok(json!({"username": "ada", "follower_count": 0, "id": ADA_IG}))
    );
    bench.act(json!({"account": "shop_ig", "do": "block"})).await;
    assert_eq!(call(&bench, "GET", &path, PAGE).await, Err((230, None)));
    bench.end().await;
}

#[tokio::test]
async fn the_profile_is_set_shown_and_deleted() {
    let bench = bench().await;
    let path = "/v26.0/me/messenger_profile";
    let shown = async |fields: &str| {
        call(&bench, "GET", &format!("{path}?fields={fields}"), PAGE).await.expect("the profile")["data"].clone()
    };
    let menu =
        json!([{"locale": "default", "call_to_actions": [{"type": "postback", "title": "Help", "payload": "HELP"}]}]);
    assert_eq!(shown("get_started,persistent_menu").await, json!([]));
    assert_eq!(post(&bench, path, json!({"persistent_menu": menu})).await, Err((100, Some(2_018_145))));
    let both = json!({"get_started": {"payload": "GO"}, "persistent_menu": menu.to_string()});
    assert_eq!(post(&bench, path, both).await, Ok(json!({"result": "success"})));
    assert_eq!(shown("get_started").await, json!([{"get_started": {"payload": "GO"}}]));
    assert_eq!(shown("persistent_menu,greeting").await, json!([{"persistent_menu": menu}]));
    let delete = async |fields: &str| call(&bench, "DELETE", &format!("{path}?fields={fields}"), PAGE).await;
    assert_eq!(delete("[\"get_started\"]").await, Err((100, Some(2_018_145))));
    assert_eq!(delete("nothing").await, Err((100, None)));
    let breakers = json!({"platform": "instagram", "ice_breakers": [{"question": "Hours?", "payload": "HOURS"}]});
    assert_eq!(post(&bench, path, breakers).await, Ok(json!({"result": "success"})));
    assert_eq!(post(&bench, &format!("{path}?platform=instagram"), json!({"greeting": []})).await, Err((100, None)));
    assert_eq!(shown("ice_breakers").await, json!([]));
    assert_eq!(shown("ice_breakers&platform=instagram").await[0]["ice_breakers"][0]["payload"], "HOURS");
    assert_eq!(delete("get_started,persistent_menu").await, Ok(json!({"result": "success"})));
    assert_eq!(shown("get_started,persistent_menu").await, json!([]));
    assert_eq!(post(&bench, path, json!({})).await, Err((100, None)));
    for _ in 3..10 {
        let _ = post(&bench, path, json!({"get_started": {"payload": "GO"}})).await;
    }
    assert_eq!(post(&bench, path, json!({"get_started": {"payload": "GO"}})).await, Err((613, None)));
    bench.control("/emulator/clock", json!({"advance": "10m"})).await;
    assert!(post(&bench, path, json!({"get_started": {"payload": "GO"}})).await.is_ok());

    let own = json!({"psid": ADA, "persistent_menu": menu});
    assert_eq!(post(&bench, "/me/custom_user_settings", own).await, Ok(json!({"result": "success"})));
    let settings = call(&bench, "GET", &format!("/me/custom_user_settings?psid={ADA}"), PAGE).await;
    assert_eq!(settings, Ok(json!({"data": [{"user_level_persistent_menu": menu}]})));
    let path = format!("/me/custom_user_settings?psid={ADA}&params=[\"persistent_menu\"]");
    assert!(call(&bench, "DELETE", &path, PAGE).await.is_ok());
    assert_eq!(call(&bench, "GET", &path, PAGE).await, Ok(json!({"data": []})));
    assert_eq!(call(&bench, "GET", "/me/custom_user_settings?psid=1", PAGE).await, Err((100, Some(2_018_001))));
    bench.end().await;
}

#[tokio::test]
async fn personas_labels_templates_and_uploads_are_kept() {
    let bench = bench().await;
    let persona = json!({"name": "Ada", "profile_picture_url": "https://shop.example/a.jpg"});
    let id = post(&bench, "/me/personas", persona.clone()).await.expect("a persona")["id"].clone();
    let path = format!("/{}", id.as_str().expect("an id"));
    assert_eq!(call(&bench, "GET", &path, PAGE).await.map(|shown| shown["name"].clone()), Ok(json!("Ada")));
    let list = call(&bench, "GET", "/me/personas", PAGE).await;
    assert_eq!(list.map(|list| list["data"][0]["id"].clone()), Ok(id.clone()));
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let spoken = json!({"persona_id": id, "message": {"text": "Ada here"}});
    assert_eq!(bench.send(spoken.clone()).await.0, 200);
    assert_eq!(bench.send(json!({"persona_id": id, "sender_action": "typing_on"})).await.0, 200);
    assert_eq!(bench.chat().await["messages"][1]["persona"], super::with(persona, json!({"id": id})));
    assert_eq!(call(&bench, "DELETE", &path, PAGE).await, Ok(json!({"success": true})));
    assert_eq!(call(&bench, "GET", &path, PAGE).await, Err((100, Some(33))));
    assert_eq!(bench.send_error(spoken).await, (json!(100), Value::Null));
    assert_eq!(post(&bench, "/me/personas", json!({"name": "Ada"})).await, Err((100, None)));

    let (status, refused) =
        bench.post(&format!("/me/custom_labels?access_token={PAGE}"), json!({"page_label_name": "VIP"})).await;
    let error = &refused["error"];
    assert_eq!((status, &error["code"], &error["error_subcode"]), (400, &json!(2), &json!(2_018_344)));
    assert_eq!(error["is_transient"], false);
    assert!(
        error["error_user_msg"].as_str().is_some_and(|text| text.contains("/104000000000001/inbox/page_contact_tos/"))
    );
    bench.control("/emulator/terms", json!({"account": "shop"})).await;
    let label =
        post(&bench, "/me/custom_labels", json!({"page_label_name": "VIP"})).await.expect("a label")["id"].clone();
    let path = format!("/{}", label.as_str().expect("an id"));
    let mark = format!("{path}/label?user={ADA}");
    let of_ada = format!("/{ADA}/custom_labels?fields=page_label_name");
    assert_eq!(call(&bench, "POST", &mark, PAGE).await, Ok(json!({"success": true})));
    let labels = call(&bench, "GET", &of_ada, PAGE).await.expect("a list");
    assert_eq!(labels["data"], json!([{"page_label_name": "VIP", "id": label}]));
    assert_eq!(call(&bench, "DELETE", &mark, PAGE).await, Ok(json!({"success": true})));
    assert_eq!(call(&bench, "GET", &of_ada, PAGE).await, Ok(json!({"data": []})));
    assert_eq!(call(&bench, "DELETE", &path, PAGE).await, Ok(json!({"success": true})));
    assert_eq!(call(&bench, "GET", &path, PAGE).await, Err((100, Some(33))));

    let template = json!({"name": "order_update", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "x"}]});
    let made = post(&bench, "/me/message_templates", template.clone()).await.expect("a template");
    assert_eq!(made["status"], "APPROVED");
    assert_eq!(post(&bench, "/me/message_templates", template).await, Err((100, None)));
    let named = json!({"name": "order_update", "language": {"code": "en"}});
    let filled = json!({"messaging_type": "UTILITY", "message": {"template": named}});
    assert_eq!(bench.send(filled.clone()).await.0, 200);
    let list = call(&bench, "GET", "/me/message_templates?status=APPROVED&fields=name", PAGE).await.expect("a list");
    assert_eq!(list["data"], json!([{"name": "order_update", "id": made["id"]}]));
    assert_eq!(
        call(&bench, "DELETE", "/me/message_templates?name=order_update", PAGE).await,
        Ok(json!({"success": true}))
    );
    assert_eq!(bench.send_error(filled).await, (json!(100), Value::Null));

    let upload =
        json!({"message": {"attachment": {"type": "image", "payload": {"url": "https://shop.example/a.jpg"}}}});
    let id = post(&bench, "/me/message_attachments", upload).await.expect("an upload")["attachment_id"].clone();
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let image = |id: &Value| json!({"message": {"attachment": {"type": "image", "payload": {"attachment_id": id}}}});
    assert_eq!(bench.send(image(&id)).await.0, 200);
    assert_eq!(bench.send_error(image(&json!("1"))).await, (json!(100), json!(2_018_074)));
    let empty = json!({"message": {"attachment": {"type": "image", "payload": {}}}});
    assert_eq!(post(&bench, "/me/message_attachments", empty).await, Err((100, Some(2_018_005))));
    bench.end().await;
}

#[tokio::test]
async fn parameters_are_read_as_leniently_as_in_sends() {
    let bench = bench().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let recipient = format!("/me/thread_owner?recipient={{'id':'{ADA}'}}");
    assert_eq!(call(&bench, "GET", &recipient, PAGE).await, Ok(json!({"data": []})));
    let people = format!("/me/moderate_conversations?actions=['block_user']&user_ids=[{{'id':'{ADA}'}}]");
    assert_eq!(call(&bench, "POST", &people, PAGE).await, Ok(json!({"success": true})));
    for (token, subcode) in [(PAGE, 2_018_001), (IG, 2_534_014)] {
        let nobody = Err((100, Some(subcode)));
        assert_eq!(call(&bench, "GET", "/me/thread_owner?recipient=1", token).await, nobody);
        let people = "/me/moderate_conversations?actions=block_user&user_ids=[{\"id\":1}]";
        assert_eq!(call(&bench, "POST", people, token).await, nobody);
    }
    bench.end().await;
}

#[tokio::test]
async fn a_batch_answers_each_call_and_hands_results_on() {
    let bench = bench().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let send = format!("recipient=%7B%22id%22%3A%22{ADA}%22%7D&message=%7B%22text%22%3A%22hello%22%7D");
    let batch = async |items: Value| post(&bench, "/v26.0/", json!({"include_headers": false, "batch": items})).await;
    let body = |answer: &Value| serde_json::from_str::<Value>(answer["body"].as_str().expect("a body")).expect("JSON");
    let answers = batch(json!([
        {"method": "GET", "relative_url": "me?fields=id"},
        {"method": "POST", "name": "s", "relative_url": "me/messages", "body": send},
        {"method": "GET", "relative_url": "v24.0/{result=s:$.message_id}?fields=message"},
        {"method": "GET", "relative_url": "nothing/at/all"},
        {"method": "GET", "relative_url": "me", "depends_on": "t"},
        {"method": "GET", "relative_url": format!("me?fields=id&access_token={USER}")},
        {"method": "GET", "relative_url": format!("me/accounts?access_token={USER}")},
    ]))
    .await
    .expect("answers");
    assert_eq!(answers[0], json!({"code": 200, "body": "{\"id\":\"104000000000001\"}"}));
    assert_eq!(answers[1], Value::Null, "an answer that another call builds upon is left out");
    assert_eq!(body(&answers[2])["message"], "hello");
    assert_eq!((&answers[3]["code"], &body(&answers[3])["error"]["code"]), (&json!(400), &json!(2500)));
    assert_eq!(answers[4]["code"], 400);
    assert_eq!(body(&answers[5])["id"], "218471000000001");
    assert_eq!(bench.chat().await["messages"][1]["text"], "hello");
    let record = bench.get("/emulator/exchanges").await.to_string();
    assert!(!record.contains(USER) && !record.contains(PAGE), "{record}");
    assert_eq!(batch(json!(vec![json!({"relative_url": "me"}); 51])).await, Err((100, None)));
    assert_eq!(batch(json!([{"method": "GET"}])).await, Err((100, None)));
    assert_eq!(
        batch(json!([{"method": "POST", "relative_url": ""}])).await.map(|all| all[0]["code"].clone()),
        Ok(json!(400))
    );
    bench.end().await;
}
