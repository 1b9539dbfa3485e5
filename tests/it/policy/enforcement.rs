//! P16: what Meta enforces.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn p16_1_a_block_stops_every_send_until_the_unblock() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, FEATURES).await;
        desk.ada_says_hello().await;
        desk.ada("comment", json!({"text": "Is it blue?"})).await;
        let private_reply = json!({"recipient": {"comment_id": desk.comments().await[0]}});
        desk.meta("enforce", json!({"action": "warning"})).await;
        desk.check(desk.post(json!({})).await, None, "a warning stops nothing");
        desk.meta("enforce", json!({"action": "block"})).await;
        for wish in [json!({}), private_reply.clone()] {
            desk.check(desk.post(wish).await, Some("P16.1"), "blocked");
        }
        let typing = json!({"sender_action": "typing_on"});
        desk.check(desk.post_alone(typing).await, Some("P16.1"), "the emulated Meta lets the typing indicator through");
        desk.wait(3 * HOUR).await;
        desk.check(desk.post(json!({})).await, Some("P16.1"), "it does not end by itself");
        desk.meta("enforce", json!({"action": "unblock"})).await;
        desk.check(desk.post(json!({})).await, None, "unblocked");
        desk.check(desk.post(private_reply).await, None, "what was refused has used up nothing");
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_1_a_block_holds_over_a_restart_and_a_late_unblock_does_not_lift_it() {
    let mut desk = Desk::open().await;
    desk.ada_says_hello().await;
    let enforce = |action: &str, at: i64| {
        json!({"object": "page", "entry": [{"id": crate::harness::SHOP, "time": at, "messaging": [
            {"recipient": {"id": crate::harness::SHOP}, "timestamp": at, "policy_enforcement": {"action": action, "reason": "Spam"}}]}]})
    };
    let now = desk.rig.now().0;
    assert_eq!(desk.rig.deliver(&enforce("block", now)).await, 200);
    assert_eq!(desk.rig.deliver(&enforce("unblock", now - 1000)).await, 200);
    desk.rest().await;
    desk.check(desk.post_alone(json!({})).await, Some("P16.1"), "the later of the two counts");
    desk.rig.stop_app().await;
    desk.rig.start_app().await;
    desk.check(desk.post_alone(json!({})).await, Some("P16.1"), "after a restart");
    desk.wait(SECOND).await;
    assert_eq!(desk.rig.deliver(&enforce("unblock", now + 1000)).await, 200);
    desk.rest().await;
    desk.check(desk.post_alone(json!({})).await, None, "lifted");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_2_an_account_that_meta_refuses_as_a_whole_rests_for_an_hour() {
    let desk = Desk::open().await;
    desk.ada_says_hello().await;
    desk.rig.fault(json!({"send": "blocked", "times": 1})).await;
    desk.ask("", &Value::Object(desk.request(json!({})))).await;
    desk.rest().await;
    let failed = desk.rig.sends_are("failed", 1).await;
    assert_eq!(failed[0]["reason"], "error 368");
    desk.check(desk.post(json!({})).await, Some("P16.2"), "at once");
    desk.wait(HOUR - SECOND).await;
    desk.check(desk.post(json!({})).await, Some("P16.2"), "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post(json!({})).await, None, "a second after");
    desk.close().await;
}
