//! Account linking, from the tap to the way back.

use serde_json::json;

use super::{ADA, PAGE, bench, call, post};

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
