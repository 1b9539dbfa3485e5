//! What real clients rely on: the constants of Meta's SDKs, several objects in one call, the two ids of an Instagram account,
//! the usual fields, the headers of a refusal.

use serde_json::{Value, json};

use crate::emulator::World;

use super::Bench;

const PAGE: &str = "EAAemulatedPageAccessToken104000000000001";
const USER: &str = "EAAemulatedUserAccessToken218471000000001";
const OWN: &str = "IGAAown";
const ADA: &str = "7200000000000011";

async fn get(bench: &Bench, path: &str, token: &str) -> (u16, Value) {
    let sign = if path.contains('?') { '&' } else { '?' };
    bench.request(bench.http.get(format!("{}{path}{sign}access_token={token}", bench.url))).await
}

#[tokio::test]
async fn constants_are_taken_as_metas_sdks_write_them() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    for (action, typing) in [("TYPING_ON", true), ("TYPING_OFF", false), ("MARK_SEEN", false)] {
        assert_eq!(bench.send(json!({"sender_action": action})).await.0, 200, "{action}");
        assert_eq!(bench.chat().await["typing"], typing, "{action}");
    }
    let mid = bench.chat().await["messages"][0]["mid"].clone();
    let react = json!({"sender_action": "REACT", "payload": {"message_id": mid, "reaction": "love"}});
    assert_eq!(bench.send(react).await.0, 200);
    assert_eq!(bench.send(json!({"sender_action": "UNREACT", "payload": {"message_id": mid}})).await.0, 200);
    assert_eq!(bench.send(json!({"sender_action": "Typing_On"})).await.0, 400);
    let call = async |path: &str, body: Value| bench.post(&format!("{path}?access_token={PAGE}"), body).await;
    let menu = json!([{"locale": "default", "call_to_actions": [{"type": "postback", "title": "H", "payload": "H"}]}]);
    let profile = json!({"get_started": {"payload": "GO"}, "persistent_menu": menu, "platform": "MESSENGER"});
    assert_eq!(call("/me/messenger_profile", profile).await.0, 200);
    let shown = get(&bench, "/me/messenger_profile?fields=GET_STARTED", PAGE).await.1;
    assert_eq!(shown["data"], json!([{"get_started": {"payload": "GO"}}]));
    let delete = json!({"method": "delete", "fields": ["PERSISTENT_MENU", "GET_STARTED", "HOME_URL"]});
    assert_eq!(call("/me/messenger_profile", delete).await.0, 200);
    assert_eq!(
        get(&bench, "/me/messenger_profile?fields=get_started,persistent_menu", PAGE).await.1["data"],
        json!([])
    );
    let own = json!({"psid": ADA, "method": "delete", "params": ["PERSISTENT_MENU"]});
    assert_eq!(call("/me/custom_user_settings", own).await.0, 200);
    let block = json!({"user_ids": [{"id": ADA}], "actions": ["BLOCK_USER"]});
    assert_eq!(call("/me/moderate_conversations", block).await.0, 200);
    assert_eq!(bench.send_error(json!({"message": {"text": "x"}})).await.0, 551);
    bench.end().await;
}

#[tokio::test]
async fn several_objects_are_read_in_one_call() {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let ids = format!("104000000000001,{ADA}");
    let (status, both) = get(&bench, &format!("/v26.0/?ids={ids}&fields=id,name"), PAGE).await;
    assert_eq!(
        (status, both),
        (200, json!({"104000000000001": {"id": "104000000000001", "name": "shop"}, ADA: {"id": ADA, "name": "Ada"}}))
    );
    assert_eq!(get(&bench, &format!("/?ids={ids}&fields=name"), PAGE).await.1[ADA]["name"], "Ada");
    let (_, edge) = get(&bench, "/v26.0/conversations?ids=104000000000001&fields=message_count", PAGE).await;
    assert_eq!(edge["104000000000001"]["data"][0]["message_count"], 1);
    for (path, code) in [
        ("/v26.0/?ids=104000000000001,shop.example", 803),
        ("/v26.0/?ids=104000000000001,1", 100),
        ("/v26.0/?ids=", 2500),
        ("/v26.0/nothing?ids=104000000000001", 2500),
    ] {
        let (status, answer) = get(&bench, path, PAGE).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{path}");
    }
    let many = (1..=51).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(get(&bench, &format!("/v26.0/?ids={many}"), PAGE).await.1["error"]["code"], 100);
    bench.end().await;
}

