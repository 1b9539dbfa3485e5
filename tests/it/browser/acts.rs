//! Everything a person can do in a conversation, from the page.

use serde_json::{Value, json};

use super::{bot, bubbles, end, go, open, told, type_and_send};
use crate::harness::Rig;
use crate::harness::chromium::Chromium;

/// Opens what is behind the plus, chooses, fills in, does it, and waits until it is done.
pub async fn perform(browser: &Chromium, act: &str, fields: &[(&str, &str)]) {
    browser.click("#plus").await;
    browser.click(&format!("[data-act={act}]")).await;
    for (name, value) in fields {
        let css = format!("[data-form={act}] [data-field={name}]");
        let kind = browser.element(&css).await.prop("type").await.expect("a property");
        match kind.as_deref() {
            Some("select-one") => browser.element(&css).await.select_by_value(value).await.expect("selected"),
            Some("checkbox") => browser.click(&css).await,
            _ => browser.write(&css, value).await,
        }
    }
    if browser.script(&format!("return document.querySelector('[data-form={act}]') !== null")).await == true {
        browser.click(&format!("[data-form={act}] [type=submit]")).await;
    }
    browser.holds("document.getElementById('sheet').hidden").await;
}

/// Does something to the message of this text, by its own buttons.
pub async fn on_message(browser: &Chromium, text: &str, button: &str) {
    browser
        .holds(&format!(
            "(row => row && (row.focus(), true))([...document.querySelectorAll('.row')].find(one => one.innerText.includes({text:?})))"
        ))
        .await;
    browser.click(&format!(".row:focus-within .{button}")).await;
}

