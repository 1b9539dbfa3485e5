//! The form of a call: who may call, for whom it is, under which type.

use serde_json::{Value, json};

use super::{Step, hold, row, text};
use crate::emulator::routing::{INSTAGRAM_INBOX, PAGE_INBOX};

fn hello(more: Value) -> Value {
    super::with(text("Hello"), more)
}

#[tokio::test]
async fn who_calls_and_for_whom() {
    hold(vec![
        row("§10.1 a token", 190, hello(json!({"access_token": "EAAwrong"}))).but(text("Hello")),
        row("§10.1 no token", 104, hello(json!({"access_token": ""}))),
        row("§1.1 recipient", 100, hello(json!({"recipient": null}))).but(text("Hello")),
        row("§1.1 exactly one form", 100, hello(json!({"recipient": {"id": "7200000000000011", "user_ref": "u"}}))),
        row("§2 a PSID", 100, hello(json!({"recipient": {"id": "10157000000000001"}}))).with(2_018_001),
        row("P0.3 an app-scoped id", 100, hello(json!({"recipient": {"id": "1015"}}))).with(2_018_001),
        row("P0.2 another account's id", 10, hello(json!({"recipient": {"id": "9100000000000021"}}))).with(2_534_022),
        row("§2 user_ref", 100, hello(json!({"recipient": {"user_ref": "u-2"}})))
            .with(2_018_001)
            .given(vec![Step::Act(json!({"do": "optin", "user_ref": "u-1"}))])
            .but(hello(json!({"recipient": {"user_ref": "u-1"}}))),
        row("§2 phone_number", 200, hello(json!({"recipient": {"phone_number": "+1(212)555-2368"}}))).with(2_018_027),
    ])
    .await;
}

#[tokio::test]
async fn the_parameters_of_a_call() {
    let mid = |mid: &str| hello(json!({"reply_to": {"mid": mid}}));
    let react =
        |reaction: &str| json!({"sender_action": "react", "payload": {"message_id": "m_none", "reaction": reaction}});
    hold(vec![
        row("§1.1 messaging_type", 100, hello(json!({"messaging_type": "CHAT"})))
            .but(hello(json!({"messaging_type": "UPDATE"}))),
        row("§1.1 notification_type", 100, hello(json!({"notification_type": "LOUD"})))
            .but(hello(json!({"notification_type": "SILENT_PUSH"}))),
        row("§1.1 sender_action", 100, json!({"sender_action": "dance"})).but(json!({"sender_action": "typing_on"})),
        row("§1.1 message and action", 100, hello(json!({"sender_action": "typing_on"}))).with(2_018_014),
        row("§1.1 tag without its type", 100, hello(json!({"tag": "HUMAN_AGENT"})))
            .but(hello(json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}))),
        row("§1.1 reply_to", 100, hello(json!({"reply_to": {}}))),
        row("§1.1 reply_to in this thread", 100, mid("m_none")),
        row("§1.1 persona_id", 100, hello(json!({"persona_id": {}}))),
        row("§1.1 a persona that exists", 100, hello(json!({"persona_id": "3100000000000001"}))),
        row("§11 no persona on Instagram", 100, hello(json!({"persona_id": "3100000000000001"})))
            .on_instagram()
            .but(hello(json!({"notification_type": "NO_PUSH"}))),
        row("§1.1 thread_control", 100, hello(json!({"thread_control": {"control_type": "take"}})))
            .but(hello(json!({"thread_control": {"control_type": "release"}}))),
        row("§8 react", 100, json!({"sender_action": "react"})),
        row("§8 react to what is there", 100, react("love")),
        row("§3.1 an emoji", 100, react("bravo")).on_instagram(),
        row(
            "§8 actions are for a person",
            100,
            json!({"recipient": {"comment_id": "9_7"}, "sender_action": "typing_on"}),
        )
        .given(vec![Step::Comment("9_7")])
        .but(hello(json!({"recipient": {"comment_id": "9_7"}}))),
    ])
    .await;
}

#[tokio::test]
async fn throttles_and_faults() {
    let film = || super::attachment("video", json!({"url": "https://shop.example/v.mp4"}));
    let sound = || super::attachment("audio", json!({"url": "https://shop.example/a.mp3"}));
    let fault = |rule, code, fault| row(rule, code, text("Hello")).until(vec![Step::Fault(fault)]);
    hold(vec![
        row("limits §5.1 ten films a second", 613, film()).then(vec![Step::Send(film(), 10)]),
        row("limits §5.1 ten sounds a second", 613, sound())
            .with(2_534_040)
            .on_instagram()
            .given(vec![Step::Act(json!({"do": "message", "text": "hi"})), Step::Send(sound(), 10), super::seconds(1)])
            .then(vec![Step::Send(text("Hello"), 1), Step::Send(sound(), 10)]),
        fault("§10.5 a scripted throttle", 613, "rate_limit"),
        fault("limits §3 temporary", 2, "temporary"),
        fault("limits §4 an expired token", 190, "token_expired").with(463),
        fault("limits §2 blocked for a while", 368, "blocked"),
    ])
    .await;
}

#[tokio::test]
async fn the_thread_may_go_to_another_app_with_a_message() {
    let pass = |app_id: Value| hello(json!({"thread_control": {"control_type": "pass", "app_id": app_id}}));
    hold(vec![
        row("§1.1 thread_control hands over", 10, text("again")).with(2_018_300).but(pass(json!(PAGE_INBOX))),
        row("§1.1 thread_control on Instagram", 100, text("again"))
            .with(2_534_037)
            .on_instagram()
            .but(pass(json!(INSTAGRAM_INBOX))),
        row("§1.1 to an unknown app", 100, pass(json!(super::ANOTHER_APP))).with(2_018_164),
        row("§1.1 to the other inbox", 100, pass(json!(INSTAGRAM_INBOX))).with(2_018_164),
        row("§1.1 to the app itself", 100, pass(json!("555000000000001"))),
        row("§1.1 to no app where none is the default", 100, pass(Value::Null)),
    ])
    .await;
}
