//! The app: its features, subscriptions, tokens and use.

use serde_json::{Value, json};

use crate::emulator::{Feature, World};
use crate::secret::Secret;
use crate::signature;

use super::super::Bench;
use super::{APP, IG, PAGE, USER, answered, bench, call};

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
async fn the_app_subscribes_to_accounts_and_names_its_callback() {
    let bench = Bench::unsubscribed(World::with_instagram_login()).await;
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
async fn use_shows_in_the_headers_and_proof_is_asked_for_everywhere() {
    let mut world = World::with_instagram_login();
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
