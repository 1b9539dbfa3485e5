use super::*;

const DISCLOSING: &str = "business: You are talking to an automated assistant.";

/// A rig whose bots disclose themselves, and have no fallback.
async fn disclosing() -> Rig {
    let settings = ["accounts.shop.disclosure.enabled", "accounts.shop_ig.disclosure.enabled"];
    bot(settings.map(|key| (key, "true".to_owned())).to_vec()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_2_the_first_words_of_a_conversation_disclose_the_bot_once_however_many_they_are() {
    let rig = disclosing().await;
    for account in ["shop", "shop_ig"] {
        rig.says("Ada", account, "twice").await;
        let mut chat = vec!["person: twice", DISCLOSING, "business: one", "business: ok"];
        rig.chat_reads(account, "Ada", &chat).await;
        rig.says("Ada", account, "and now?").await;
        chat.extend(["person: and now?", "business: ok"]);
        rig.chat_reads(account, "Ada", &chat).await;
    }
    // Somebody else's conversation has another start.
    rig.says("Ben", "shop", "hello").await;
    rig.chat_reads("shop", "Ben", &["person: hello", DISCLOSING, "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_2_what_says_nothing_discloses_nothing() {
    let rig = disclosing().await;
    says(&rig, "silent").await;
    says(&rig, "typing").await;
    rig.until(|| async { if is_typing(&rig).await { Ok(()) } else { Err("no dots".to_owned()) } }).await;
    rig.messages_are("done", 2).await;
    assert_eq!(rig.chat("shop", "Ada").await, ["person: silent", "person: typing"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_2_in_steps_the_first_that_says_something_discloses_and_a_new_try_does_not_again() {
    let mut rig = disclosing().await;
    says(&rig, "steps").await;
    chat_ends(&rig, &["person: steps", DISCLOSING, "business: first"]).await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.stop_app().await;
    rig.start_app().await;
    rig.subscribe().await;
    rig.clock.advance(SECOND);
    chat_ends(&rig, &["person: steps", DISCLOSING, "business: first", "business: second", "business: ok"]).await;
    assert_eq!(rig.chat("shop", "Ada").await.len(), 5);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_2_a_disclosing_message_that_was_refused_is_said_before_the_next_words() {
    let rig = disclosing().await;
    says(&rig, "fail once").await;
    rig.nothing_is_left_of_but_a_retry().await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "block"})).await;
    rig.expect_refusals();
    rig.clock.advance(SECOND);
    rig.sends_are("failed", 2).await;
    rig.act(json!({"person": "Ada", "account": "shop", "do": "unblock"})).await;
    says(&rig, "hello").await;
    rig.chat_reads("shop", "Ada", &["person: fail once", "person: hello", DISCLOSING, "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_3_after_a_lapse_it_is_said_again() {
    let rig = disclosing().await;
    says(&rig, "hello").await;
    chat_ends(&rig, &["person: hello", DISCLOSING, "business: ok"]).await;
    wait(&rig, 2, 7 * DAY - SECOND).await;
    says(&rig, "nearly").await;
    chat_ends(&rig, &["person: nearly", "business: ok"]).await;
    // What was done two days ago is not kept: of each lapse, its own receipts are.
    wait(&rig, 1, 7 * DAY).await;
    says(&rig, "now").await;
    chat_ends(&rig, &["person: now", DISCLOSING, "business: ok"]).await;
    wait(&rig, 2, 7 * DAY).await;
    // The bot has nothing to say to what ends the lapse; its next words come after it all the same.
    says(&rig, "silent").await;
    wait(&rig, 0, SECOND).await;
    says(&rig, "hello?").await;
    chat_ends(&rig, &["person: hello?", DISCLOSING, "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_4_when_the_bot_takes_over_from_a_person() {
    let rig = disclosing().await;
    for account in ["shop", "shop_ig"] {
        let act = |deed: &str, rest: serde_json::Value| {
            let mut act = json!({"person": "Ada", "account": account, "do": deed});
            act.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
            act
        };
        rig.says("Ada", account, "hello").await;
        let mut chat = vec!["person: hello", DISCLOSING, "business: ok"];
        rig.chat_reads(account, "Ada", &chat).await;
        // Somebody at the inbox says something in between.
        rig.act(act("inbox", json!({"text": "I am Eve."}))).await;
        rig.says("Ada", account, "thanks").await;
        chat.extend(["business: I am Eve.", "person: thanks", DISCLOSING, "business: ok"]);
        rig.chat_reads(account, "Ada", &chat).await;
        // Somebody at the inbox has the conversation for a while.
        rig.act(act("handover", json!({"action": "take"}))).await;
        rig.says("Ada", account, "a question").await;
        rig.act(act("handover", json!({"action": "pass"}))).await;
        rig.says("Ada", account, "bye").await;
        chat.extend(["person: a question", "person: bye", DISCLOSING, "business: ok"]);
        rig.chat_reads(account, "Ada", &chat).await;
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_4_when_the_bot_takes_over_from_an_agent_who_wrote_by_the_api() {
    let rig = disclosing().await;
    says(&rig, "hello").await;
    chat_ends(&rig, &["person: hello", DISCLOSING, "business: ok"]).await;
    let post = async |body: serde_json::Value| {
        let request = rig.http.post(rig.admin("/api/accounts/shop/sends"));
        assert_eq!(crate::harness::send_json(request, &body).send().await.expect("an answer").status(), 202);
    };
    // What a machine sends by the API is the bot's.
    post(json!({"recipient": {"id": ADA}, "message": {"text": "Shipped."}})).await;
    chat_ends(&rig, &["business: Shipped."]).await;
    says(&rig, "thanks").await;
    chat_ends(&rig, &["person: thanks", "business: ok"]).await;
    post(json!({"recipient": {"id": ADA}, "message": {"text": "I am Eve."}, "agent": "Eve"})).await;
    chat_ends(&rig, &["business: I am Eve."]).await;
    says(&rig, "bye").await;
    chat_ends(&rig, &["person: bye", DISCLOSING, "business: ok"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_before_a_private_reply_and_the_conversation_after_it_starts_with_the_disclosure() {
    let rig = disclosing().await;
    for account in ["shop", "shop_ig"] {
        rig.act(json!({"person": "Ada", "account": account, "do": "comment", "text": "how much?"})).await;
        rig.until(|| async {
            let sends = rig.sends(&format!("account={account}")).await;
            match sends.as_slice() {
                [only] if only["recipient"]["comment_id"].is_string() && only["status"] == "sent" => Ok(()),
                _ => Err(format!("{sends:#?}")),
            }
        })
        .await;
        rig.says("Ada", account, "thanks").await;
        chat_ends_at(&rig, account, &["person: thanks", DISCLOSING, "business: ok"]).await;
    }
    rig.end().await;
}

/// On Instagram nothing but its `mid` and its words tells whose the echo of a private reply is.
#[tokio::test(flavor = "multi_thread")]
async fn p6_4_the_echo_of_a_private_reply_is_nobody_elses_words() {
    let rig = disclosing().await;
    rig.says("Ada", "shop_ig", "hello").await;
    chat_ends_at(&rig, "shop_ig", &["person: hello", DISCLOSING, "business: ok"]).await;
    // Once with the echo after Meta's answer, once before it.
    for (sent, fault) in [(3, None), (5, Some("slow"))] {
        if let Some(fault) = fault {
            rig.fault(json!({"send": fault, "times": 1})).await;
        }
        rig.act(json!({"person": "Ada", "account": "shop_ig", "do": "comment", "text": "how much?"})).await;
        if fault.is_some() {
            rig.until(|| async {
                let parked = rig.events("kind=echo&status=pending").await.len();
                if parked == 1 { Ok(()) } else { Err(format!("{parked} echoes wait")) }
            })
            .await;
            rig.clock.advance(3 * SECOND);
        }
        rig.sends_are("sent", sent).await;
        rig.until(|| async {
            let echoes = rig.events("kind=echo").await;
            let done = echoes.iter().filter(|echo| echo["status"] == "done" && echo["attempts"] == 0).count();
            if done == sent && echoes.len() == sent { Ok(()) } else { Err(format!("{echoes:#?}")) }
        })
        .await;
        rig.says("Ada", "shop_ig", "thanks").await;
        chat_ends_at(&rig, "shop_ig", &["person: thanks", "business: ok"]).await;
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_1_who_switches_it_off_or_answers_by_hand_discloses_nothing_and_the_words_are_the_operators() {
    let settings = [
        ("accounts.shop.bot", "manual"),
        ("accounts.shop.disclosure.enabled", "true"),
        ("accounts.shop_ig.disclosure.enabled", "true"),
        ("accounts.shop_ig.disclosure.text", "Ich bin ein Bot."),
    ];
    let rig = bot(settings.map(|(key, value)| (key, value.to_owned())).to_vec()).await;
    says(&rig, "hello").await;
    rig.chat_reads("shop", "Ada", &["person: hello", "business: ok"]).await;
    rig.says("Ada", "shop_ig", "hello").await;
    rig.chat_reads("shop_ig", "Ada", &["person: hello", "business: Ich bin ein Bot.", "business: ok"]).await;
    rig.end().await;
}
