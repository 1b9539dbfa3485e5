//! P5, P11: notifications for which the person asked.

use super::*;

const ONE_TIME: &str = "one_time_notif_token";
const MARKETING: &str = "notification_messages_token";

/// Ada agrees to be notified. Returns a request on the token that she gave.
async fn agreed(desk: &Desk, kind: &str) -> Value {
    let (asking, name) = match kind {
        "one_time" => ("one_time_notif_req", ONE_TIME),
        _ => ("notification_messages", MARKETING),
    };
    desk.ada_says_hello().await;
    let asking = template(json!({"template_type": asking, "title": "Back in stock?", "payload": "RESTOCK"}));
    desk.check(desk.post(asking).await, None, "asking");
    desk.ada("optin", json!({"type": kind})).await;
    let token = desk.token(name).await;
    assert!(token.is_string(), "{token}");
    json!({"recipient": {name: token}})
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_one_time_token_is_for_one_message_within_a_year() {
    let desk = Desk::open().await;
    desk.check(desk.post(json!({"recipient": {ONE_TIME: "4711"}})).await, Some("P5.1"), "nobody gave it");
    let to = agreed(&desk, "one_time").await;
    desk.wait(2 * DAY).await;
    let typing = with(to.clone(), json!({"sender_action": "typing_on"}));
    desk.check(desk.post(typing).await, Some("P5.2"), "the typing indicator");
    let long = with(to.clone(), json!({"message": {"text": "A sentence. ".repeat(300)}}));
    desk.check(desk.post(long).await, Some("limits"), "longer than a message");
    desk.check(desk.post(to.clone()).await, None, "once");
    desk.check(desk.post(to).await, Some("P5.2"), "twice");
    desk.check(desk.post(json!({})).await, Some("P1.1"), "it opens no window");
    let to = agreed(&desk, "one_time").await;
    desk.wait(365 * DAY - SECOND).await;
    desk.rig.fault(json!({"send": "token_expired", "times": 1})).await;
    desk.ask("", &Value::Object(desk.request(to.clone()))).await;
    desk.rig.sends_are("failed", 1).await;
    desk.check(desk.post(to).await, None, "what Meta refused has not been used");
    let to = agreed(&desk, "one_time").await;
    desk.wait(365 * DAY + SECOND).await;
    desk.check(desk.post(to).await, Some("P5.3"), "after a year");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_marketing_messages_come_twelve_hours_apart_and_end_when_the_person_says_so() {
    let desk = Desk::open().await;
    desk.check(desk.post(json!({"recipient": {MARKETING: "8012"}})).await, Some("P11.1"), "nobody gave it");
    let to = agreed(&desk, "marketing").await;
    desk.wait(30 * DAY).await;
    desk.check(desk.post(to.clone()).await, None, "the first");
    desk.check(desk.post(to.clone()).await, Some("P11.2"), "at once");
    desk.wait(12 * HOUR - SECOND).await;
    desk.check(desk.post(to.clone()).await, Some("P11.2"), "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post(to.clone()).await, None, "a second after");
    desk.wait(DAY).await;
    desk.ada("optin", json!({"type": "marketing", "action": "stop"})).await;
    desk.check(desk.post(to.clone()).await, Some("P11.2"), "stopped");
    desk.wait(SECOND).await;
    desk.ada("optin", json!({"type": "marketing", "action": "resume"})).await;
    desk.check(desk.post(to.clone()).await, None, "resumed");
    desk.check(desk.post(json!({})).await, Some("P1.1"), "it opens no window");
    // The token has been there for 31 and a half of its 365 days.
    desk.wait(333 * DAY).await;
    desk.check(desk.post(to.clone()).await, None, "in its last hours");
    desk.wait(DAY).await;
    desk.check(desk.post(to).await, Some("P11.1"), "expired");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_2_what_meta_has_on_a_token_is_sent_though_its_answer_was_lost() {
    let desk = Desk::open().await;
    let to = agreed(&desk, "one_time").await;
    desk.wait(2 * DAY).await;
    // It is sent again, for Meta takes it once; and Meta says that the token has been used.
    desk.rig.expect_refusals();
    desk.rig.fault(json!({"push": "echo_lost", "times": 1})).await;
    desk.rig.fault(json!({"send": "lost_answer", "times": 1})).await;
    desk.ask("", &Value::Object(desk.request(to))).await;
    let doubted = desk.rig.until(|| async {
        let sends = desk.rig.sends("").await;
        if sends[0]["attempts"] == 1 { Ok(sends) } else { Err(format!("{sends:#?}")) }
    });
    doubted.await;
    desk.wait(10 * SECOND).await;
    let sent = &desk.rig.sends("").await[0];
    assert_eq!((&sent["status"], &sent["attempts"]), (&json!("sent"), &json!(2)), "{sent}");
    let said = desk.rig.chat("shop", "Ada").await.iter().filter(|line| *line == "business: hi").count();
    assert_eq!(said, 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_2_a_stop_that_meta_tells_in_answer_to_a_send_counts_until_the_person_resumes() {
    let desk = Desk::open().await;
    let to = agreed(&desk, "marketing").await;
    desk.wait(2 * DAY).await;
    desk.rig.expect_refusals();
    desk.rig.fault(json!({"push": "delay", "times": 1})).await;
    desk.rig
        .act(json!({"person": "Ada", "account": "shop", "do": "optin", "type": "marketing", "action": "stop"}))
        .await;
    desk.ask("", &Value::Object(desk.request(to.clone()))).await;
    let failed = desk.rig.sends_are("failed", 1).await;
    assert_eq!(failed[0]["reason"], "error 10/1893015");
    assert_eq!(desk.ask("", &Value::Object(desk.request(to.clone()))).await["refused"]["rule"], "P11.2");
    desk.wait(HOUR).await;
    desk.check(desk.post(to.clone()).await, Some("P11.2"), "told once more");
    desk.ada("optin", json!({"type": "marketing", "action": "resume"})).await;
    desk.check(desk.post(to).await, None, "resumed");
    desk.close().await;
}
