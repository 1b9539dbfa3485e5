use super::*;
use crate::harness::send_json;

const FALLBACK: &str = "business: Sorry, I did not get that.";

const DISCLOSURE: &str = "business: You are talking to an automated assistant.";

/// The same as [`automated`], and the bot says that it is one.
async fn disclosing() -> Rig {
    let settings = [("accounts.shop.bot", "automated"), ("accounts.shop.disclosure.enabled", "true")];
    bot(settings.map(|(key, value)| (key, value.to_owned())).to_vec()).await
}

/// A rig whose Page is answered by an automated bot.
async fn automated() -> Rig {
    bot(vec![("accounts.shop.bot", "automated".to_owned()), ("accounts.shop.handler_deadline", "2m".to_owned())]).await
}

/// How many answers were counted, how long people waited for them in all, and how many were missed.
async fn counted(rig: &Rig) -> (f64, f64, f64) {
    let text = rig.metrics().await;
    let number = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.and_then(|line| line.split_whitespace().last()).expect("a line").parse().expect("a number")
    };
    let [count, sum] =
        ["count", "sum"].map(|part| number(&format!("rejoinder_answer_seconds_{part}{{account=\"shop\"}}")));
    (count, sum, number("rejoinder_answers_missed_total{account=\"shop\"}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_whoever_asks_is_answered_where_the_handler_says_nothing() {
    let rig = automated().await;
    for word in ["silent", "typing"] {
        says(&rig, word).await;
        chat_ends(&rig, &[&format!("person: {word}"), FALLBACK]).await;
    }
    taps(&rig, "Silence", "silent").await;
    chat_ends(&rig, &["person: Silence", FALLBACK]).await;
    let reply = json!({"person": "Ada", "account": "shop", "do": "message", "text": "silent", "quick_reply": "S"});
    rig.act(reply).await;
    chat_ends(&rig, &["person: silent", FALLBACK]).await;
    says(&rig, "hello").await;
    chat_ends(&rig, &["person: hello", "business: ok"]).await;
    rig.nothing_is_left_of(ADA, 5).await;
    assert_eq!(counted(&rig).await, (5.0, 0.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_2_get_started_need_not_be_answered() {
    let rig = automated().await;
    taps(&rig, "Get Started", "GET_STARTED").await;
    rig.until(|| async {
        match rig.events("kind=postback&status=done").await.len() {
            1 => Ok(()),
            done => Err(done.to_string()),
        }
    })
    .await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: Get Started"]);
    assert_eq!(counted(&rig).await, (0.0, 0.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_5_nobody_else_owes_an_answer_or_shows_dots() {
    for who in ["hybrid", "manual"] {
        let rig = bot(vec![("accounts.shop.bot", who.to_owned())]).await;
        says(&rig, "silent").await;
        rig.messages_are("done", 1).await;
        says(&rig, "slow once").await;
        rig.messages_are("running", 1).await;
        rig.clock.advance(20 * SECOND);
        rig.nothing_is_left_of_but_a_retry().await;
        assert!(rig.sends("").await.is_empty(), "{who}");
        rig.clock.advance(SECOND);
        rig.messages_are("done", 2).await;
        assert_eq!(rig.chat("shop", "Ada").await, ["person: silent", "person: slow once"], "{who}");
        rig.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_4_who_waits_sees_dots_after_a_second_and_the_fallback_after_25() {
    let rig = automated().await;
    says(&rig, "slow").await;
    rig.messages_are("running", 1).await;
    rig.clock.advance(SECOND - Duration::from_millis(1));
    assert!(!is_typing(&rig).await);
    rig.clock.advance(Duration::from_millis(1));
    rig.until(|| async { if is_typing(&rig).await { Ok(()) } else { Err("no dots".to_owned()) } }).await;
    rig.sends_are("sent", 1).await;
    rig.clock.advance(23 * SECOND);
    rig.messages_are("running", 1).await;
    rig.clock.advance(SECOND);
    rig.chat_reads("shop", "Ada", &["person: slow", FALLBACK]).await;
    // Done, and not tried again.
    rig.messages_are("done", 1).await;
    rig.nothing_is_left_of(ADA, 1).await;
    assert_eq!(counted(&rig).await, (1.0, 25.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_4_a_handler_that_fails_is_tried_again_for_as_long_as_that_is_in_time() {
    let rig = automated().await;
    says(&rig, "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.clock.advance(SECOND);
    rig.chat_reads("shop", "Ada", &["person: fail once", "business: ok"]).await;
    rig.nothing_is_left_of(ADA, 1).await;
    says(&rig, "fail").await;
    // After 1, 2, 4 and 8 seconds; after 16 more it would be too late.
    for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        rig.until(|| async {
            let waiting = rig.events("kind=message&status=pending").await;
            match waiting.iter().any(|event| event["attempts"] == attempts) {
                true => Ok(()),
                false => Err(format!("{waiting:#?}")),
            }
        })
        .await;
        rig.clock.advance(seconds * SECOND);
    }
    chat_ends(&rig, &["person: fail", FALLBACK]).await;
    rig.messages_are("dead", 1).await;
    rig.nothing_is_left_of(ADA, 2).await;
    assert_eq!(counted(&rig).await, (2.0, 16.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_4_who_waits_behind_another_is_answered_once_and_handled_all_the_same() {
    let settings = [("accounts.shop.bot", "automated"), ("accounts.shop.handler_deadline", "2m")];
    let rig = bot(settings.map(|(key, value)| (key, value.to_owned())).to_vec()).await;
    says(&rig, "hello").await;
    rig.nothing_is_left_of(ADA, 1).await;
    // A referral asks for nothing: its handler has all its time.
    rig.act(json!({"person": "Ada", "account": "shop", "do": "referral", "ref": "sale"})).await;
    says(&rig, "are you there?").await;
    says(&rig, "hello?").await;
    rig.messages_are("pending", 2).await;
    rig.clock.advance(25 * SECOND);
    chat_ends(&rig, &["person: hello?", FALLBACK]).await;
    rig.clock.advance(95 * SECOND);
    // The referral has failed by now, and comes again.
    rig.until(|| async {
        let referrals = rig.events("kind=referral&status=pending").await;
        if referrals.len() == 1 { Ok(()) } else { Err(format!("{referrals:#?}")) }
    })
    .await;
    rig.clock.advance(SECOND);
    chat_ends(&rig, &["person: hello?", FALLBACK, "business: ok", "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_answers_from_the_inbox_has_answered() {
    let rig = automated().await;
    says(&rig, "slow").await;
    rig.messages_are("running", 1).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "inbox", "text": "I am Eve."})).await;
    rig.until(|| async {
        let echoes = rig.events("kind=echo").await;
        if echoes.len() == 1 { Ok(()) } else { Err(format!("{echoes:#?}")) }
    })
    .await;
    rig.clock.advance(25 * SECOND);
    rig.messages_are("done", 1).await;
    rig.nothing_is_left_of(ADA, 1).await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: slow", "business: I am Eve."]);
    assert!(rig.sends("").await.is_empty());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_late_event_is_handled_and_counted_as_missed() {
    let mut rig = automated().await;
    says(&rig, "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.stop_app().await;
    rig.clock.advance(31 * SECOND);
    rig.start_app().await;
    rig.subscribe().await;
    rig.chat_reads("shop", "Ada", &["person: fail once", "business: ok"]).await;
    rig.nothing_is_left_of(ADA, 1).await;
    assert_eq!(counted(&rig).await, (1.0, 31.0, 1.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_meta_does_not_take_is_a_missed_one() {
    let rig = automated().await;
    says(&rig, "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "block"})).await;
    rig.expect_refusals();
    rig.clock.advance(SECOND);
    // The reply, and the fallback in its place.
    rig.sends_are("failed", 2).await;
    rig.events_are("pending", 0).await;
    rig.comes_to_rest().await;
    assert_eq!(counted(&rig).await, (0.0, 0.0, 1.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_discloses_the_bot_as_any_words_do() {
    let rig = disclosing().await;
    says(&rig, "silent").await;
    rig.chat_reads("shop", "Ada", &["person: silent", DISCLOSURE, FALLBACK]).await;
    says(&rig, "silent").await;
    rig.chat_reads("shop", "Ada", &["person: silent", DISCLOSURE, FALLBACK, "person: silent", FALLBACK]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_4_who_has_said_something_has_the_usual_time_for_the_rest() {
    let settings = [("accounts.shop.bot", "automated"), ("accounts.shop.handler_deadline", "2m")];
    let rig = bot(settings.map(|(key, value)| (key, value.to_owned())).to_vec()).await;
    says(&rig, "long").await;
    rig.chat_reads("shop", "Ada", &["person: long", "business: One moment"]).await;
    rig.clock.advance(119 * SECOND);
    rig.messages_are("running", 1).await;
    rig.clock.advance(SECOND);
    rig.nothing_is_left_of_but_a_retry().await;
    rig.clock.advance(SECOND);
    rig.chat_reads("shop", "Ada", &["person: long", "business: One moment", "business: Here it is"]).await;
    rig.messages_are("done", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fallback_answers_all_that_was_said_before_it() {
    let rig = automated().await;
    says(&rig, "slow").await;
    rig.messages_are("running", 1).await;
    says(&rig, "silent").await;
    rig.messages_are("pending", 1).await;
    rig.clock.advance(25 * SECOND);
    rig.messages_are("done", 2).await;
    rig.chat_reads("shop", "Ada", &["person: slow", "person: silent", FALLBACK]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_a_reply_that_is_not_sent_is_no_answer() {
    let rig = automated().await;
    says(&rig, "strange").await;
    chat_ends(&rig, &["person: strange", FALLBACK]).await;
    let refused = rig.sends_are("refused", 1).await.remove(0);
    assert_eq!(refused["rule"], "100");
    rig.fault(json!({"send": "token_expired"})).await;
    says(&rig, "hello").await;
    chat_ends(&rig, &["person: hello", FALLBACK]).await;
    rig.sends_are("failed", 1).await;
    rig.nothing_is_left_of(ADA, 2).await;
    assert_eq!(counted(&rig).await, (2.0, 0.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_that_it_is_a_bot_is_no_answer() {
    let rig = disclosing().await;
    says(&rig, "strange").await;
    rig.chat_reads("shop", "Ada", &["person: strange", DISCLOSURE, FALLBACK]).await;
    rig.sends_are("refused", 1).await;
    rig.nothing_is_left_of(ADA, 2).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_the_next_message_of_the_turn_is_the_answer_where_the_first_is_not_sent() {
    let rig = automated().await;
    rig.fault(json!({"send": "token_expired"})).await;
    says(&rig, "twice").await;
    rig.chat_reads("shop", "Ada", &["person: twice", "business: ok"]).await;
    rig.sends_are("failed", 1).await;
    rig.nothing_is_left_of(ADA, 1).await;
    rig.clock.advance(30 * SECOND);
    rig.comes_to_rest().await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: twice", "business: ok"]);
    assert_eq!(counted(&rig).await, (1.0, 0.0, 0.0));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_a_fallback_that_is_not_sent_ends_the_wait() {
    let rig = automated().await;
    rig.fault(json!({"send": "token_expired", "times": 3})).await;
    says(&rig, "hello").await;
    rig.sends_are("failed", 2).await;
    rig.clock.advance(60 * SECOND);
    rig.comes_to_rest().await;
    assert_eq!((rig.sends("").await.len(), counted(&rig).await), (2, (0.0, 0.0, 1.0)));
    says(&rig, "silent").await;
    rig.sends_are("failed", 3).await;
    rig.comes_to_rest().await;
    rig.clock.advance(60 * SECOND);
    rig.comes_to_rest().await;
    assert_eq!((rig.sends("").await.len(), counted(&rig).await), (3, (0.0, 0.0, 2.0)));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_1_an_agents_post_that_is_not_sent_is_no_answer() {
    let rig = automated().await;
    says(&rig, "slow").await;
    rig.messages_are("running", 1).await;
    rig.fault(json!({"send": "token_expired"})).await;
    let post = json!({"recipient": {"id": ADA}, "message": {"text": "I am Grace."}, "agent": "Grace"});
    let posted = send_json(rig.http.post(rig.admin("/api/accounts/shop/sends")), &post).send().await;
    assert_eq!(posted.expect("an answer").status(), 202);
    rig.sends_are("failed", 1).await;
    rig.clock.advance(25 * SECOND);
    rig.chat_reads("shop", "Ada", &["person: slow", FALLBACK]).await;
    rig.messages_are("done", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_three_dots_are_no_answer() {
    let rig = automated().await;
    says(&rig, "slow").await;
    rig.messages_are("running", 1).await;
    let dots = json!({"recipient": {"id": ADA}, "sender_action": "typing_on", "agent": "Grace"});
    let posted = send_json(rig.http.post(rig.admin("/api/accounts/shop/sends")), &dots).send().await;
    assert_eq!(posted.expect("an answer").status(), 202);
    rig.sends_are("sent", 1).await;
    rig.clock.advance(25 * SECOND);
    rig.chat_reads("shop", "Ada", &["person: slow", FALLBACK]).await;
    rig.messages_are("done", 1).await;
    rig.end().await;
}
