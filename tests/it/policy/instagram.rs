//! P12: what there is on Messenger alone.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn p12_what_instagram_does_not_have_is_refused_before_any_call() {
    let desk = Desk::at("shop_ig", FEATURES).await;
    desk.ada_says_hello().await;
    let payload = |kind: &str| template(json!({"template_type": kind}));
    for (fields, rule) in [
        (tagged("CUSTOMER_FEEDBACK"), "P2.4"),
        (tagged("ACCOUNT_UPDATE"), "P2.4"),
        (tagged("NON_PROMOTIONAL_SUBSCRIPTION"), "P9.6"),
        (json!({"messaging_type": "UTILITY", "message": {"template": {"name": "order_update"}}}), "P12"),
        (json!({"persona_id": "31"}), "P12"),
        (json!({"message": {"sticker_id": "369239263222822"}}), "P12"),
        (payload("one_time_notif_req"), "P5.5"),
        (payload("coupon"), "P12"),
        (payload("receipt"), "P12"),
        (payload("media"), "P12"),
        (payload("customer_feedback"), "P12"),
    ] {
        desk.check(desk.post(fields.clone()).await, Some(rule), &fields.to_string());
    }
    // Nobody can have given these there, and Meta could only say that it does not know them.
    for (recipient, rule) in [
        (json!({"user_ref": "cart-1"}), "P12"),
        (json!({"post_id": "104_9"}), "P4.5"),
        (json!({"one_time_notif_token": "4711"}), "P5.5"),
        (json!({"notification_messages_token": "8012"}), "P12"),
    ] {
        desk.check(desk.post_alone(json!({"recipient": recipient})).await, Some(rule), &recipient.to_string());
    }
    let listed = desk.rig.sends("").await;
    assert!(listed.len() > 4, "the refused posts are listed");
    assert!(listed.iter().all(|send| send["status"] == "refused" && send["attempts"] == 0), "{listed:#?}");
    desk.check(desk.post(with(tagged("HUMAN_AGENT"), json!({"agent": "Grace"}))).await, None, "the one tag there is");
    desk.close().await;
}
