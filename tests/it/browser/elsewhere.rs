//! A page of another origin that a person has open beside the server and the emulator.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::chromium::Chromium;
use crate::harness::{ADA, Rig, world};

/// Serves an empty page on a port of its own. Returns its address.
async fn page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let router = Router::new().route("/", get(async || Html("<title>elsewhere</title>")));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Posts `body` in the page's name, by every type that a page can try. The page never reads an answer.
async fn posts(browser: &Chromium, url: &str, body: &serde_json::Value) {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json"] {
        let mode = if kind == "application/json" { "cors" } else { "no-cors" };
        let script = format!(
            "return fetch({url:?}, {{method: 'POST', mode: '{mode}', headers: {{'content-type': '{kind}'}}, \
            body: JSON.stringify({body})}}).then(answer => answer.type, () => 'refused')"
        );
        let seen = browser.script(&script).await;
        assert!(["refused", "opaque"].contains(&seen.as_str().expect("a word")), "{url} {kind}: {seen}");
    }
    // A form of plain text whose only field, "name=value", is the JSON: the `=` stands in a key that means nothing.
    let form = format!(
        "return new Promise(resolve => {{ \
            const frame = document.createElement('iframe'), form = document.createElement('form'); \
            const field = document.createElement('input'), text = JSON.stringify({body}); \
            frame.name = 'answer'; form.target = 'answer'; form.method = 'POST'; form.action = {url:?}; \
            form.enctype = 'text/plain'; field.name = text.slice(0, -1) + ',\"x'; field.value = '\":1}}'; \
            form.append(field); document.body.append(frame, form); \
            frame.onload = () => {{ frame.remove(); form.remove(); resolve('answered') }}; form.submit() }})"
    );
    assert_eq!(browser.script(&form).await, json!("answered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_drives_neither_the_server_nor_the_emulator() {
    let Some(browser) = Chromium::start().await else { return };
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello"]).await;
    rig.sends_are("sent", 1).await;
    browser.page.goto(&page().await).await.expect("the page");

    let send = json!({"recipient": {"id": ADA}, "message": {"text": "from elsewhere"}});
    posts(&browser, &rig.admin("/api/accounts/shop/sends"), &send).await;
    let act = json!({"person": "Ada", "account": "shop", "do": "message", "text": "from elsewhere"});
    posts(&browser, &format!("{}/emulator/act", rig.meta), &act).await;
    let address = page().await;
    posts(&browser, &format!("{}/emulator/subscribe", rig.meta), &json!({"callback": address})).await;
    // The page cannot read either.
    let read = format!(
        "return fetch({:?}).then(answer => answer.text(), () => 'refused')",
        format!("{}/emulator/world", rig.meta)
    );
    assert_eq!(browser.script(&read).await, json!("refused"));

    assert_eq!(rig.sends("").await.len(), 1);
    assert_eq!(rig.chat("shop", "Ada").await, ["person: hello", "business: hello"]);
    let exchanges = rig.json(&format!("{}/emulator/exchanges", rig.meta)).await;
    assert!(!exchanges.to_string().contains(&address), "the page was called");
    assert!(!exchanges.to_string().contains(world().app.secret.expose()));

    // A link from there to the playground works.
    browser.script(&format!("location.href = {:?}", format!("{}/playground/", rig.meta))).await;
    browser.says("#chat-name", "shop").await;
    browser.end().await;
    rig.stop_and_end().await;
}
