//! Sends of which nobody can tell whether they arrived: settled by evidence, by the operator, and never said twice.

use std::time::Duration;

use rejoinder::{Context, Event, Handler, Handlers};
use serde_json::{Value, json};

use crate::harness::{Rig, RigOptions, send_json};

const SECOND: Duration = Duration::from_secs(1);

/// What goes wrong with the next send and its echo.
async fn break_next(rig: &Rig, send: &str, echo: Option<&str>) {
    rig.fault(json!({"send": send})).await;
    if let Some(echo) = echo {
        rig.fault(json!({"push": echo})).await;
    }
}

/// The clock goes on until nobody looks for evidence any more, which takes some looks.
async fn until_given_up(rig: &Rig) {
    rig.until(|| async {
        if rig.sends("status=in_doubt").await.is_empty() {
            return Ok(());
        }
        rig.clock.advance(SECOND);
        Err("it is still looked for".to_owned())
    })
    .await;
}

async fn in_doubt(rig: &Rig) -> Value {
    rig.sends_are("in_doubt", 1).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_tells_what_no_answer_and_no_echo_told() {
    for account in ["shop", "shop_ig"] {
        let rig = Rig::start().await;
        break_next(&rig, "lost_answer", Some("echo_lost")).await;
        rig.says("Ada", account, "hello").await;
        in_doubt(&rig).await;
        // Its echo might still come.
        rig.clock.advance(9 * SECOND);
        assert_eq!(rig.sends("status=in_doubt").await.len(), 1);
        rig.clock.advance(SECOND);
        let sent = rig.sends_are("sent", 1).await.remove(0);
        assert!(sent["message_id"].is_string() && sent["attempts"] == 1, "{sent}");
        assert_eq!(rig.chat(account, "Ada").await, ["person: hello", "business: hello"]);
        rig.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_conversation_is_sent_again_once_the_intake_is_seen_to_be_alive() {
    let rig = Rig::start().await;
    break_next(&rig, "temporary", None).await;
    rig.says("Ada", "shop", "hello").await;
    in_doubt(&rig).await;
    // Nothing has come in since: the echo may be what is missing.
    rig.clock.advance(20 * SECOND);
    assert_eq!(rig.sends("status=in_doubt").await.len(), 1);
    rig.says("Ben", "shop", "hi").await;
    rig.sends_are("sent", 1).await;
    rig.clock.advance(5 * SECOND);
    rig.sends_are("planned", 1).await;
    rig.clock.advance(2 * SECOND);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello"]).await;
    let sent = rig.sends_are("sent", 2).await;
    assert_eq!((&sent[0]["attempts"], &sent[1]["attempts"]), (&json!(1), &json!(2)));
    rig.events_are("pending", 0).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_settles_a_doubt_however_late_it_comes() {
    let rig = Rig::start().await;
    break_next(&rig, "lost_answer", Some("echo_late")).await;
    rig.says("Ada", "shop", "hello").await;
    in_doubt(&rig).await;
    // Before anybody looks into the conversation.
    rig.clock.advance(6 * SECOND);
    rig.sends_are("sent", 1).await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: hello", "business: hello"]);
    assert!(rig.events("kind=echo").await.iter().all(|echo| echo["status"] == "done" && echo["attempts"] == 0));
    rig.nothing_is_left_of(crate::harness::ADA, 1).await;
    rig.end().await;
}

/// Somebody who is known by a checkbox plugin alone: their conversation cannot be looked at.
async fn answer_into_the_dark(rig: &Rig) {
    break_next(rig, "lost_answer", None).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "optin", "ref": "cart", "user_ref": "u-1"})).await;
}

struct Polite;

impl Handler for Polite {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        if let Event::Optin(_) = event {
            ctx.reply("Thank you");
            ctx.reply("See you");
        }
        Ok(())
    }
}

async fn polite(on_doubt: &str) -> Rig {
    let handlers = Handlers::new().with("polite", Polite);
    let settings = vec![("accounts.shop.on_doubt", on_doubt.to_owned())];
    // Without echoes there is no evidence at all.
    let rig = Rig::with(RigOptions { handler: "polite", handlers, settings, ..RigOptions::default() }).await;
    for _ in 0..8 {
        rig.fault(json!({"push": "echo_lost"})).await;
    }
    rig
}

/// A server with two sends that wait for the operator, the older one in front.
pub async fn with_two_held() -> Rig {
    let rig = polite("hold").await;
    answer_into_the_dark(&rig).await;
    in_doubt(&rig).await;
    rig.clock.advance(119 * SECOND);
    until_given_up(&rig).await;
    rig.sends_are("held", 2).await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_evidence_it_is_held_until_the_operator_decides() {
    for (wish, status) in [("release", "sent"), ("drop", "failed")] {
        let rig = polite("hold").await;
        answer_into_the_dark(&rig).await;
        in_doubt(&rig).await;
        assert_eq!(rig.metric("rejoinder_sends_in_doubt{account=\"shop\"}").await, "1");
        rig.clock.advance(119 * SECOND);
        assert_eq!(rig.sends("status=held").await.len(), 0);
        until_given_up(&rig).await;
        let held = rig.sends_are("held", 2).await;
        assert_eq!(rig.metric("rejoinder_sends_in_doubt{account=\"shop\"}").await, "0");
        assert_eq!(rig.metric("rejoinder_sends_held{account=\"shop\"}").await, "2");
        let (rest, first) = (&held[0], &held[1]);
        assert!(rest["reason"].as_str().expect("a reason").contains(first["id"].as_str().expect("an id")), "{rest}");
        // The handler learns of each.
        rig.until(|| async {
            let outcomes = rig.events("kind=outcome&status=done").await;
            if outcomes.len() == 2 { Ok(()) } else { Err(format!("{outcomes:#?}")) }
        })
        .await;

        let wish_for = async |id: &str| {
            let path = rig.admin(&format!("/api/sends/{id}/{wish}"));
            send_json(rig.http.post(path), &json!({})).send().await.expect("an answer").status().as_u16()
        };
        assert_eq!(wish_for("4711").await, 404);
        let id = first["id"].as_str().expect("an id").to_owned();
        assert_eq!(wish_for(&id).await, 202);
        rig.until(|| async {
            let send = rig.json(&rig.admin(&format!("/api/sends/{id}"))).await;
            if send["status"] == status { Ok(()) } else { Err(send.to_string()) }
        })
        .await;
        assert_eq!(wish_for(&id).await, 409);
        // The rest of its turn follows, behind it.
        rig.sends_are("sent", if wish == "release" { 2 } else { 1 }).await;
        rig.stop_and_end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_evidence_it_is_sent_again_where_the_account_wants_that() {
    let rig = polite("resend").await;
    answer_into_the_dark(&rig).await;
    in_doubt(&rig).await;
    rig.clock.advance(120 * SECOND);
    until_given_up(&rig).await;
    rig.sends_are("sent", 2).await;
    assert_eq!(rig.sends("").await[1]["attempts"], 2);
    rig.stop_and_end().await;
}