async fn chat(rig: &Rig, account: &str) -> Value {
    rig.json(&format!("{}/emulator/chats/{account}/Ada", rig.meta)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_on_messenger() {
    let Some((browser, rig)) = open().await else { return };
    browser.click("#starter").await;
    told(&browser, "Webhook — message from Ada").await;
    browser.says("#receipt", "Delivered").await;
    bot(&rig, "shop", json!({"sender_action": "mark_seen"})).await;
    browser.says("#receipt", "Seen").await;
    bot(&rig, "shop", json!({"sender_action": "typing_on"})).await;
    browser.holds("!document.getElementById('typing').hidden").await;
    bot(&rig, "shop", json!({"message": {"text": "Good day"}})).await;
    browser.holds("document.getElementById('typing').hidden").await;

    browser.click("#read").await;
    told(&browser, "messages read by Ada").await;
    browser.says("#receipt", "Read by Ada").await;

    on_message(&browser, "Good day", "react").await;
    browser.click("[data-reaction=love]").await;
    told(&browser, "reaction from Ada").await;
    browser.element(".reactions [data-from=person]").await;
    on_message(&browser, "Good day", "react").await;
    browser.click("[data-reaction=love][aria-pressed=true]").await;
    told(&browser, "reaction withdrawn by Ada").await;
    browser.holds("!document.querySelector('.reactions')").await;

    on_message(&browser, "Good day", "reply").await;
    type_and_send(&browser, "And to you").await;
    browser.says(".quote", "Good day").await;
    on_message(&browser, "And to you", "edit").await;
    browser.write("#composer", "And a good day to you").await;
    browser.click("#send").await;
    told(&browser, "message edited by Ada").await;
    browser.says(".caption", "Edited").await;
    let mine = chat(&rig, "shop").await["messages"][2].clone();
    assert_eq!((&mine["text"], &mine["edits"]), (&json!("And a good day to you"), &json!(1)));
    bot(&rig, "shop", json!({"sender_action": "react", "payload": {"message_id": mine["mid"], "reaction": "love"}}))
        .await;
    browser.element(".reactions [data-from=business]").await;

    let picture = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
    perform(&browser, "image", &[("url", picture)]).await;
    told(&browser, "Webhook — image from Ada").await;
    browser.element(".bubble[data-from=person] img.media").await;
    for (act, drawn) in [("video", "video"), ("audio", "audio"), ("file", ".chip-file")] {
        perform(&browser, act, &[("url", &format!("{}/favicon.ico", rig.meta))]).await;
        told(&browser, &format!("Webhook — {act} from Ada")).await;
        browser.element(&format!(".bubble[data-from=person] {drawn}")).await;
    }
    perform(&browser, "like", &[]).await;
    browser.element(".bubble[data-from=person] .sticker.like").await;
    perform(&browser, "postback", &[("title", "Get Started"), ("payload", "GET_STARTED")]).await;
    told(&browser, "button pressed by Ada").await;
    browser
        .holds("[...document.querySelectorAll('.caption')].some(one => one.innerText.includes('GET_STARTED'))")
        .await;

    perform(&browser, "referral", &[("ref", "spring")]).await;
    told(&browser, "link followed by Ada").await;
    browser.says(".note", "came by a link (spring)").await;
    perform(&browser, "optin", &[("ref", "cart-9"), ("user_ref", "")]).await;
    perform(&browser, "optin", &[("ref", ""), ("user_ref", "u-5f1c")]).await;
    browser.says(".note + .note", "opted in (cart-9)").await;
    browser.says(".note + .note + .note", "by the checkbox (u-5f1c)").await;

    let said = chat(&rig, "shop").await["messages"].as_array().expect("messages").len();
    bot(
        &rig,
        "shop",
        json!({"message": {"text": "Size?", "quick_replies": [
        {"content_type": "text", "title": "Large", "payload": "SIZE_L"}, {"content_type": "user_email"}]}}),
    )
    .await;
    browser.says("#quick-replies", "ada@mail.example").await;
    browser.click(".chip[data-payload=SIZE_L]").await;
    told(&browser, "quick reply from Ada").await;
    browser.holds("document.getElementById('quick-replies').hidden").await;
    assert_eq!(chat(&rig, "shop").await["messages"][said + 1]["quick_reply"]["payload"], "SIZE_L");

    perform(&browser, "block", &[]).await;
    browser.holds("document.getElementById('window').dataset.state === 'blocked'").await;
    browser.click("#unblock").await;
    browser.holds("document.getElementById('window').dataset.state === 'open'").await;
    perform(&browser, "block", &[]).await;
    browser.holds("document.getElementById('window').dataset.state === 'blocked'").await;
    perform(&browser, "unblock", &[]).await;
    browser.holds("document.getElementById('window').dataset.state === 'open'").await;
    browser.picture("acts").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_different_on_instagram() {
    let Some((browser, rig)) = open().await else { return };
    go(&browser, &rig, "shop_ig", "Ada", "dark").await;
    type_and_send(&browser, "One thing").await;
    type_and_send(&browser, "Another").await;
    bubbles(&browser, "person", 2).await;
    on_message(&browser, "One thing", "unsend").await;
    told(&browser, "message unsent by Ada").await;
    browser.says(".bubble.gone", "Message unsent").await;

    bot(&rig, "shop_ig", json!({"message": {"text": "Hello"}})).await;
    on_message(&browser, "Hello", "react").await;
    // Instagram laughs where Messenger smiles, and has no thumb that points down.
    assert_eq!(
        browser
            .script("return document.querySelectorAll('[data-reaction=smile], [data-reaction=dislike]').length")
            .await,
        0
    );
    browser.click("[data-reaction=laugh]").await;
    browser.element(".reactions [data-from=person]").await;
    browser.click("#read").await;
    browser.says("#receipt", "Read by Ada").await;
    perform(&browser, "heart", &[]).await;
    browser.element(".bubble[data-from=person] .sticker.heart").await;
    browser.click("#plus").await;
    assert_eq!(
        browser
            .script("return document.querySelectorAll('[data-act=optin], [data-act=post], [data-act=like]').length")
            .await,
        0
    );
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_posts_and_answers_to_requests_reach_the_server() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "person", 1).await;
    for (kind, title) in [("one_time_notif_req", "Back soon"), ("notification_messages", "Offers")] {
        let payload = json!({"template_type": kind, "title": title, "payload": "RESTOCK"});
        bot(&rig, "shop", json!({"message": {"attachment": {"type": "template", "payload": payload}}})).await;
        browser.says(&format!("[data-template={kind}]"), title).await;
        browser.click(&format!(".card-button[data-type={kind}]")).await;
    }
    perform(&browser, "comment", &[("text", "Nice cup")]).await;
    perform(&browser, "post", &[("text", "Nice Page")]).await;
    for (kind, count) in [("optin", 2), ("comment", 2)] {
        rig.until(|| async {
            let events = rig.events(&format!("kind={kind}&status=done")).await;
            if events.len() == count { Ok(()) } else { Err(format!("{events:#?}")) }
        })
        .await;
    }
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_with_what_can() {
    let Some((browser, rig)) = open().await else { return };
    go(&browser, &rig, "shop_ig", "Ada", "light").await;
    browser.click("#read").await;
    browser.says("#notice", "there is nothing to read").await;
    browser.says("#notice small", "let it write first").await;
    browser.click("#notice button").await;
    browser.holds("document.getElementById('notice').hidden").await;
    // A text that was not taken is not lost either.
    rig.act(json!({"person": "Ada", "account": "shop_ig", "do": "block"})).await;
    browser.holds("document.getElementById('window').dataset.state === 'blocked'").await;
    type_and_send(&browser, "do you hear me").await;
    browser.says("#notice", "blocked").await;
    browser.holds("document.getElementById('composer').value === 'do you hear me'").await;
    // The browser notes both refusals; nothing else.
    let noted = browser.console().await;
    assert!(noted.len() == 2 && noted.iter().all(|one| one["source"] == "network"), "{noted:?}");
    browser.end().await;
    rig.stop_and_end().await;
}
