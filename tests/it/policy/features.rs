//! P3.3, P5.6, P8.3, P9.1, P11.1: what Meta has not granted the account.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_feature_is_refused_without_it() {
    let asking = |kind: &str| template(json!({"template_type": kind, "title": "Back in stock?", "payload": "RESTOCK"}));
    for (feature, rule, wishes) in [
        ("human_agent", "P3.3", vec![with(tagged("HUMAN_AGENT"), json!({"agent": "Grace"}))]),
        (
            "one_time_notification",
            "P5.6",
            vec![asking("one_time_notif_req"), json!({"recipient": {"one_time_notif_token": "4711"}})],
        ),
        (
            "utility",
            "P8.3",
            vec![
                json!({"messaging_type": "UTILITY", "message": {"template": {"name": "order_update", "language": {"code": "en"}}}}),
            ],
        ),
        ("news", "P9.1", vec![tagged("NON_PROMOTIONAL_SUBSCRIPTION")]),
        (
            "marketing",
            "P11.1",
            vec![asking("notification_messages"), json!({"recipient": {"notification_messages_token": "8012"}})],
        ),
    ] {
        let others: Vec<_> = FEATURES.split(',').filter(|other| *other != feature).collect();
        let desk = Desk::at("shop", &others.join(",")).await;
        desk.ada_says_hello().await;
        // The emulated app was granted everything.
        for wish in &wishes {
            desk.check(desk.post_alone(wish.clone()).await, Some(rule), &wish.to_string());
        }
        desk.close().await;
        let desk = Desk::at("shop", feature).await;
        desk.has_a_utility_template("order_update").await;
        desk.ada_says_hello().await;
        desk.check(desk.post(wishes[0].clone()).await, None, &wishes[0].to_string());
        desk.close().await;
    }
}
