//! On what a message may be sent: the window, a tag, a comment or post, a token; and who forbids it.

use serde_json::{Value, json};

use crate::emulator::Feature;
use crate::emulator::rights::TokenKind::{Marketing, OneTime};

use super::{Row, Step, days, hold, hours, row, seconds, template, text};

const OUTSIDE: u32 = 2_018_278;
const OUTSIDE_INSTAGRAM: u32 = 2_534_022;

fn tagged(tag: &str) -> Value {
    super::with(text("Hello"), json!({"messaging_type": "MESSAGE_TAG", "tag": tag}))
}

fn to(recipient: Value) -> Value {
    json!({"recipient": recipient, "message": {"text": "Hello"}})
}

fn feedback() -> Value {
    let payload = json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
        "button_title": "Rate", "feedback_screens": [{"questions": [{"id": "q1", "type": "csat"}]}],
        "business_privacy": {"url": "https://shop.example/privacy"}});
    super::with(template(payload), json!({"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"}))
}

fn utility(message: Value) -> Value {
    json!({"messaging_type": "UTILITY", "message": message})
}

fn order_update() -> Value {
    json!({"template": {"name": "order_update", "language": {"code": "en"}}})
}

fn wrote() -> Step {
    Step::Act(json!({"do": "message", "text": "hi"}))
}

#[tokio::test]
async fn the_window() {
    let update = || super::with(text("News"), json!({"messaging_type": "UPDATE"}));
    let typing = || json!({"sender_action": "typing_on"});
    let over = |refused: Value| {
        row("P1.1 a day", 10, refused).with(OUTSIDE).given(vec![wrote(), hours(24)]).until(vec![seconds(1)])
    };
    let renewed = |rule, act: Value| Row {
        rule,
        given: vec![wrote(), hours(23), Step::Act(act), hours(24)],
        ..over(text("Hello"))
    };
    let not_renewed = |rule, act: Value| Row {
        rule,
        given: vec![wrote(), Step::Send(text("Hello"), 1), hours(23), Step::Act(act), hours(1)],
        ..over(text("Hello"))
    };
    hold(vec![
        over(text("Hello")),
        Row { rule: "P1.15 UPDATE is for the window", ..over(update()) },
        Row { rule: "§8 actions are for the window", ..over(typing()) },
        Row { rule: "P1.1 on Instagram", ..over(text("Hello")) }.on_instagram().with(OUTSIDE_INSTAGRAM),
        row("P0.1 the person begins", 10, text("Hello")).with(OUTSIDE).given(vec![]).then(vec![]),
        row("P0.1 whatever the type", 10, utility(order_update())).with(OUTSIDE).given(vec![]),
        renewed("P1.3 a tap opens", json!({"do": "postback", "title": "Go", "payload": "GO"})),
        renewed("P1.5 a plugin opens", json!({"do": "optin", "ref": "r"})),
        renewed("P1.6 a link opens", json!({"do": "referral", "ref": "r"})),
        renewed("P1.7 a reaction opens", json!({"do": "react"})),
        not_renewed("P1.10 reading does not open", json!({"do": "read"})),
        not_renewed("P1.10 an edit does not open", json!({"do": "edit", "text": "x"})),
    ])
    .await;
}

#[tokio::test]
async fn who_forbids_it() {
    hold(vec![
        row("P1.13 a block", 551, text("Hello")).with(1_545_041).until(vec![Step::Act(json!({"do": "block"}))]),
        row("§10.7 a block on Instagram", 551, text("Hello"))
            .with(1_545_041)
            .on_instagram()
            .until(vec![Step::Act(json!({"do": "block"}))]),
        row("§10.6 another app's thread", 10, text("Hello")).with(2_018_300).until(vec![Step::AnotherApp]),
        row("§10.6 another app's thread on Instagram", 100, text("Hello"))
            .with(2_534_037)
            .on_instagram()
            .until(vec![Step::AnotherApp]),
    ])
    .await;
}