#[tokio::test]
async fn several_objects_are_only_read_in_one_call() {
    let bench = Bench::new().await;
    let persona = json!({"name": "Grace", "profile_picture_url": "https://shop.example/g.jpg"});
    let (_, persona) = bench.post(&format!("/me/personas?access_token={PAGE}"), persona).await;
    let persona = persona["id"].as_str().expect("an id").to_owned();
    for (method, path, meant) in [
        ("POST", "/v26.0/messages?ids=me,104000000000001", "post"),
        ("POST", "/v26.0/me/messages?ids=me", "post"),
        ("POST", "/v26.0/?ids=me", "post"),
        ("POST", "/v26.0/subscribed_apps?ids=me&method=DELETE", "delete"),
        ("POST", &format!("/v26.0/?ids={persona}&method=delete"), "delete"),
        ("DELETE", &format!("/v26.0/?ids={persona}"), "delete"),
    ] {
        let request = bench.http.request(method.parse().expect("a method"), format!("{}{path}", bench.url));
        let (status, answer) = bench.request(request.bearer_auth(PAGE)).await;
        let expected = format!("(#100) Specifying multiple ids with a {meant} method is not supported");
        assert_eq!((status, &answer["error"]["message"]), (400, &json!(expected)), "{method} {path}");
        let inner = json!([{"method": method, "relative_url": path}]).to_string();
        let (_, answers) = bench.post("/", json!({"batch": inner, "access_token": PAGE})).await;
        assert!(answers[0]["body"].as_str().is_some_and(|body| body.contains(&expected)), "{method} {path}: {answers}");
    }
    assert_eq!(get(&bench, &format!("/v26.0/{persona}"), PAGE).await.1["name"], "Grace");
    assert_eq!(get(&bench, "/v26.0/me/subscribed_apps", PAGE).await.1["data"].as_array().map(Vec::len), Some(1));
    let read = format!("/v26.0/?ids={persona}&method=GET&access_token={PAGE}");
    assert_eq!(bench.post(&read, json!({})).await.1[&persona]["name"], "Grace");
    bench.end().await;
}

#[tokio::test]
async fn an_account_with_a_login_of_its_own_has_two_ids() {
    let mut world = World::with_instagram_login();
    world.people[1].ids.insert("own".into(), "9900000000000032".into());
    let bench = Bench::unsubscribed(world).await;
    let (status, me) = get(&bench, "/v26.0/me?fields=id,user_id,username,account_type", OWN).await;
    let app_scoped = me["id"].as_str().expect("an id").to_owned();
    assert_eq!((status, &me["user_id"]), (200, &json!("17841400000000009")));
    assert!(app_scoped != "17841400000000009" && app_scoped.bytes().all(|byte| byte.is_ascii_digit()), "{me}");
    for node in ["me", "17841400000000009", &app_scoped] {
        let (_, shown) = get(&bench, &format!("/v26.0/{node}?fields=id,user_id"), OWN).await;
        assert_eq!(shown, json!({"id": app_scoped, "user_id": "17841400000000009"}), "{node}");
    }
    for person in ["Ada", "Ben"] {
        bench.act(json!({"person": person, "account": "own", "do": "message", "text": "hi"})).await;
    }
    let post = async |path: String, body: Value| bench.post(&format!("{path}?access_token={OWN}"), body).await;
    for node in ["me", "17841400000000009", &app_scoped] {
        let call = json!({"recipient": {"id": "9900000000000031"}, "message": {"text": node}});
        assert_eq!(post(format!("/v26.0/{node}/messages"), call).await.0, 200, "{node}");
        let fields = json!({"subscribed_fields": "messages"});
        assert_eq!(post(format!("/v26.0/{node}/subscribed_apps"), fields).await.0, 200, "{node}");
        let (_, list) = get(&bench, &format!("/v26.0/{node}/conversations"), OWN).await;
        assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{node}: {list}");
    }
    // The links of a list lead on.
    let (_, me) = get(&bench, "/v26.0/me?fields=conversations.limit(1)", OWN).await;
    let next = me["conversations"]["paging"]["next"].as_str().expect("there is more");
    assert!(next.contains(&app_scoped), "{next}");
    let (status, second) = bench.request(bench.http.get(next)).await;
    assert_eq!((status, second["data"].as_array().map(Vec::len)), (200, Some(1)), "{second}");
    // Behind a Page the account has one.
    let (_, linked) = get(&bench, "/v26.0/17841400000000001?fields=id,ig_id", PAGE).await;
    assert_eq!(linked, json!({"id": "17841400000000001", "ig_id": 17_841_400_000_000_001_u64}));
    bench.end().await;
}

