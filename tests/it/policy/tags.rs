//! P2, P3, P8, P9: what excuses a message outside the window.

use super::*;

fn by_grace(fields: Value) -> Value {
    with(fields, json!({"agent": "Grace"}))
}

fn feedback() -> Value {
    template(json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
        "button_title": "Rate", "feedback_screens": [{"questions": [{"id": "q1", "type": "csat"}]}],
        "business_privacy": {"url": "https://shop.example/privacy"}}))
}

fn coupon() -> Value {
    template(json!({"template_type": "coupon", "title": "10% off", "coupon_code": "TEN"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_dead_tags_are_refused_inside_the_window_and_outside() {
    let desk = Desk::open().await;
    desk.ada_says_hello().await;
    for time in [Duration::ZERO, 2 * DAY] {
        desk.wait(time).await;
        for ended in ["ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE"] {
            desk.check(desk.post(by_grace(tagged(ended))).await, Some("P2.5"), ended);
        }
        for unknown in ["SHIPPING_UPDATE", "human_agent", "ISSUE_RESOLUTION"] {
            desk.check(desk.post(by_grace(tagged(unknown))).await, Some("P2.1"), unknown);
        }
        desk.check(desk.post(json!({"messaging_type": "MESSAGE_TAG"})).await, Some("P1.16"), "a type without its tag");
        desk.check(desk.post(by_grace(json!({"tag": "HUMAN_AGENT"}))).await, Some("P1.16"), "a tag without its type");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_2_nothing_that_promotes_goes_under_a_tag() {
    let desk = Desk::open().await;
    desk.ada_says_hello().await;
    desk.check(desk.post(coupon()).await, None, "inside the window anything may be said");
    desk.check(desk.post(by_grace(with(tagged("HUMAN_AGENT"), coupon()))).await, Some("P2.2"), "a coupon");
    desk.check(desk.post(with(tagged("NON_PROMOTIONAL_SUBSCRIPTION"), coupon())).await, Some("P9.3"), "a coupon");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_6_feedback_is_asked_for_within_seven_days() {
    let desk = Desk::open().await;
    let asked = || with(tagged("CUSTOMER_FEEDBACK"), feedback());
    desk.check(desk.post(asked()).await, Some("P0.1"), "before a word");
    desk.ada_says_hello().await;
    desk.check(desk.post(tagged("CUSTOMER_FEEDBACK")).await, Some("P2.6"), "a text");
    desk.wait(7 * DAY - SECOND).await;
    desk.check(desk.post(feedback()).await, Some("P1.1"), "without the tag");
    desk.check(desk.post(asked()).await, None, "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post(asked()).await, Some("P2.6"), "a second after");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_person_and_no_bot_may_answer_for_seven_days() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, "human_agent").await;
        assert_eq!(desk.window().await["human_agent_until"], json!(null));
        desk.ada_says_hello().await;
        let until = desk.rig.now() + 7 * DAY;
        assert_eq!(desk.window().await["human_agent_until"], until.to_string());
        desk.check(desk.post(tagged("HUMAN_AGENT")).await, Some("P3.2"), "a bot");
        desk.wait(6 * DAY).await;
        // A tap opens the window and is no message: the seven days run from what the person wrote.
        desk.ada("postback", json!({"title": "Help", "payload": "HELP"})).await;
        desk.wait(DAY - SECOND).await;
        desk.check(desk.post(by_grace(tagged("HUMAN_AGENT"))).await, None, "a second before");
        desk.wait(2 * SECOND).await;
        // The emulated Meta counts from the tap.
        desk.check(desk.post_alone(by_grace(tagged("HUMAN_AGENT"))).await, Some("P3.1"), "a second after");
        desk.check(desk.post(by_grace(json!({}))).await, Some("P1.1"), "without the tag");
        let sent = desk.rig.sends("status=sent").await;
        assert!(sent.iter().all(|send| send.get("agent").is_none() || send["agent"] == "Grace"), "{sent:?}");
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_3_a_utility_template_goes_to_whoever_once_wrote() {
    let desk = Desk::open().await;
    desk.has_a_utility_template("order_update").await;
    let body = json!({"name": "order_update", "language": {"code": "en"}});
    let update = || json!({"messaging_type": "UTILITY", "message": {"template": body}});
    desk.check(desk.post(update()).await, Some("P0.1"), "before a word");
    desk.ada_says_hello().await;
    desk.check(desk.post(json!({"message": {"template": body}})).await, Some("P8.3"), "another type");
    desk.wait(30 * DAY).await;
    desk.check(desk.post(json!({"messaging_type": "UTILITY"})).await, Some("P8.3"), "a text");
    let beside = json!({"messaging_type": "UTILITY", "message": {"template": body, "text": "50 % off"}});
    desk.check(desk.post(beside).await, Some("P8.3"), "a text beside the template");
    desk.check(desk.post(update()).await, None, "a template");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_news_goes_to_whoever_once_wrote() {
    let desk = Desk::open().await;
    let news = || tagged("NON_PROMOTIONAL_SUBSCRIPTION");
    desk.check(desk.post(news()).await, Some("P0.1"), "before a word");
    desk.ada_says_hello().await;
    desk.wait(30 * DAY).await;
    desk.check(desk.post(news()).await, None, "a month later");
    let product = template(json!({"template_type": "product", "elements": [{"id": "77"}]}));
    desk.check(desk.post(with(news(), product)).await, Some("P9.3"), "a product");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_sponsored_messages_are_not_sent() {
    for (account, rule) in [("shop", "P10.1"), ("shop_ig", "P10.5")] {
        let desk = Desk::at(account, FEATURES).await;
        desk.ada_says_hello().await;
        desk.check(desk.post(json!({"messaging_type": "SPONSORED_MESSAGE"})).await, Some(rule), "by its type");
        desk.check(desk.post(tagged("SPONSORED_MESSAGE")).await, Some(rule), "by a tag");
        desk.close().await;
    }
}
