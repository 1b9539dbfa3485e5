//! The playground, in headless Chromium.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::key::Key;

use crate::harness::chromium::Chromium;
use crate::harness::{PATIENCE, Rig};

const POLL: Duration = Duration::from_millis(20);

async fn element(browser: &Chromium, css: &str) -> fantoccini::elements::Element {
    let wait = browser.page.wait().at_most(PATIENCE).every(POLL);
    wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
}

/// The texts of the bubbles of one side, when there are so many.
async fn bubbles(browser: &Chromium, from: &str, count: usize) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('.bubble[data-from={from}]')].map(bubble => bubble.innerText.trim())"
    );
    crate::harness::until(|| async {
        let texts = browser.script(&script).await;
        let texts: Vec<String> = serde_json::from_value(texts).expect("texts");
        if texts.len() == count { Ok(texts) } else { Err(format!("{texts:?}")) }
    })
    .await
}

async fn type_and_send(browser: &Chromium, text: &str) {
    let composer = element(browser, "#composer").await;
    composer.send_keys(text).await.expect("typed");
    composer.send_keys(&char::from(Key::Enter).to_string()).await.expect("sent");
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
        element(&browser, &format!(".exchange[data-kind={kind}][data-status='200']")).await;
    }
    // By keyboard alone: Shift+Enter breaks the line, markup stays text.
    type_and_send(&browser, "<b>bold</b> & wide").await;
    assert!(bubbles(&browser, "business", 2).await[1].contains("<b>bold</b> & wide"));
    browser.picture("light").await;
    element(&browser, "#theme").await.click().await.expect("clicked");
    browser.picture("dark").await;

    let account = element(&browser, "#account").await;
    account.select_by_value("shop_ig").await.expect("selected");
    bubbles(&browser, "business", 0).await;
    type_and_send(&browser, "from Instagram").await;
    assert!(bubbles(&browser, "business", 1).await[0].contains("from Instagram"));
    browser.picture("instagram-dark").await;
    assert_eq!(rig.chat("shop_ig", "Ada").await.len(), 2);

    for theme in ["dark", "light"] {
        for (width, height) in [(360, 740), (768, 1024)] {
            browser.size(width, height).await;
            let wide = browser.script("return document.documentElement.scrollWidth").await;
            assert!(wide.as_u64() <= Some(u64::from(width)), "the page is {wide} wide at {width}");
            browser.picture(&format!("{width}-{theme}")).await;
        }
        element(&browser, "#theme").await.click().await.expect("clicked");
    }
    assert_eq!(browser.console().await, Vec::<serde_json::Value>::new());
    browser.end().await;
    rig.stop_and_end().await;
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
    assert_eq!(hosts, serde_json::json!([rig.meta.trim_start_matches("http://")]));
    browser.end().await;
    rig.stop_and_end().await;
}
