//! P4: one private reply to a comment or a visitor's post.

use rejoinder::{Context, Event, Handler, Handlers, Message};

use super::*;

fn to(comment: &Value) -> Value {
    json!({"recipient": {"comment_id": comment}})
}

async fn commented(desk: &Desk, how: Value) -> Value {
    desk.ada("comment", with(json!({"text": "Is it blue?"}), how)).await;
    desk.comments().await.last().expect("a comment").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_1_a_comment_has_one_private_reply() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, FEATURES).await;
        desk.check(desk.post(to(&json!("9_77"))).await, Some("P4.1"), "nobody wrote it");
        let comment = commented(&desk, json!({})).await;
        let typing = with(to(&comment), json!({"sender_action": "typing_on"}));
        desk.check(desk.post(typing).await, Some("P4.4"), "the typing indicator");
        let tag = with(with(to(&comment), tagged("HUMAN_AGENT")), json!({"agent": "Grace"}));
        desk.check(desk.post(tag).await, Some("P3.3"), "a tag");
        desk.check(desk.post(to(&comment)).await, None, "once");
        desk.check(desk.post(to(&comment)).await, Some("P4.1"), "twice");
        desk.check(desk.post(json!({})).await, Some("P0.1"), "it opens no window (P4.6)");
        let other = commented(&desk, json!({})).await;
        desk.check(desk.post(to(&other)).await, None, "another comment");
        desk.close().await;
    }
}

/// Says more than one message holds to a comment that asks for it.
struct Wordy;

