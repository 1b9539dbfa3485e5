//! Everything that is done beside the messages, from the page: by the person, by the business without the app, by Meta.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::acts::{on_message, perform};
use super::{bot, bubbles, end, go, open, told, type_and_send};
use crate::harness::chromium::Chromium;
use crate::harness::{ADA, Rig, SHOP, send_json, world};

fn template(payload: Value) -> Value {
    json!({"message": {"attachment": {"type": "template", "payload": payload}}})
}

/// The only comment that is there, or the first, once the emulator has it.
async fn comment(rig: &Rig, account: &str) -> Value {
    rig.until(|| async {
        let chat = rig.json(&format!("{}/emulator/chats/{account}/Ada", rig.meta)).await;
        chat["comments"].get(0).cloned().ok_or_else(|| chat.to_string())
    })
    .await
}

/// What Meta answers to a message that a bot sends to this recipient.
async fn send(rig: &Rig, recipient: Value) -> StatusCode {
    let request = rig.http.post(format!("{}/v26.0/{SHOP}/messages", rig.meta));
    let request = request.bearer_auth(world().accounts[0].access_token.expose());
    let call = json!({"recipient": recipient, "message": {"text": "For you"}});
    send_json(request, &call).send().await.expect("an answer").status()
}

/// Nothing is cut off, in either light, on a wide screen and on a narrow one.
async fn looks(browser: &Chromium, name: &str) {
    for theme in ["dark", "light"] {
        browser.click("#theme").await;
        for width in [360, 1280] {
            browser.fits(width, 860).await;
            browser.picture(&format!("{name}-{width}-{theme}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_answered_changed_and_removed_where_they_stand() {
    let Some((browser, rig)) = open().await else { return };
    perform(&browser, "comment", &[("text", "Nice cup")]).await;
    told(&browser, "comment by Ada").await;
    browser.says(".remark", "Ada commented on a post").await;
    on_message(&browser, "Nice cup", "edit").await;
    browser.says("#purpose", "Edit your comment").await;
    browser.write("#composer", "Nice pot").await;
    browser.click("#send").await;
    told(&browser, "comment edited by Ada").await;
    browser.says(".remark", "Nice pot").await;
    on_message(&browser, "Nice pot", "reply").await;
    type_and_send(&browser, "And cheap").await;
    browser.says(".row:has(.remark) + .row .remark", "Ada answered a comment").await;
    on_message(&browser, "Nice pot", "remove").await;
    told(&browser, "comment removed by Ada").await;
    browser.says(".remark.gone", "and removed it").await;
    assert_eq!(comment(&rig, "shop").await["removed"], true);

    perform(&browser, "post", &[("text", "Nice Page")]).await;
    told(&browser, "visitor post by Ada").await;
    on_message(&browser, "Nice Page", "remove").await;
    told(&browser, "visitor post removed by Ada").await;
    looks(&browser, "comments").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_is_commented_until_it_ends() {
    let Some((browser, rig)) = open().await else { return };
    go(&browser, &rig, "shop_ig", "Ada", "light").await;
    perform(&browser, "live", &[("text", "Is it blue?")]).await;
    told(&browser, "live comment by Ada").await;
    browser.says(".remark", "on the live video").await;
    // Instagram tells of no change, and a broadcast's comments have no answers.
    browser.holds("document.querySelectorAll('.beside .actions button').length === 0").await;
    let recipient = json!({"comment_id": comment(&rig, "shop_ig").await["id"]});
    perform(&browser, "end_live", &[]).await;
    assert_eq!(send(&rig, recipient).await, StatusCode::BAD_REQUEST);
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_thinks_and_links_and_stops_reaches_the_server() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "person", 1).await;
    let question = json!({"id": "q1", "type": "csat", "title": "How was it?", "score_label": "neg_pos",
        "score_option": "five_stars", "follow_up": {"type": "free_form", "placeholder": "Tell us more"}});
    let payload = json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
        "button_title": "Rate", "feedback_screens": [{"questions": [question]}],
        "business_privacy": {"url": "https://shop.example/privacy"}});
    bot(&rig, "shop", template(payload)).await;
    browser.click(".scale label:nth-child(4)").await;
    browser.write(".question [name=text]", "Lovely").await;
    looks(&browser, "feedback").await;
    browser.click(".card-button[data-type=customer_feedback]").await;
    told(&browser, "feedback from Ada").await;
    browser.says(".note", "gave feedback: 4, “Lovely”").await;

    bot(&rig, "shop", json!({"message": {"text": "We thank you"}})).await;
    for (response, note) in [("good", "Good response"), ("bad", "Bad response")] {
        on_message(&browser, "We thank you", "judge").await;
        browser.click(&format!("[data-response={response}]")).await;
        browser
            .holds(&format!("[...document.querySelectorAll('.note')].some(one => one.innerText.includes('{note}'))"))
            .await;
    }
    told(&browser, "thumb from Ada").await;

    perform(&browser, "link", &[("code", "ada-1")]).await;
    told(&browser, "accounts linked by Ada").await;
    perform(&browser, "unlink", &[]).await;
    told(&browser, "accounts unlinked by Ada").await;

    let payload = json!({"template_type": "notification_messages", "title": "Offers", "payload": "NEWS"});
    bot(&rig, "shop", template(payload)).await;
    browser.click(".card-button[data-type=notification_messages]").await;
    for (act, done) in [("stop", "stopped"), ("resume", "resumed")] {
        perform(&browser, act, &[]).await;
        let note = format!("Ada {done} marketing messages");
        browser
            .holds(&format!("[...document.querySelectorAll('.note')].some(one => one.innerText === '{note}')"))
            .await;
    }
    rig.until(|| async {
        let events = rig.events("kind=optin&status=done").await;
        if events.len() == 3 { Ok(()) } else { Err(format!("{events:#?}")) }
    })
    .await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_answers_and_the_conversation_changes_hands() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "person", 1).await;
    browser.holds("document.getElementById('owner').hidden").await;
    perform(&browser, "inbox", &[("text", "Grace here"), ("take", "")]).await;
    told(&browser, "echo of the message to Ada").await;
    browser.says(".caption", "Written by another app").await;
    browser.says("#owner", "With the inbox").await;
    for (action, title, owner) in [
        ("pass", "conversation passed to the app, with Ada", "With your app"),
        ("request", "conversation asked for by the inbox, with Ada", "With your app"),
        ("take", "conversation taken from the app, with Ada", "With the inbox"),
    ] {
        perform(&browser, "handover", &[("action", action), ("metadata", "ticket=9")]).await;
        told(&browser, title).await;
        browser.says("#owner", owner).await;
    }
    browser.says(".note:last-child", "The inbox took the conversation").await;
    looks(&browser, "owner").await;
    perform(&browser, "handover", &[("action", "release")]).await;
    browser.holds("document.getElementById('owner').hidden").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_enforces_its_policy() {
    let Some((browser, rig)) = open().await else { return };
    type_and_send(&browser, "hello").await;
    bubbles(&browser, "person", 1).await;
    let ada = json!({"id": ADA});
    for (action, answer) in
        [("warning", StatusCode::OK), ("block", StatusCode::BAD_REQUEST), ("unblock", StatusCode::OK)]
    {
        perform(&browser, "enforce", &[("action", action), ("reason", "Spam.")]).await;
        browser.holds(&format!(
            "[...document.querySelectorAll('.note')].some(one => one.innerText.startsWith('Meta: {action} of shop'))"
        )).await;
        assert_eq!(send(&rig, ada.clone()).await, answer, "{action}");
    }
    told(&browser, "policy enforcement").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_fits_in_both_lights_at_both_widths() {
    let Some((browser, rig)) = open().await else { return };
    for (account, width, theme) in
        [("shop", 1280, "light"), ("shop", 360, "dark"), ("shop_ig", 1280, "dark"), ("shop_ig", 360, "light")]
    {
        go(&browser, &rig, account, "Ada", theme).await;
        browser.size(width, 800).await;
        for act in ["", "inbox", "handover"] {
            browser.click("#plus").await;
            if !act.is_empty() {
                browser.click(&format!("[data-act={act}]")).await;
            }
            browser.fits(width, 800).await;
            browser.picture(&format!("sheet{act}-{account}-{width}")).await;
            browser.script("document.getElementById('sheet').scrollTop = 999").await;
            browser.picture(&format!("sheet{act}-end-{account}-{width}")).await;
            browser.click("#plus").await;
        }
    }
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_stand_on_the_wire_by_their_name_and_in_their_conversation() {
    let Some((browser, rig)) = open().await else { return };
    let by_ada = async |act: Value| {
        let mut act = act;
        act["person"] = json!("Ada");
        act["account"] = json!("shop");
        rig.act(act).await;
    };
    by_ada(json!({"do": "call"})).await;
    told(&browser, "Webhook — call from Ada").await;
    by_ada(json!({"do": "call", "action": "terminate"})).await;
    told(&browser, "Webhook — call ended by Ada").await;
    by_ada(json!({"do": "call_permission"})).await;
    told(&browser, "Webhook — call permission reply from Ada").await;
    // Behind a message of another person, in one webhook.
    for (count, act) in [json!({"do": "call"}), json!({"do": "call_permission"})].into_iter().enumerate() {
        rig.fault(json!({"push": "batch"})).await;
        rig.says("Ben", "shop", "hello").await;
        by_ada(act).await;
        let shown = "[...document.querySelectorAll('.exchange')].filter(one => !one.hidden && one.innerText.includes('message from Ben, and 1 more'))";
        browser.holds(&format!("{shown}.length === {}", count + 1)).await;
    }
    end(browser, rig).await;
}
