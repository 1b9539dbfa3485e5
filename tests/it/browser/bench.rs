//! The clock, the faults, a new beginning, and the conversations one does not look at.

use serde_json::json;

use super::{bot, bubbles, end, open, told, type_and_send};
use crate::harness::until;

#[tokio::test(flavor = "multi_thread")]
async fn time_is_moved_and_the_window_closes() {
    let Some((browser, rig)) = open().await else { return };
    browser.holds("document.getElementById('window').dataset.state === 'none'").await;
    type_and_send(&browser, "hello").await;
    browser.holds("document.getElementById('window').dataset.state === 'open'").await;
    rig.events_are("done", 1).await;
    let began = rig.now();
    let mut moved = 0;
    for (css, hours, minutes) in [
        ("[data-advance='1m']", 0, 1),
        ("[data-advance='1h']", 1, 0),
        ("[data-advance='24h']", 24, 0),
        ("#advance", 25, 0),
    ] {
        browser.click(css).await;
        moved += (hours * 60 + minutes) * 60_000;
        until(|| async {
            if rig.now().0 - began.0 == moved { Ok(()) } else { Err(format!("{css}: {}", rig.now().0)) }
        })
        .await;
    }
    browser.says("#window", "Window closed").await;
    // The page's clock runs where the rig's stands: the minutes are those of the machine.
    browser.says("#clock-ahead", "2 d ").await;
    type_and_send(&browser, "again").await;
    browser.says("#window", "(23 h ").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_scripted_and_used_up() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "person", 1).await;
    let fault = browser.element("#fault").await;
    fault.select_by_value("send:slow").await.expect("selected");
    browser.write("#fault-times", "2").await;
    browser.click("#fault-add").await;
    browser.says("[data-fault=slow]", "× 2").await;
    browser.write("#fault-times", "1").await;
    for (kind, shown) in [("echo_lost", "Echo is lost"), ("drop_then_retry", "Lost, then retried")] {
        fault.select_by_value(&format!("push:{kind}")).await.expect("selected");
        browser.click("#fault-add").await;
        browser.says(&format!("[data-fault={kind}]"), shown).await;
    }

    bot(&rig, "shop", json!({"message": {"text": "late"}})).await;
    browser.holds("!document.querySelector('[data-fault=drop_then_retry], [data-fault=echo_lost]')").await;
    browser.holds("!document.querySelector('[data-fault=slow] b')").await;
    browser.says(".exchange[data-status=none] .fault", "lost on the way").await;
    let chosen = browser.script("return [...document.getElementById('fault').options].map(one => one.value)").await;
    assert_eq!(chosen.as_array().expect("a list").len(), 18);
    // Each of them is one that the emulator knows.
    for kind in ["echo_other_id", "edit_beside", "edit_alone", "edit_bare", "half_surrogate"] {
        fault.select_by_value(&format!("push:{kind}")).await.expect("selected");
        browser.click("#fault-add").await;
        browser.element(&format!("[data-fault={kind}]")).await;
    }
    fault.select_by_value("push:echo_late").await.expect("selected");
    browser.click("#fault-add").await;
    browser.says("[data-fault=echo_late]", "Echo is late").await;
    browser.fits(1280, 860).await;

    // Once is a slip.
    browser.click("#reset").await;
    browser.says("#reset", "Really reset?").await;
    bubbles(&browser, "person", 1).await;
    browser.click("#reset").await;
    bubbles(&browser, "person", 0).await;
    browser.holds("document.getElementById('pending').hidden && !document.querySelector('.exchange')").await;
    browser.says("#chat-empty", "Say hello").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_said_in_every_view() {
    let Some((browser, rig)) = open().await else { return };
    browser.size(360, 740).await;
    browser.click("#tab-bench").await;
    browser.write("#advance-by", "soon").await;
    browser.click("#advance").await;
    browser.says("#notice", "units are ms, s, m, h, d").await;
    for view in ["bench", "wire", "chat"] {
        browser.click(&format!("#tab-{view}")).await;
        browser.holds("document.getElementById('notice').getClientRects().length > 0").await;
        browser.fits(360, 740).await;
    }
    // The browser notes the refusal; nothing else.
    let noted = browser.console().await;
    assert!(noted.len() == 1 && noted[0]["source"] == "network", "{noted:?}");
    browser.end().await;
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_elsewhere_is_marked_until_one_goes_there() {
    let Some((browser, rig)) = open().await else { return };
    rig.says("Ada", "shop_ig", "over here").await;
    for text in ["one", "two"] {
        bot(&rig, "shop_ig", json!({"message": {"text": text}})).await;
    }
    browser.says("#elsewhere", "2 new · Ada at shop_ig").await;
    browser.holds("document.querySelector('#account [value=shop_ig]').textContent.includes('(2 new)')").await;
    browser.click("#elsewhere").await;
    bubbles(&browser, "business", 2).await;
    browser
        .holds("document.getElementById('elsewhere').hidden && document.body.dataset.platform === 'instagram'")
        .await;

    browser.element("#person").await.select_by_value("Ben").await.expect("selected");
    bubbles(&browser, "business", 0).await;
    type_and_send(&browser, "I am Ben").await;
    told(&browser, "message from Ben").await;

    // Behind tabs, what comes up in another view is counted there.
    browser.element("#person").await.select_by_value("Ada").await.expect("selected");
    bubbles(&browser, "business", 2).await;
    browser.size(360, 740).await;
    browser.click("#tab-wire").await;
    bot(&rig, "shop_ig", json!({"message": {"text": "three"}})).await;
    browser.says("#tab-chat .count", "1").await;
    browser.click("#tab-chat").await;
    browser.holds("document.querySelector('#tab-chat .count').hidden").await;
    end(browser, rig).await;
}