#[tokio::test]
async fn tags() {
    let week = |rule, refused: Value| {
        row(rule, 10, refused).with(OUTSIDE).given(vec![wrote(), days(7)]).until(vec![seconds(1)])
    };
    let retired = |tag| row("P2.5 retired", 100, tagged(tag)).but(tagged("HUMAN_AGENT"));
    hold(vec![
        retired("ACCOUNT_UPDATE"),
        retired("CONFIRMED_EVENT_UPDATE"),
        retired("POST_PURCHASE_UPDATE"),
        retired("SHIPPING_UPDATE"),
        row("P1.16 a tag is named", 100, super::with(text("x"), json!({"messaging_type": "MESSAGE_TAG"}))),
        week("P3.1 seven days", tagged("HUMAN_AGENT")),
        week("P3.1 on Instagram", tagged("HUMAN_AGENT")).on_instagram().with(OUTSIDE_INSTAGRAM),
        row("P3.3 human_agent", 10, tagged("HUMAN_AGENT")).granted(vec![]),
        week("P2.6 seven days", feedback()),
        row("P2.6 the feedback template only", 100, tagged("CUSTOMER_FEEDBACK")).but(feedback()),
        row("P2.4 on Instagram", 100, feedback()).on_instagram().but(tagged("HUMAN_AGENT")),
        row("P9.1 news", 10, tagged("NON_PROMOTIONAL_SUBSCRIPTION"))
            .with(2_018_065)
            .granted(vec![Feature::HumanAgent])
            .but(tagged("HUMAN_AGENT")),
        row("P9.1 to who once wrote", 10, tagged("NON_PROMOTIONAL_SUBSCRIPTION")).with(OUTSIDE).given(vec![]),
        row("P9.6 on Instagram", 100, tagged("NON_PROMOTIONAL_SUBSCRIPTION")).on_instagram(),
        row("§3 stickers in the window", 10, {
            let sticker = json!({"message": {"sticker_id": "369"}});
            super::with(sticker, json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}))
        })
        .with(OUTSIDE)
        .given(vec![wrote(), hours(24)])
        .until(vec![seconds(1)]),
    ])
    .await;
}

#[tokio::test]
async fn utility_messages() {
    let approved = || Step::Template("order_update", "en");
    let later = || vec![wrote(), approved(), days(300)];
    let named =
        |name: &str, language: &str| utility(json!({"template": {"name": name, "language": {"code": language}}}));
    hold(vec![
        row("§4.8 a template", 100, utility(json!({"text": "x"}))).given(later()).but(utility(order_update())),
        row("§4.8 UTILITY only", 100, json!({"message": order_update()}))
            .given(vec![wrote(), approved()])
            .but(utility(order_update())),
        row("§4.8 an approved name", 100, named("order_lost", "en")).given(later()).but(named("order_update", "en")),
        row("§4.8 an approved language", 100, named("order_update", "de")).given(later()),
        row("§4.8 a language", 100, utility(json!({"template": {"name": "order_update"}}))),
        row("P8.3 utility", 10, utility(order_update())).granted(vec![Feature::News]).but(text("Hello")),
        row("§11 not on Instagram", 100, utility(order_update())).on_instagram().but(text("Hello")),
    ])
    .await;
}

#[tokio::test]
async fn private_replies() {
    let comment = || to(json!({"comment_id": "9_7"}));
    let post = || to(json!({"post_id": "104000000000001_9"}));
    let commented = || vec![Step::Comment("9_7")];
    let posted = || vec![Step::Post("104000000000001_9")];
    let agent = || super::with(comment(), json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}));
    let once = |rule, call: Value, given| row(rule, 10, call).given(given).until(vec![]);
    hold(vec![
        once("P4.1 once", comment(), commented()),
        once("P4.1 once for a post", post(), posted()),
        once("P4.1 once on Instagram", comment(), commented()).on_instagram(),
        row("P4.2 seven days", 10, comment()).with(OUTSIDE).given(vec![Step::Comment("9_7"), days(7), seconds(1)]),
        row("P4.2 the seventh day", 10, comment()).given(vec![Step::Comment("9_7"), days(7)]).until(vec![]),
        row("P4.2 on Instagram", 100, comment()).with(2_534_025).on_instagram().given(vec![
            Step::Comment("9_7"),
            days(7),
            seconds(1),
        ]),
        row("P4.4 not by the person's id", 10, text("Hello")).with(OUTSIDE).given(commented()).but(comment()),
        row("P4.5 while it is live", 100, to(json!({"comment_id": "9_8"})))
            .with(2_534_025)
            .on_instagram()
            .given(vec![Step::LiveComment("9_7"), Step::LiveComment("9_8")])
            .but(comment())
            .then(vec![Step::EndBroadcast]),
        row("P4.6 no window", 10, text("Hello")).with(OUTSIDE).given(commented()).but(comment()),
        row("§2 an unknown comment", 100, to(json!({"comment_id": "9_8"}))).given(commented()).but(comment()),
        row("§2 an unknown post", 100, to(json!({"post_id": "9_7"}))).given(commented()),
        row("P3.3 not for an agent", 100, agent()).given(commented()).but(comment()),
        row("§11 no posts on Instagram", 100, post()).on_instagram().given(posted()),
        row("P1.13 who has blocked", 551, comment())
            .with(1_545_041)
            .given(vec![Step::Comment("9_7"), Step::Act(json!({"do": "block"}))]),
    ])
    .await;
}

