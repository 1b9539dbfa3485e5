//! The Graph API beside the Send API, as a bot meets it.

use serde_json::{Value, json};

use crate::emulator::{Account, Feature, Platform, World};
use crate::secret::Secret;
use crate::signature;

use super::{Bench, START};

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

fn world() -> World {
    let mut world = World::default();
    world.accounts.push(Account {
        name: "own".into(),
        platform: Platform::InstagramLogin,
        id: "17841400000000009".into(),
        page_id: None,
        access_token: Secret::new(IG),
    });
    world.people[0].ids.insert("own".into(), "9900000000000031".into());
    world
}

async fn bench() -> Bench {
    let bench = Bench::unsubscribed(world()).await;
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
async fn threads_are_passed_and_people_are_blocked() {
    let mut bench = bench().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.next().await;
    let control = async |what: &str, more: Value| {
        post(&bench, &format!("/me/{what}_thread_control"), super::with(json!({"recipient": {"id": ADA}}), more)).await
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

#[tokio::test]
async fn only_a_granted_feature_is_reviewed() {
    for (features, reviewed) in [(None, 1), (Some(vec![Feature::News]), 1), (Some(vec![Feature::HumanAgent]), 0)] {
        let mut world = World::default();
        world.app.features = features;
        let bench = Bench::unsubscribed(world).await;
        let review = call(&bench, "GET", "/me/messaging_feature_review", PAGE).await.expect("a list");
        assert_eq!(review["data"].as_array().map(Vec::len), Some(reviewed));
        bench.end().await;
    }
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
async fn the_app_subscribes_to_accounts_and_names_its_callback() {
    let bench = Bench::unsubscribed(world()).await;
    let subscribed = async |fields: &str| {
        call(&bench, "POST", &format!("/me/subscribed_apps?subscribed_fields={fields}"), PAGE).await
    };
    assert_eq!(subscribed("messages,messaging_postbacks").await, Ok(json!({"success": true})));
    assert_eq!(subscribed("messages,nothing").await, Err((100, None)));
    assert_eq!(subscribed("").await, Err((100, None)));
    let apps = call(&bench, "GET", "/me/subscribed_apps?fields=subscribed_fields", PAGE).await.expect("a list");
    assert_eq!(
        apps["data"],
        json!([{"subscribed_fields": ["messages", "messaging_postbacks"], "id": "555000000000001"}])
    );
    assert_eq!(
        call(&bench, "POST", "/me/subscribed_apps?subscribed_fields=comments", IG).await,
        Ok(json!({"success": true}))
    );
    assert_eq!(call(&bench, "DELETE", "/me/subscribed_apps", PAGE).await, Ok(json!({"success": true})));
    assert_eq!(call(&bench, "GET", "/me/subscribed_apps", PAGE).await, Ok(json!({"data": []})));

    let path = "/v26.0/555000000000001/subscriptions";
    let subscribe = async |token: &str, verify: &str, callback: &str| {
        let mut url = reqwest::Url::parse(&format!("http://bot/{path}")).expect("an address");
        url.query_pairs_mut()
            .append_pair("object", "page")
            .append_pair("callback_url", callback)
            .append_pair("verify_token", verify)
            .append_pair("fields", "messages,feed");
        call(&bench, "POST", &format!("{path}?{}", url.query().expect("a query")), token).await
    };
    assert_eq!(call(&bench, "GET", path, APP).await, Ok(json!({"data": []})));
    assert_eq!(subscribe(PAGE, "emulated-verify-token", &bench.bot_url).await, Err((15, None)));
    assert_eq!(subscribe(APP, "wrong", &bench.bot_url).await, Err((2200, None)));
    assert_eq!(subscribe(APP, "emulated-verify-token", "ftp://bot/").await, Err((2200, None)));
    assert_eq!(subscribe(APP, "emulated-verify-token", &bench.bot_url).await, Ok(json!({"success": true})));
    let list = call(&bench, "GET", path, APP).await.expect("a list")["data"].clone();
    let fields = json!([{"name": "feed", "version": "v26.0"}, {"name": "messages", "version": "v26.0"}]);
    assert_eq!(list[0], json!({"object": "page", "callback_url": bench.bot_url, "active": true, "fields": fields}));
    assert_eq!(
        call(&bench, "DELETE", &format!("{path}?object=page&fields=feed"), APP).await,
        Ok(json!({"success": true}))
    );
    assert_eq!(
        call(&bench, "GET", path, APP).await.expect("a list")["data"][0]["fields"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(call(&bench, "DELETE", path, APP).await, Ok(json!({"success": true})));
    assert_eq!(call(&bench, "GET", path, APP).await, Ok(json!({"data": []})));
    bench.end().await;
}

#[tokio::test]
async fn tokens_are_had_and_looked_at() {
    let bench = bench().await;
    let get = async |path: &str| answered(bench.request(bench.http.get(format!("{}{path}", bench.url))).await);
    let client = "client_id=555000000000001&client_secret=emulated-app-secret";
    let app = get(&format!("/v26.0/oauth/access_token?{client}&grant_type=client_credentials")).await.expect("a token");
    assert_eq!(app, json!({"access_token": "555000000000001|emulated-app-secret", "token_type": "bearer"}));
    let long =
        get(&format!("/oauth/access_token?{client}&grant_type=fb_exchange_token&fb_exchange_token={USER}")).await;
    assert_eq!(long, Ok(json!({"access_token": USER, "token_type": "bearer", "expires_in": 5_184_000})));
    let own =
        get(&format!("/access_token?grant_type=ig_exchange_token&client_secret=emulated-app-secret&access_token={IG}"))
            .await;
    assert_eq!(own.map(|own| own["access_token"].clone()), Ok(json!(IG)));
    assert!(get(&format!("/refresh_access_token?grant_type=ig_refresh_token&access_token={IG}")).await.is_ok());
    assert_eq!(
        get(&format!("/refresh_access_token?grant_type=ig_refresh_token&access_token={PAGE}")).await,
        Err((190, None))
    );
    assert_eq!(get("/oauth/access_token?client_id=1&client_secret=x").await, Err((101, None)));
    assert_eq!(get("/oauth/access_token?client_id=555000000000001&client_secret=x").await, Err((1, None)));
    assert_eq!(get(&format!("/oauth/access_token?{client}&code=AQB")).await, Err((100, Some(36_009))));
    for (token, kind, valid) in [
        (PAGE, json!("PAGE"), true),
        (USER, json!("USER"), true),
        (APP, json!("APP"), true),
        ("EAAx", Value::Null, false),
    ] {
        let seen = call(&bench, "GET", &format!("/debug_token?input_token={token}"), APP).await.expect("an answer");
        assert_eq!((&seen["data"]["type"], &seen["data"]["is_valid"]), (&kind, &json!(valid)), "{seen}");
    }
    let permissions = call(&bench, "GET", "/me/permissions", USER).await.expect("a list");
    assert!(
        permissions["data"]
            .as_array()
            .is_some_and(|list| list.contains(&json!({"permission": "pages_messaging", "status": "granted"})))
    );
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

#[tokio::test]
async fn a_person_links_an_account() {
    let mut bench = bench().await;
    let url = json!({"account_linking_url": "https://shop.example/login?x=1"});
    post(&bench, "/me/messenger_profile", url).await.expect("it is set");
    let tap = bench.control("/emulator/linking", json!({"person": "Ada", "account": "shop"})).await;
    let token = tap["account_linking_token"].as_str().expect("a token");
    assert!(
        tap["url"].as_str().is_some_and(|url| url.starts_with("https://shop.example/login?x=1&account_linking_token="))
    );
    let ask = format!("/me?fields=recipient&account_linking_token={token}");
    assert_eq!(call(&bench, "GET", &ask, PAGE).await, Ok(json!({"id": "104000000000001", "recipient": ADA})));
    assert_eq!(call(&bench, "GET", "/me?fields=recipient&account_linking_token=x", PAGE).await, Err((10_303, None)));
    let back = format!("{}&authorization_code=C1", tap["redirect_uri"].as_str().expect("an address"));
    let (status, answer) = bench.request(bench.http.get(back)).await;
    assert_eq!((status, answer["pushed"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(bench.next_item().await["account_linking"], json!({"status": "linked", "authorization_code": "C1"}));
    assert_eq!(call(&bench, "GET", &ask, PAGE).await, Err((10_303, None)));
    let unlinked = post(&bench, "/me/unlink_accounts", json!({"psid": ADA})).await;
    assert_eq!(unlinked, Ok(json!({"result": "unlink account success"})));
    assert_eq!(bench.next_item().await["account_linking"], json!({"status": "unlinked"}));
    bench.end().await;
}

#[tokio::test]
async fn a_login_ends_as_the_act_does() {
    let bench = bench().await;
    let log_in = async || {
        let tap = bench.control("/emulator/linking", json!({"person": "Ada", "account": "shop"})).await;
        let back = format!("{}&authorization_code=C1", tap["redirect_uri"].as_str().expect("an address"));
        bench.request(bench.http.get(back)).await
    };
    bench.act(json!({"do": "block"})).await;
    let (status, refused) = log_in().await;
    assert_eq!(status, 400);
    assert!(refused["error"]["hint"].as_str().is_some_and(|hint| hint.contains("unblock")), "{refused}");
    bench.act(json!({"do": "unblock"})).await;
    call(&bench, "DELETE", "/me/subscribed_apps", PAGE).await.expect("the Page is not subscribed");
    assert_eq!(log_in().await, (200, json!({"pushed": []})));
    bench.end().await;
}

#[tokio::test]
async fn use_shows_in_the_headers_and_proof_is_asked_for_everywhere() {
    let mut world = world();
    world.app.require_proof = true;
    let proof = signature::appsecret_proof(&world.app.secret, &Secret::new(PAGE));
    let bench = Bench::unsubscribed(world).await;
    assert_eq!(call(&bench, "GET", "/me", PAGE).await, Err((100, None)));
    let mut used = Vec::new();
    for _ in 0..12 {
        let url = format!("{}/me?access_token={PAGE}&appsecret_proof={proof}", bench.url);
        let headers = bench.http.get(url).send().await.expect("an answer").headers().clone();
        assert_eq!(headers["facebook-api-version"], "v26.0");
        let said: Value = serde_json::from_slice(headers["x-business-use-case-usage"].as_bytes()).expect("JSON");
        used.push((said["104000000000001"][0]["call_count"].as_u64(), headers.contains_key("x-app-usage")));
    }
    assert_eq!(used.first(), Some(&(Some(0), false)));
    assert_eq!(used.last(), Some(&(Some(3), true)));
    bench.end().await;
}