#[tokio::test]
async fn errors_of_instagrams_own_host_have_another_type_and_no_number() {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
    let send = async |message: Value| {
        let call = json!({"recipient": {"id": "9900000000000031"}, "message": message, "access_token": OWN});
        bench.post("/v26.0/me/messages", call).await.1["error"].clone()
    };
    let error = send(json!({"text": "x"})).await;
    assert_eq!(
        (&error["type"], &error["code"], &error["error_subcode"]),
        (&json!("IGApiException"), &json!(10), &json!(2_534_022))
    );
    assert!(error["message"].as_str().is_some_and(|said| said.starts_with("This message is sent outside")), "{error}");
    let error = send(json!({"txt": "x"})).await;
    assert_eq!(error["message"], "Invalid keys \"txt\" were found in param \"message\".");
    let batch = json!([{"method": "GET", "relative_url": "me?fields=handle"}]).to_string();
    let (_, answers) = bench.post("/", json!({"batch": batch, "access_token": OWN})).await;
    assert!(answers[0]["body"].as_str().is_some_and(|body| body.contains("IGApiException")), "{answers}");
    let (_, refresh) = get(&bench, "/refresh_access_token?grant_type=other", OWN).await;
    assert_eq!(refresh["error"]["type"], "IGApiException");
    for (token, path) in [("IGAAother", "/v26.0/me"), (PAGE, "/v26.0/me?fields=handle"), ("", "/v26.0/1")] {
        assert_eq!(get(&bench, path, token).await.1["error"]["type"], "OAuthException", "{path}");
    }
    bench.end().await;
}

#[tokio::test]
async fn a_refusal_says_in_a_header_what_is_wrong() {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
    let header = async |path: &str| {
        let response = bench.http.get(format!("{}{path}", bench.url)).send().await.expect("an answer");
        assert_eq!(response.headers()["facebook-api-version"], "v26.0");
        let header = response.headers().get("www-authenticate").cloned();
        header.map(|said| said.to_str().expect("plain text").to_owned())
    };
    let realm = |what: &str, said: &str| Some(format!("OAuth \"Facebook Platform\" \"{what}\" \"{said}\""));
    let invalid = "Invalid OAuth access token - Cannot parse access token";
    assert_eq!(header("/v26.0/me?access_token=EAAother").await, realm("invalid_token", invalid));
    let inactive = "An active access token must be used to query information about the current user.";
    assert_eq!(header("/v26.0/me").await, realm("invalid_request", inactive));
    let alias = "(#803) Some of the aliases you requested do not exist: shop.example";
    assert_eq!(header(&format!("/v26.0/shop.example?access_token={PAGE}")).await, realm("not_found", alias));
    assert_eq!(header(&format!("/v26.0/me?access_token={PAGE}")).await, None);
    let code = "/oauth/access_token?client_id=555000000000001&client_secret=emulated-app-secret&code=1";
    assert_eq!(header(code).await, realm("invalid_code", "Invalid verification code format."));
    bench.end().await;
}