#[tokio::test]
async fn tokens() {
    let one_time = || to(json!({"one_time_notif_token": "t-1"}));
    let marketing = || to(json!({"notification_messages_token": "t-2"}));
    let asked = || vec![Step::Optin(OneTime, "t-1"), Step::Optin(Marketing, "t-2")];
    let request = |kind: &str| template(json!({"template_type": kind, "title": "Tell me", "payload": "P"}));
    hold(vec![
        row("P5.2 once", 100, one_time()).given(asked()).until(vec![]),
        row("P5.3 a year", 100, one_time()).given(vec![Step::Optin(OneTime, "t-1"), days(365), seconds(1)]),
        row("P5.3 the last day", 100, one_time()).given(vec![Step::Optin(OneTime, "t-1"), days(365)]).until(vec![]),
        row("P5.1 no token, no send", 100, to(json!({"one_time_notif_token": "t-9"}))).given(asked()).but(one_time()),
        row("P5.1 of its own kind", 100, to(json!({"one_time_notif_token": "t-2"}))).given(asked()).but(marketing()),
        row("P5.5 not on Instagram", 100, one_time()).on_instagram().given(asked()),
        row("P5.6 one_time_notification", 10, one_time())
            .given(asked())
            .granted(vec![Feature::Marketing])
            .but(marketing()),
        row("P5.6 to ask needs it too", 10, request("one_time_notif_req"))
            .granted(vec![Feature::Marketing])
            .but(request("notification_messages")),
        row("P11.2 twelve hours", 4, marketing()).with(2_018_354).given(asked()).until(vec![hours(11)]),
        row("P11.2 after twelve hours", 4, marketing())
            .with(2_018_354)
            .given([asked(), vec![Step::Send(marketing(), 1), hours(12)]].into_iter().flatten().collect())
            .until(vec![]),
        row("P11.2 stopped", 10, marketing()).with(1_893_015).given(asked()).until(vec![hours(13), Step::Stop("t-2")]),
        row("P11.1 marketing", 10, marketing())
            .given(asked())
            .granted(vec![Feature::OneTimeNotification])
            .but(one_time()),
        row("P11.1 to ask needs it too", 10, request("notification_messages"))
            .granted(vec![Feature::OneTimeNotification])
            .but(request("one_time_notif_req")),
        row("P5.2 a token opens no window", 10, text("Hello")).with(OUTSIDE).given(asked()).but(one_time()),
    ])
    .await;
}

#[tokio::test]
async fn the_answer_to_a_right_names_the_person() {
    let bench = super::Bench::unsubscribed(crate::emulator::World::default()).await;
    super::take(&bench, super::SHOP_IG, "", Step::Comment("17_9")).await;
    super::take(&bench, super::SHOP, "", Step::Optin(OneTime, "t-1")).await;
    let (_, answer) = bench.send(to(json!({"comment_id": "17_9"}))).await;
    assert_eq!(answer["recipient_id"], "9100000000000021");
    let (_, answer) = bench.send(to(json!({"one_time_notif_token": "t-1"}))).await;
    assert_eq!(answer["recipient_id"], "7200000000000011");
    bench.end().await;
}
