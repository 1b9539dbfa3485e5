//! Opt-ins that answer a request, linked accounts, feedback.

use serde_json::{Value, json};

use super::{Bench, START};
use crate::emulator::World;
use crate::emulator::rights::TokenKind;

const YEAR: i64 = 365 * 24 * 3_600_000;

/// The account sends Ada a template, as she has written before.
async fn ask(bench: &Bench, template: Value) {
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let (status, answer) =
        bench.send(json!({"message": {"attachment": {"type": "template", "payload": template}}})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_one_time_request_is_answered_with_a_token() {
    let bench = Bench::new().await;
    let optin = json!({"do": "optin", "type": "one_time"});
    assert!(bench.refused(optin.clone()).await.contains("one_time_notif_req"));
    ask(&bench, json!({"template_type": "one_time_notif_req", "title": "Tell me", "payload": "RESTOCK_77"})).await;
    let told = bench.act(optin).await["optin"].clone();
    let token = told["one_time_notif_token"].clone();
    assert_eq!(told, json!({"type": "one_time_notif_req", "payload": "RESTOCK_77", "one_time_notif_token": token}));
    let kept = bench.emulator.shared.state().rights.tokens[token.as_str().expect("a token")].clone();
    assert_eq!((kept.kind, kept.at.0, kept.is_stopped), (TokenKind::OneTime, START, false));
    let on_instagram = json!({"account": "shop_ig", "do": "optin", "type": "one_time"});
    assert!(bench.refused(on_instagram).await.contains("Messenger"));
    bench.end().await;
}

#[tokio::test]
async fn marketing_messages_are_agreed_to_stopped_and_resumed() {
    let bench = Bench::new().await;
    let optin = |action: Option<&str>| {
        let mut act = json!({"do": "optin", "type": "marketing"});
        action.into_iter().for_each(|action| act["action"] = json!(action));
        act
    };
    assert!(bench.refused(optin(None)).await.contains("notification_messages"));
    assert!(bench.refused(optin(Some("stop"))).await.contains("agree first"));
    ask(&bench, json!({"template_type": "notification_messages", "payload": "NEWS", "notification_messages_timezone": "Europe/Berlin"})).await;
    let told = bench.act(optin(None)).await["optin"].clone();
    let token = told["notification_messages_token"].clone();
    let expected = |status: &str| {
        json!({"type": "notification_messages", "payload": "NEWS", "title": "Updates and promotions",
            "notification_messages_token": token, "token_expiry_timestamp": START + YEAR, "user_token_status": status,
            "notification_messages_timezone": "Europe/Berlin"})
    };
    assert_eq!(told, expected("NOT_REFRESHED"));
    assert_eq!(bench.act(optin(None)).await["optin"], expected("REFRESHED"));
    let is_stopped =
        || bench.emulator.shared.state().rights.tokens.values().map(|token| token.is_stopped).collect::<Vec<_>>();
    for (action, status, stopped) in [("stop", "STOP NOTIFICATIONS", true), ("resume", "RESUME NOTIFICATIONS", false)] {
        assert_eq!(
            bench.act(optin(Some(action))).await["optin"],
            json!({"type": "notification_messages", "notification_messages_token": token,
                "token_expiry_timestamp": START + YEAR, "user_token_status": "REFRESHED",
                "notification_messages_status": status})
        );
        assert_eq!(is_stopped(), [stopped]);
    }
    let secret = World::default().accounts[0].access_token.expose().to_owned();
    let list = bench.get(&format!("/me/notification_message_tokens?access_token={secret}")).await;
    assert_eq!(
        list["data"],
        json!([{"notification_messages_token": token, "recipient_id": "7200000000000011",
            "notification_messages_reoptin": "ENABLED", "creation_timestamp": START / 1000,
            "token_expiry_timestamp": (START + YEAR) / 1000, "user_token_status": "REFRESHED",
            "topic_title": "Updates and promotions", "notification_messages_timezone": "Europe/Berlin",
            "next_eligible_time": 0}])
    );
    let on_instagram = json!({"account": "shop_ig", "do": "optin", "type": "marketing"});
    assert!(bench.refused(on_instagram).await.contains("Messenger"));
    bench.end().await;
}

#[tokio::test]
async fn a_marketing_token_takes_messages_only_where_the_world_says_so() {
    for still in [false, true] {
        let mut world = World::default();
        world.app.marketing_tokens = still;
        let bench = Bench::unsubscribed(world).await;
        ask(&bench, json!({"template_type": "notification_messages", "payload": "NEWS"})).await;
        let token = bench.act(json!({"do": "optin", "type": "marketing"})).await;
        let token = &token["optin"]["notification_messages_token"];
        let call = json!({"recipient": {"notification_messages_token": token}, "message": {"text": "News"}});
        let (status, answer) = bench.send(call).await;
        assert_eq!(status == 200, still, "{answer}");
        assert!(
            still || answer["error"]["message"].as_str().is_some_and(|said| said.contains("no longer")),
            "{answer}"
        );
        bench.end().await;
    }
}

#[tokio::test]
async fn an_account_is_linked_and_unlinked() {
    let bench = Bench::new().await;
    let check = async |act: Value, expected: Value| assert_eq!(bench.act(act).await["account_linking"], expected);
    check(json!({"do": "account_link"}), json!({"status": "linked", "authorization_code": "emulated"})).await;
    let given = json!({"do": "account_link", "authorization_code": "abc"});
    check(given, json!({"status": "linked", "authorization_code": "abc"})).await;
    check(json!({"do": "account_link", "status": "unlinked"}), json!({"status": "unlinked"})).await;
    assert!(bench.refused(json!({"account": "shop_ig", "do": "account_link"})).await.contains("Messenger"));
    bench.end().await;
}

#[tokio::test]
async fn feedback_answers_a_template_or_judges_a_message() {
    let bench = Bench::new().await;
    assert!(bench.refused(json!({"do": "feedback", "score": "4"})).await.contains("customer_feedback"));
    assert!(bench.refused(json!({"do": "feedback", "response": "good"})).await.contains("write first"));
    let template = json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
        "button_title": "Rate", "business_privacy": {"url": "https://shop.example/privacy"},
        "feedback_screens": [{"questions": [{"id": "q1", "type": "csat", "title": "How was it?", "score_label": "neg_pos",
            "score_option": "five_stars", "follow_up": {"type": "free_form", "placeholder": "Tell us more"}}]}]});
    ask(&bench, template).await;
    let form = bench.act(json!({"do": "feedback", "score": "4", "text": "nice"})).await;
    assert_eq!(
        form["messaging_feedback"],
        json!({"feedback_screens": [{"screen_id": 0, "questions": {"q1": {"type": "csat", "payload": "4",
            "follow_up": {"type": "free_form", "payload": "nice"}}}}]})
    );
    let short = bench.act(json!({"do": "feedback", "score": "5"})).await;
    let questions = short["messaging_feedback"]["feedback_screens"][0]["questions"].clone();
    assert_eq!(questions, json!({"q1": {"type": "csat", "payload": "5"}}));
    assert!(bench.refused(json!({"do": "feedback", "score": "6"})).await.contains("from 1 to 5"));
    let mid = bench.chat().await["messages"][1]["mid"].clone();
    let thumb = bench.act(json!({"do": "feedback", "response": "bad"})).await;
    assert_eq!(thumb["response_feedback"], json!({"feedback": "Bad response", "mid": mid}));
    bench.end().await;
}
