//! The playground, in headless Chromium.

mod acts; // everything a person can do in a conversation
mod bench; // the clock, the faults, a new beginning, other conversations
mod beside; // everything that is done beside it: comments, feedback, links, the inbox, Meta
mod elsewhere; // what a page of another origin cannot do
mod server; // what never left the server
mod templates; // everything a bot can show
mod wire; // what crosses, and what can be taken along

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::harness::chromium::Chromium;
use crate::harness::{ADA, ADA_ON_INSTAGRAM, Rig, RigOptions, SHOP, send_json, until, world};

/// A browser on the page of a new rig whose bot keeps silent; `None` where there is no browser.
async fn open() -> Option<(Chromium, Rig)> {
    let browser = Chromium::start().await?;
    // What the browser shall show is served beside it.
    let mut world = world();
    world.app.local_media = true;
    let rig = Rig::with(RigOptions { handler: "none", world, ..RigOptions::default() }).await;
    browser.size(1280, 860).await;
    go(&browser, &rig, "shop", "Ada", "light").await;
    Some((browser, rig))
}

/// Goes to a conversation and waits until it has been read.
async fn go(browser: &Chromium, rig: &Rig, account: &str, person: &str, theme: &str) {
    browser.page.goto("about:blank").await.expect("an empty page");
    let address = format!("{}/playground/#{account}/{person}/{theme}", rig.meta);
    browser.page.goto(&address).await.expect("the page");
    browser.says("#chat-name", account).await;
    browser.holds("document.getElementById('messages').getAttribute('aria-busy') === 'false'").await;
}

/// Nothing was complained of, and everything has ended.
async fn end(browser: Chromium, rig: Rig) {
    assert_eq!(browser.console().await, Vec::<Value>::new());
    browser.end().await;
    rig.stop_and_end().await;
}

/// What a bot sends to Ada, through the emulated Graph API. Returns the answer.
async fn bot(rig: &Rig, account: &str, call: Value) -> Value {
    let mut call = call;
    call["recipient"] = json!({"id": if account == "shop" { ADA } else { ADA_ON_INSTAGRAM }});
    let request = rig.http.post(format!("{}/v26.0/{SHOP}/messages", rig.meta));
    let request = request.bearer_auth(world().accounts[0].access_token.expose());
    let answer = send_json(request, &call).send().await.expect("an answer");
    let status = answer.status();
    let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert!(status.is_success(), "{call}: {answer}");
    answer
}

/// The texts of the bubbles of one side, when there are so many.
async fn bubbles(browser: &Chromium, from: &str, count: usize) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('.bubble[data-from={from}]')].map(bubble => bubble.innerText.trim())"
    );
    until(|| async {
        let texts = browser.script(&script).await;
        let texts: Vec<String> = serde_json::from_value(texts).expect("texts");
        if texts.len() == count { Ok(texts) } else { Err(format!("{texts:?}")) }
    })
    .await
}

async fn type_and_send(browser: &Chromium, text: &str) {
    let composer = browser.element("#composer").await;
    composer.send_keys(text).await.expect("typed");
    composer.send_keys(&char::from(Key::Enter).to_string()).await.expect("sent");
}

/// Waits for a line on the wire that says so, its webhook taken by the server.
async fn told(browser: &Chromium, title: &str) {
    let line = format!(
        "[...document.querySelectorAll('.exchange[data-kind=webhook][data-status=\"200\"] .title')]\
        .some(one => one.textContent.includes({title:?}))"
    );
    browser.holds(&line).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_types_and_reads_the_reply_and_sees_what_went_over_the_wire() {
    let Some(browser) = Chromium::start().await else { return };
    let rig = Rig::start().await;
    browser.size(1280, 860).await;
    browser.page.goto(&format!("{}/", rig.meta)).await.expect("the page");

    type_and_send(&browser, "hello").await;
    assert!(bubbles(&browser, "business", 1).await[0].contains("hello"));
    assert!(bubbles(&browser, "person", 1).await[0].contains("hello"));
    for kind in ["verify", "webhook", "graph"] {
        browser.element(&format!(".exchange[data-kind={kind}][data-status='200']")).await;
    }
    // By keyboard alone: Shift+Enter breaks the line, markup stays text.
    type_and_send(&browser, "<b>bold</b> & wide").await;
    assert!(bubbles(&browser, "business", 2).await[1].contains("<b>bold</b> & wide"));
    browser.picture("light").await;
    browser.click("#theme").await;
    browser.picture("dark").await;

    let account = browser.element("#account").await;
    account.select_by_value("shop_ig").await.expect("selected");
    bubbles(&browser, "business", 0).await;
    type_and_send(&browser, "from Instagram").await;
    assert!(bubbles(&browser, "business", 1).await[0].contains("from Instagram"));
    browser.picture("instagram-dark").await;
    assert_eq!(rig.chat("shop_ig", "Ada").await.len(), 2);
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_nobody_but_the_emulator() {
    let Some(browser) = Chromium::start().await else { return };
    let rig = Rig::start().await;
    browser.page.goto(&format!("{}/playground/", rig.meta)).await.expect("the page");
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "business", 1).await;
    let hosts = browser
        .script("return [...new Set(performance.getEntriesByType('resource').map(entry => new URL(entry.name).host))]")
        .await;
    assert_eq!(hosts, json!([rig.meta.trim_start_matches("http://")]));
    browser.end().await;
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_used_by_keyboard_and_by_ear() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "first").await;
    type_and_send(&browser, "second").await;
    bubbles(&browser, "person", 2).await;
    browser.click("#plus").await;
    let nameless = "return [...document.querySelectorAll('button, input, select, textarea, a, [role=tab]')].filter(one => \
        !one.hidden && !(one.getAttribute('aria-label') || one.innerText?.trim() || one.textContent.trim() || one.labels?.length)).map(one => one.outerHTML)";
    assert_eq!(browser.script(nameless).await, json!([]));
    browser.press(Key::Escape).await;
    browser.holds("document.getElementById('sheet').hidden && document.activeElement.id === 'plus'").await;

    // Into the conversation, up two messages, and into what can be done to one.
    browser.script("document.getElementById('chat-scroller').focus()").await;
    browser.press(Key::Up).await;
    browser
        .holds("document.activeElement.matches('.row') && document.activeElement.innerText.includes('second')")
        .await;
    browser.press(Key::Up).await;
    browser.holds("document.activeElement.innerText.includes('first')").await;
    browser.press(Key::Tab).await;
    browser.holds("document.activeElement.matches('.reply')").await;
    browser.press(Key::Enter).await;
    browser.says("#purpose", "first").await;
    browser.holds("document.activeElement.id === 'composer'").await;
    browser.press(Key::Escape).await;
    browser.holds("document.getElementById('purpose').hidden").await;

    // Behind tabs, the arrows go from view to view.
    browser.size(360, 740).await;
    browser.element("#tab-chat").await.send_keys(&char::from(Key::Right).to_string()).await.expect("pressed");
    browser
        .holds("document.activeElement.id === 'tab-bench' && document.getElementById('bench').role === 'tabpanel'")
        .await;
    let live = browser.page.find_all(Locator::Css("[aria-live], [role=status], [role=alert], [role=log]")).await;
    assert!(live.expect("elements").len() >= 4);
    end(browser, rig).await;
}