impl Handler for Wordy {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        if let Event::Comment(_) = event {
            let long = Message::text("word ".repeat(401));
            anyhow::ensure!(ctx.can_send(&long).is_err_and(|refusal| refusal.rule == "limits"));
            ctx.reply(long);
            ctx.reply("Short");
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_that_is_too_long_is_refused_whole() {
    let handlers = Handlers::new().with("wordy", Wordy);
    let rig = Rig::with(RigOptions { handler: "wordy", handlers, ..RigOptions::default() }).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "comment", "text": "Is it blue?"})).await;
    let refused = rig.sends_are("refused", 1).await.remove(0);
    assert_eq!(refused["rule"], "limits", "{refused}");
    assert!(refused["reason"].as_str().expect("a reason").contains("2000 characters"), "{refused}");
    rig.sends_are("sent", 1).await;
    rig.end().await;

    let desk = Desk::open().await;
    let comment = commented(&desk, json!({})).await;
    let long = with(to(&comment), json!({"message": {"text": "word ".repeat(401)}}));
    desk.check(desk.post(long).await, Some("limits"), "longer than a message");
    desk.check(desk.post(to(&comment)).await, None, "the right is still there");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_2_for_seven_days_which_no_edit_renews() {
    let desk = Desk::open().await;
    let post = commented(&desk, json!({"post": true})).await;
    let (first, second) = (commented(&desk, json!({})).await, commented(&desk, json!({})).await);
    desk.wait(6 * DAY).await;
    for comment in [&first, &second] {
        desk.ada("comment", json!({"comment_id": comment, "edit": true, "text": "Is it red?"})).await;
    }
    desk.wait(DAY - SECOND).await;
    desk.check(desk.post(to(&first)).await, None, "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post(to(&second)).await, Some("P4.2"), "a second after");
    desk.check(desk.post(json!({"recipient": {"post_id": post}})).await, Some("P4.2"), "a post");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_4_a_post_of_a_visitor_is_answered_by_its_id() {
    let desk = Desk::open().await;
    let post = commented(&desk, json!({"post": true})).await;
    desk.check(desk.post(to(&post)).await, Some("P4.1"), "it is no comment");
    let answer = json!({"recipient": {"post_id": post}});
    desk.check(desk.post(answer.clone()).await, None, "once");
    desk.check(desk.post(answer).await, Some("P4.1"), "twice");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_1_what_is_removed_or_our_own_gives_nothing() {
    let desk = Desk::open().await;
    let comment = commented(&desk, json!({})).await;
    desk.ada("comment", json!({"comment_id": comment, "remove": true})).await;
    desk.check(desk.post(to(&comment)).await, Some("P4.1"), "removed");
    let own = json!({"object": "page", "entry": [{"id": crate::harness::SHOP, "time": 1, "changes": [{"field": "feed", "value":
        {"item": "comment", "verb": "add", "comment_id": "9_88", "post_id": "104_9", "message": "Thank you all",
         "from": {"id": crate::harness::SHOP, "name": "shop"}, "created_time": desk.rig.now().0 / 1000}}]}]});
    assert_eq!(desk.rig.deliver(&own).await, 200);
    desk.rest().await;
    desk.check(desk.post(to(&json!("9_88"))).await, Some("P4.1"), "our own");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_5_a_comment_below_a_broadcast_is_answered_while_it_may_go_on() {
    let desk = Desk::at("shop_ig", FEATURES).await;
    let (first, second) =
        (commented(&desk, json!({"live": true})).await, commented(&desk, json!({"live": true})).await);
    desk.wait(4 * HOUR - SECOND).await;
    desk.check(desk.post(to(&first)).await, None, "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post_alone(to(&second)).await, Some("P4.5"), "a second after");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_refused_has_not_used_the_right_and_what_is_in_doubt_keeps_it() {
    let desk = Desk::open().await;
    let comment = commented(&desk, json!({})).await;
    desk.rig.fault(json!({"send": "token_expired", "times": 1})).await;
    desk.ask("", &Value::Object(desk.request(to(&comment)))).await;
    desk.rig.sends_are("failed", 1).await;
    desk.check(desk.post(to(&comment)).await, None, "it is free again");
    let comment = commented(&desk, json!({})).await;
    desk.rig.fault(json!({"send": "temporary", "times": 1})).await;
    desk.ask("", &Value::Object(desk.request(to(&comment)))).await;
    desk.check(desk.post_alone(to(&comment)).await, Some("P4.1"), "on its way, or in doubt");
    desk.wait(10 * SECOND).await;
    let sent = desk.rig.sends_are("sent", 2).await;
    assert_eq!(sent[0]["attempts"], 2, "Meta takes it once, so that it may be sent again");
    desk.check(desk.post(to(&comment)).await, Some("P4.1"), "sent");
    desk.close().await;
}

/// Says two things to whoever writes, and asks first.
struct Chatty;

impl Handler for Chatty {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let Event::Comment(_) = event else { return Ok(()) };
        anyhow::ensure!(ctx.can_send(&Message::text("one")).is_ok());
        let long = ctx.can_send(&Message::text("A sentence. ".repeat(300)));
        anyhow::ensure!(long.is_err_and(|refusal| refusal.rule == "limits"));
        ctx.reply("one");
        let second = ctx.can_send(&Message::text("two"));
        anyhow::ensure!(second.is_err_and(|refusal| refusal.rule == "P4.1"));
        ctx.reply("two");
        Ok(())
    }
}

/// Says first what there is on Messenger alone.
struct Fancy;

impl Handler for Fancy {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let Event::Comment(_) = event else { return Ok(()) };
        ctx.reply(Message::template(json!({"template_type": "receipt"})));
        ctx.reply("plain");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_1_a_reply_that_can_never_be_sent_takes_no_right_from_the_next() {
    let desk = Desk::with("fancy", Handlers::new().with("fancy", Fancy), "shop_ig", "").await;
    commented(&desk, json!({})).await;
    let sends = desk.rig.sends("").await;
    let told: Vec<_> = sends.iter().map(|send| (&send["status"], &send["rule"])).collect();
    assert_eq!(told, [(&json!("sent"), &json!(null)), (&json!("refused"), &json!("P12"))], "{sends:#?}");
    assert_eq!(desk.rig.chat("shop_ig", "Ada").await, ["business: plain"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_1_of_two_replies_to_a_comment_the_first_is_sent_and_the_handler_learns_of_the_other() {
    let desk = Desk::with("chatty", Handlers::new().with("chatty", Chatty), "shop", "").await;
    let comment = commented(&desk, json!({})).await;
    let sends = desk.rig.sends("").await;
    let told: Vec<_> = sends.iter().map(|send| (&send["status"], &send["rule"], &send["attempts"])).collect();
    let (sent, refused) = (json!("sent"), json!("refused"));
    assert_eq!(told, [(&refused, &json!("P4.1"), &json!(0)), (&sent, &json!(null), &json!(1))], "{sends:#?}");
    assert_eq!(desk.rig.events("kind=outcome&status=done").await.len(), 1);
    assert_eq!(desk.rig.chat("shop", "Ada").await, ["business: one"]);
    // The same comment handled once more has nothing left to answer with.
    let id = desk.rig.events("kind=comment").await[0]["id"].as_str().expect("an id").to_owned();
    let replay = desk.rig.admin(&format!("/api/events/{id}/replay"));
    assert_eq!(send_json(desk.rig.http.post(replay), &json!({})).send().await.expect("an answer").status(), 202);
    desk.check(desk.post(to(&comment)).await, Some("P4.1"), "used");
    desk.rig.stop_and_end().await;
}
