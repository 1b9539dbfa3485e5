//! What crosses the wire, and what can be taken along of it.

use rejoinder::signature;
use serde_json::{Value, json};

use super::{bot, bubbles, end, open, told, type_and_send};
use crate::harness::chromium::Chromium;
use crate::harness::{Rig, world};

/// The clipboard of a headless browser is nobody's: what is written to it is kept in the page instead.
const CLIPBOARD: &str = "navigator.clipboard.writeText = async (text) => { window.copied = text; }";

/// Opens the exchange of this title and copies it.
async fn copy(browser: &Chromium, title: &str, what: &str) -> String {
    let open = format!(
        "const row = [...document.querySelectorAll('.exchange')].find(one => one.innerText.includes({title:?})); \
        document.querySelectorAll('.chosen').forEach(one => one.classList.remove('chosen')); row.classList.add('chosen'); \
        row.firstChild.open = true; window.copied = null"
    );
    browser.script(&open).await;
    browser.click(&format!(".chosen [data-copy={what}]")).await;
    browser.holds("window.copied").await;
    browser.script("return window.copied").await.as_str().expect("a text").to_owned()
}

/// What crossed with these words in its request.
async fn exchange(rig: &Rig, words: &str) -> Value {
    let kept = rig.json(&format!("{}/emulator/exchanges", rig.meta)).await;
    let mut kept = kept["exchanges"].as_array().expect("a list").iter();
    kept.find(|one| one["request"].to_string().contains(words)).expect("the exchange").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_opens_folds_and_is_taken_along() {
    let Some((browser, rig)) = open().await else { return };
    browser.script(CLIPBOARD).await;
    let text = "Grüße 😀 it's https://shop.example/a \u{7f}";
    rig.says("Ada", "shop", text).await;
    told(&browser, "Webhook — message from Ada").await;

    let fixture = copy(&browser, "Webhook — message from Ada", "fixture").await;
    let shown = exchange(&rig, "Grüße").await["request_headers"][signature::HEADER].clone();
    assert_eq!(shown, signature::sign(&world().app.secret, fixture.as_bytes()), "{fixture}");
    let header = [(signature::HEADER, shown.as_str().expect("a header"))];
    assert_eq!(rig.post_webhook(&header, fixture.clone().into_bytes()).await, 200);

    let curl = copy(&browser, "Webhook — message from Ada", "curl").await;
    assert!(curl.starts_with(&format!("curl -X POST '{}'", rig.public("/webhook"))), "{curl}");
    assert!(curl.contains(&format!("-H 'x-hub-signature-256: {}'", header[0].1)), "{curl}");
    assert!(curl.ends_with(&format!("--data-raw '{}'", fixture.replace('\'', r"'\''"))), "{curl}");

    // What cannot be a double stays as it was written; what is secret stays hidden.
    let call =
        json!({"message": {"text": "back", "metadata": "ticket"}, "x": 1.0, "y": 12_345_678_901_234_567_890_u64});
    bot(&rig, "shop", call).await;
    told(&browser, "echo of the message").await;
    let curl = copy(&browser, "Send API — text to Ada", "curl").await;
    assert!(curl.contains(r#""x":1.0,"y":12345678901234567890"#), "{curl}");
    assert!(curl.contains("-H 'authorization: [secret]'") && !curl.contains("content-length"), "{curl}");
    let whole: Value = serde_json::from_str(&copy(&browser, "Send API — text to Ada", "json").await).expect("JSON");
    assert_eq!(whole, exchange(&rig, "ticket").await);
    assert!(copy(&browser, "Callback verification", "curl").await.contains("hub.verify_token=[secret]"));

    browser.says(".chosen .detail", "hub.challenge").await;
    browser
        .script(
            "document.querySelectorAll('.exchange[data-kind=graph] > details').forEach(one => { one.open = true; })",
        )
        .await;
    browser.says(".exchange[data-kind=graph] .json", "\"back\"").await;
    browser.click(".exchange[data-kind=graph] .json .j-branch .j-branch > summary").await;
    browser.holds("!document.querySelector('.exchange[data-kind=graph] .json').innerText.includes('\"back\"')").await;
    browser.picture("wire").await;
    for width in [360, 768, 1280] {
        browser.fits(width, 860).await;
    }
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_cut_is_shown_as_text_and_not_taken_along() {
    let Some((browser, rig)) = open().await else { return };
    browser.script(CLIPBOARD).await;
    rig.says("Ada", "shop", "hello").await;
    let message = json!({"text": "long", "metadata": "m"});
    bot(&rig, "shop", json!({"message": message, "x": "y".repeat(40 * 1024)})).await;
    let cut = exchange(&rig, "yyyy").await;
    assert!(cut["request"].as_str().is_some_and(|text| text.ends_with(" bytes)")), "{cut}");
    browser.element(".exchange[data-kind=graph]").await;
    let taken: Value = serde_json::from_str(&copy(&browser, "Send API", "json").await).expect("JSON");
    assert_eq!(taken, cut);
    browser.says(".chosen pre", "yyyy").await;
    browser.holds("!document.querySelector('.chosen [data-copy=curl], .chosen [data-copy=fixture]')").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_the_wire_is_still_told_in_the_conversation() {
    let Some((browser, rig)) = open().await else { return };
    rig.says("Ada", "shop", "hello").await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "referral", "ref": "spring"})).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "comment", "text": "Nice cup"})).await;
    browser.says("#receipt", "Delivered").await;
    // A webhook that is still to be told would be on the wire after the calls.
    rig.comes_to_rest().await;
    // More than the wire keeps.
    for _ in 0..510 {
        rig.http.get(format!("{}/v26.0/me", rig.meta)).send().await.expect("an answer");
    }
    let kept = rig.json(&format!("{}/emulator/exchanges", rig.meta)).await;
    assert!(kept["exchanges"].as_array().expect("a list").iter().all(|one| one["kind"] == "graph"));
    browser.page.refresh().await.expect("the page");
    browser.says("#messages", "came by a link (spring)").await;
    browser.says("#messages", "Nice cup").await;
    browser.says("#receipt", "Delivered").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_clipboard_is_closed_there_is_a_box_to_copy_from() {
    let Some((browser, rig)) = open().await else { return };
    browser.script("navigator.clipboard.writeText = async () => { throw new Error('closed'); }").await;
    type_and_send(&browser, "hello").await;
    told(&browser, "Webhook — message from Ada").await;
    browser.click(".exchange[data-kind=webhook] summary").await;
    browser.click(".exchange[data-kind=webhook] [data-copy=curl]").await;
    browser.holds("document.getElementById('copy-box').open && document.getElementById('copy-text').value.startsWith('curl -X POST')").await;
    browser.click("#copy-box button").await;
    browser.holds("!document.getElementById('copy-box').open").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_on_the_wire_and_the_others_stay_out_of_the_way() {
    let Some((browser, rig)) = open().await else { return };
    rig.says("Ben", "shop", "somebody else").await;
    type_and_send(&browser, "find me").await;
    told(&browser, "message from Ben").await;
    told(&browser, "message from Ada").await;
    let seen = "[...document.querySelectorAll('.exchange:not([hidden])')].some(one => one.innerText.includes('message from Ben'))";
    browser.holds(&format!("!{seen}")).await;
    browser.click("#filter label:last-child").await;
    browser.holds(seen).await;
    bubbles(&browser, "person", 1).await;
    browser.script("document.querySelector('.row').focus()").await;
    browser.click(".row:focus-within .on-wire").await;
    browser.holds("document.activeElement.closest('.exchange')?.innerText.includes('find me')").await;
    end(browser, rig).await;
}