#[tokio::test]
async fn the_usual_fields_of_pages_accounts_and_people_are_known() {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
    let fields = "id,name,username,category,category_list,about,description,bio,link,picture,cover,website,phone,emails,\
        fan_count,followers_count,talking_about_count,rating_count,overall_star_rating,is_published,is_webhooks_subscribed,\
        verification_status,access_token,tasks,instagram_business_account,connected_instagram_account,business,location,\
        hours,single_line_address,is_messenger_bot_get_started_enabled,unread_message_count,unread_notif_count,has_added_app,can_post,page_token,global_brand_page_name";
    let (status, page) = get(&bench, &format!("/v26.0/me?fields={}", fields.replace(' ', "")), PAGE).await;
    assert_eq!(status, 200, "{page}");
    assert_eq!((&page["fan_count"], &page["followers_count"]), (&json!(2), &json!(2)));
    assert_eq!(page["picture"]["data"]["is_silhouette"], false);
    assert!(page["picture"]["data"]["url"].is_string() && page["about"].is_string());
    let (_, picture) = get(&bench, "/v26.0/me?fields=picture.type(large){url}", PAGE).await;
    assert!(picture["picture"]["data"]["url"].is_string() && picture["picture"]["data"]["width"].is_null());
    for (path, token) in [
        (
            "/v26.0/17841400000000001?fields=id,ig_id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count",
            PAGE,
        ),
        (
            "/v26.0/me?fields=id,user_id,username,name,account_type,profile_picture_url,followers_count,follows_count,media_count,biography,website",
            OWN,
        ),
        ("/v26.0/me?fields=id,name,first_name,last_name,email,picture", USER),
    ] {
        let (status, shown) = get(&bench, path, token).await;
        assert_eq!(status, 200, "{shown}");
        assert!(token == USER || shown["media_count"] == 1, "{shown}");
    }
    bench.end().await;
}

#[tokio::test]
async fn conversations_show_tags_and_templates_as_meta_does() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let postback = json!({"type": "postback", "title": "Yes", "payload": "Y"});
    let button = json!({"template_type": "button", "text": "Help?", "buttons": [postback]});
    bench.send(json!({"message": {"attachment": {"type": "template", "payload": button}}})).await;
    let site = json!({"type": "web_url", "title": "Open", "url": "https://shop.example/c"});
    let card =
        json!({"title": "Cup", "subtitle": "9.50 EUR", "image_url": "https://shop.example/c.jpg", "buttons": [site]});
    let generic = json!({"template_type": "generic", "elements": [card]});
    bench.send(json!({"message": {"attachment": {"type": "template", "payload": generic}}})).await;
    bench.act(json!({"do": "inbox", "text": "Grace here"})).await;
    let fields = "messages{message,tags,attachments}";
    let (_, list) = get(&bench, &format!("/me/conversations?fields={fields}"), PAGE).await;
    let messages = list["data"][0]["messages"]["data"].as_array().cloned().expect("a list");
    let tags = |at: usize| {
        let names = messages[at]["tags"]["data"].as_array().expect("a list").iter();
        names.map(|tag| tag["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags(0), ["inbox", "read", "sent", "source:web"]);
    assert_eq!(tags(1), ["inbox", "read", "sent"]);
    assert_eq!(tags(3), ["inbox", "read", "source:chat"]);
    let template = |at: usize| messages[at]["attachments"]["data"][0]["generic_template"].clone();
    assert_eq!(messages[2]["message"], "");
    assert_eq!(template(2), json!({"title": "Help?", "cta": [{"title": "Yes", "type": "postback"}]}));
    assert_eq!(
        template(1),
        json!({"title": "Cup", "subtitle": "9.50 EUR", "media_url": "https://shop.example/c.jpg",
            "cta": [{"title": "Open", "type": "web_url", "url": "https://shop.example/c"}]})
    );
    bench.end().await;
}
