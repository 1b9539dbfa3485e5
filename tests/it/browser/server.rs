//! What never left the server, in the timeline of the wire.

use std::time::Duration;

use rejoinder::Handlers;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{bubbles, end, go, open, type_and_send};
use crate::harness::bots::Obedient;
use crate::harness::chromium::Chromium;
use crate::harness::{ADA, Rig, RigOptions, send_json, world};

/// A browser on the page of an emulator that was told of its server, whose bot is [`Obedient`].
async fn open_beside_the_server() -> Option<(Chromium, Rig)> {
    let browser = Chromium::start().await?;
    let handlers = Handlers::new().with("bot", Obedient::default());
    let rig = Rig::with(RigOptions { handler: "bot", handlers, shows_server: true, ..RigOptions::default() }).await;
    browser.size(1280, 860).await;
    go(&browser, &rig, "shop", "Ada", "light").await;
    Some((browser, rig))
}

/// Waits for a line of the server with both words.
async fn says(browser: &Chromium, title: &str, words: &str) {
    let line = format!(
        "[...document.querySelectorAll('.server-line')].some(one => !one.hidden && one.innerText.includes({title:?}) \
        && one.innerText.includes({words:?}))"
    );
    browser.holds(&line).await;
}

/// Which addresses the page has asked, without the host.
async fn asked(browser: &Chromium) -> Vec<String> {
    let script = "return [...new Set(performance.getEntriesByType('resource').map(entry => entry.name))]";
    serde_json::from_value(browser.script(script).await).expect("addresses")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_what_waits_stands_on_the_wire_and_is_handled_again() {
    let Some((browser, rig)) = open_beside_the_server().await else { return };
    type_and_send(&browser, "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    type_and_send(&browser, "after").await;
    bubbles(&browser, "person", 2).await;
    let events = rig.events("kind=message").await;
    let [after, first] = [0, 1].map(|at| events[at]["id"].as_str().expect("an id").to_owned());
    assert_eq!((&events[0]["waits_for"], &events[1]["waits_for"]), (&json!(first), &Value::Null));
    says(&browser, &format!("Event {first}, message from Ada"), "Attempt 1 failed: told to").await;
    says(&browser, &format!("Event {after}, message from Ada"), &format!("Waits behind event {first}")).await;
    for theme in ["light", "dark"] {
        go(&browser, &rig, "shop", "Ada", theme).await;
        says(&browser, &first, "Attempt 1 failed: told to").await;
        browser.picture(&format!("server-{theme}")).await;
    }

    rig.clock.advance(Duration::from_secs(1));
    bubbles(&browser, "business", 2).await;
    for event in [&first, &after] {
        says(&browser, &format!("Event {event}, "), "Handled in ").await;
    }
    browser.click(&format!("[data-again='{first}']")).await;
    bubbles(&browser, "business", 3).await;
    for (width, tab) in [(360, "#tab-wire"), (768, "#tab-wire"), (1280, "")] {
        browser.fits(width, 740).await;
        if !tab.is_empty() {
            browser.click(tab).await;
            browser.fits(width, 740).await;
        }
    }
    // All of it came from where the page itself came from.
    let asked = asked(&browser).await;
    assert!(asked.iter().all(|url| url.starts_with(&rig.meta)), "{asked:?}");

    // What happened before a reset is not shown again.
    rig.comes_to_rest().await;
    rig.clock.advance(Duration::from_secs(1));
    browser.click("#reset").await;
    browser.click("#reset").await;
    bubbles(&browser, "person", 0).await;
    type_and_send(&browser, "anew").await;
    bubbles(&browser, "business", 1).await;
    says(&browser, "message from Ada", "Handled in ").await;
    browser.holds(&format!("!document.querySelector('[data-server=\"event:{first}\"]')")).await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_send_shows_its_rule_in_its_conversation() {
    let Some((browser, rig)) = open_beside_the_server().await else { return };
    let body = json!({"recipient": {"id": ADA}, "message": {"text": "You have not written yet"}});
    let posted = send_json(rig.http.post(rig.admin("/api/accounts/shop/sends")), &body).send().await;
    assert!(posted.expect("an answer").status().is_client_error());
    let refused = rig.sends("status=refused").await.remove(0);
    let words = |key: &str| refused[key].as_str().expect("a word").to_owned();
    says(&browser, "to Ada", &format!("Refused by {}: {}", words("rule"), words("reason"))).await;
    browser.element("#person").await.select_by_value("Ben").await.expect("selected");
    browser.holds("[...document.querySelectorAll('.server-line')].every(one => one.hidden)").await;
    browser.click("#filter label:last-child").await;
    says(&browser, "to Ada", "Refused by").await;
    browser.size(360, 740).await;
    browser.click("#tab-wire").await;
    browser.fits(360, 740).await;
    browser.picture("server-narrow").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_server_is_known_nothing_is_shown_of_it_and_nothing_asked() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    rig.events_are("done", 1).await;
    super::told(&browser, "Webhook — message from Ada").await;
    // The page has been through everything that it does by itself.
    browser.page.refresh().await.expect("the page");
    browser.says("#connection-text", "Live").await;
    super::told(&browser, "Webhook — message from Ada").await;
    assert_eq!(browser.script("return document.querySelectorAll('.server-line').length").await, 0);
    let asked = asked(&browser).await;
    assert!(asked.iter().all(|url| !url.contains("/emulator/server")), "{asked:?}");
    let answer = rig.http.get(format!("{}/emulator/server", rig.meta)).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    // As soon as it is, the page shows it.
    rig.show_server();
    browser.holds("document.querySelector('.server-line')").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_shown_however_the_settings_name_its_account() {
    let Some(browser) = Chromium::start().await else { return };
    // The settings know names in lower case only, and one account more than the world.
    let mut world = world();
    world.accounts[0].name = "Shop".into();
    for person in &mut world.people {
        let id = person.ids.remove("shop").expect("an id");
        person.ids.insert("Shop".into(), id);
    }
    let settings = [
        ("accounts.other.platform", "messenger"),
        ("accounts.other.id", "104000000000077"),
        ("accounts.other.access_token", "EAAother"),
        ("accounts.other.handler", "none"),
        ("accounts.other.bot", "hybrid"),
    ];
    let settings = settings.map(|(key, value)| (key, value.to_owned())).to_vec();
    let rig =
        Rig::with(RigOptions { handler: "none", settings, shows_server: true, world, ..RigOptions::default() }).await;
    browser.size(1280, 860).await;
    go(&browser, &rig, "Shop", "Ada", "light").await;
    rig.says("Ada", "Shop", "hello").await;
    says(&browser, "message from Ada", "Kept; no handler asks for it").await;

    let item = json!({"sender": {"id": "7299"}, "recipient": {"id": "104000000000077"}, "timestamp": rig.now(),
        "message": {"mid": "m_1", "text": "hello"}});
    let entry = json!({"id": "104000000000077", "time": rig.now(), "messaging": [item]});
    assert_eq!(rig.deliver(&json!({"object": "page", "entry": [entry]})).await, StatusCode::OK);
    let event = rig.events("person=7299").await.remove(0);
    assert_eq!(event["account"], "other");
    says(&browser, &format!("Event {}, message", event["id"].as_str().expect("an id")), "").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_with_a_way_out() {
    let Some((browser, mut rig)) = open_beside_the_server().await else { return };
    type_and_send(&browser, "hello").await;
    says(&browser, "message from Ada", "Handled in ").await;
    rig.comes_to_rest().await;
    rig.stop_app().await;
    for words in ["does not answer", "does it run, and is this its admin.listen?"] {
        browser.says("#server-trouble", words).await;
    }
    browser.end().await;
    rig.end().await;
}
