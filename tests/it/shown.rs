//! What an operator is shown of a send or an event: Meta's words, refused posts, tokens behind a mask.

use std::time::Duration;

use rejoinder::Handlers;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::bots::Obedient;
use crate::harness::posts::{SENDS, post, quiet, text};
use crate::harness::{ADA, BEN, Rig, RigOptions, SHOP, delivery, message, send_json};

const TOKEN: &str = "6012345678901a1b2";

async fn one(rig: &Rig, what: &str, id: &Value) -> Value {
    rig.json(&rig.admin(&format!("/api/{what}/{}", id.as_str().expect("an id")))).await
}

/// As botpress#559 and others were asked for: what did Meta say?
#[tokio::test(flavor = "multi_thread")]
async fn metas_words_stand_with_a_failed_send_and_nowhere_else() {
    let rig = Rig::start().await;
    rig.fault(json!({"send": "token_expired", "times": 1})).await;
    rig.says("Ada", "shop", "hello").await;
    let failed = rig.sends_are("failed", 1).await.remove(0);
    let error = &failed["error"];
    assert_eq!(
        (&error["code"], &error["error_subcode"], &error["type"]),
        (&json!(190), &json!(463), &json!("OAuthException"))
    );
    assert!(error["message"].as_str().is_some_and(|words| words.contains("access token")), "{error}");
    assert!(error["fbtrace_id"].as_str().is_some_and(|trace| trace.len() == 11), "{error}");
    assert_eq!((&error["error_user_title"], &error["error_user_msg"]), (&json!(null), &json!(null)));
    assert_eq!(failed["reason"], "error 190/463", "the short reason stays as it is");
    let shown = one(&rig, "sends", &failed["id"]).await;
    assert_eq!(&shown["error"], error);
    let words = error["message"].as_str().expect("words");
    let outcome = &rig.events("kind=outcome").await[0];
    assert!(!one(&rig, "events", &outcome["id"]).await.to_string().contains(words));
    let metrics = rig.metrics().await;
    assert!(!metrics.contains(words));

    rig.says("Ada", "shop", "again").await;
    let sent = rig.sends_are("sent", 1).await.remove(0);
    assert_eq!(sent["error"], json!(null));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_post_is_listed_like_other_sends() {
    let rig = quiet().await;
    let mut body = text(ADA, "too early");
    body["agent"] = json!("Grace");
    let (status, refused) = post(&rig, SENDS, body, Some("k1")).await;
    assert_eq!((status, &refused["refused"]["rule"]), (422, &json!("P0.1")));
    let listed = rig.sends(&format!("status=refused&person={ADA}&account=shop")).await;
    assert_eq!(listed.len(), 1, "{listed:#?}");
    let send = one(&rig, "sends", &refused["id"]).await;
    assert_eq!(send["id"], listed[0]["id"]);
    for (key, expected) in [
        ("status", json!("refused")),
        ("rule", refused["refused"]["rule"].clone()),
        ("reason", refused["refused"]["reason"].clone()),
        ("agent", json!("Grace")),
        ("person", json!(ADA)),
        ("attempts", json!(0)),
        ("event_id", json!(null)),
        ("error", json!(null)),
    ] {
        assert_eq!(send[key], expected, "{key} of {send}");
    }
    assert_eq!(send["request"]["message"]["text"], "too early");
    assert!(rig.events("").await.is_empty(), "the poster was answered, and no handler is told");

    // It holds nothing up, and its key is free.
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    assert_eq!(post(&rig, SENDS, text(ADA, "in time"), Some("k1")).await.0, 202);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: in time"]).await;

    // A dry run leaves no trace, what never became a request neither, and of a long text each part is kept.
    let count = rig.sends("").await.len();
    let dry = post(&rig, &format!("{SENDS}?dry_run=true"), text(BEN, "x"), Some("k2")).await;
    assert_eq!((dry.0, dry.1.get("id")), (422, None));
    let fax = json!({"recipient": {"fax": "1"}, "message": {"text": "x"}});
    assert_eq!(post(&rig, SENDS, fax, Some("k3")).await.0, 422);
    assert_eq!(rig.sends("").await.len(), count);
    assert_eq!(post(&rig, SENDS, text(BEN, &"A sentence. ".repeat(200)), Some("k4")).await.0, 422);
    assert_eq!(rig.sends(&format!("status=refused&person={BEN}")).await.len(), 2);
    // The place of a value that Meta does not know is told both times.
    let (_, shout) = post(&rig, SENDS, json!({"recipient": {"id": ADA}, "message": {"text": 7}}), Some("k5")).await;
    assert_eq!(one(&rig, "sends", &shout["id"]).await["reason"], shout["refused"]["reason"]);
    assert!(shout["refused"]["reason"].as_str().is_some_and(|reason| reason.contains("message.text")), "{shout}");
    // A comment that is not known has no author.
    let comment = json!({"recipient": {"comment_id": "9_77"}, "message": {"text": "x"}});
    let (_, refused) = post(&rig, SENDS, comment, Some("k6")).await;
    assert_eq!(one(&rig, "sends", &refused["id"]).await["person"], json!(null));
    rig.sends_are("sent", 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_masked_wherever_they_are_shown_and_the_rest_is_byte_for_byte() {
    let settings = vec![("accounts.shop.features", "one_time_notification".to_owned())];
    let rig = Rig::with(RigOptions { handler: "none", settings, ..RigOptions::default() }).await;
    let item = |mid: &str, optin: &str| {
        format!(
            r#"{{"sender":{{"id":"{ADA}"}},"recipient":{{"id":"{SHOP}"}}, "timestamp":{}, "{mid}":1.50,"{mid}":2,"optin":{optin}}}"#,
            rig.now().0
        )
    };
    let one_time =
        item("x", &format!(r#"{{"type":"one_time_notif_req","one_time_notif_token" : "{TOKEN}","payload":"P"}}"#));
    let marketing = item(
        "y",
        &format!(
            r#"{{"type":"notification_messages","notification_messages_token":"{TOKEN}","z":{{"access_token":"{TOKEN}"}}}}"#
        ),
    );
    for raw in [&one_time, &marketing] {
        let body = format!(r#"{{"object":"page","entry":[{{"id":"{SHOP}","time":1,"messaging":[{raw}]}}]}}"#);
        let signed = rejoinder::signature::sign(&crate::harness::world().app.secret, body.as_bytes());
        let answer = rig.post_webhook(&[(rejoinder::signature::HEADER, &signed)], body.into_bytes()).await;
        assert_eq!(answer, StatusCode::OK);
    }
    rig.events_are("done", 2).await;
    for (event, raw) in rig.events("kind=optin").await.iter().zip([&marketing, &one_time]) {
        let url = rig.admin(&format!("/api/events/{}", event["id"].as_str().expect("an id")));
        let shown = rig.http.get(url).send().await.expect("an answer").text().await.expect("text");
        assert!(shown.contains(&raw.replace(TOKEN, "…a1b2")), "{shown}");
    }

    // What is kept is the token itself: a send goes by it.
    let to =
        json!({"recipient": {"one_time_notif_token": TOKEN}, "message": {"text": "it is back", "access_token": TOKEN}});
    rig.expect_refusals();
    let (status, posted) = post(&rig, SENDS, to, Some("k1")).await;
    assert_eq!(status, 202, "{posted}");
    let unknown = json!({"recipient": {"one_time_notif_token": format!("9{TOKEN}")}, "message": {"text": "x"}});
    let (_, refused) = post(&rig, SENDS, unknown, Some("k2")).await;
    assert_eq!(refused["refused"]["rule"], "P5.1");
    // The emulator did not give this token out, and says so.
    rig.sends_are("failed", 1).await;
    for send in rig.sends("").await {
        assert_eq!(send["recipient"]["one_time_notif_token"], "…a1b2", "{send}");
        let shown = one(&rig, "sends", &send["id"]).await;
        assert_eq!(shown["request"]["recipient"]["one_time_notif_token"], "…a1b2", "{shown}");
        assert!(!shown.to_string().contains(TOKEN), "{shown}");
    }
    rig.end().await;
}

/// Rows of accounts that the settings do not name are shown with `account: null`, and found by their person.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_an_account_that_is_not_configured_is_found_by_its_person() {
    let mut rig = quiet().await;
    let mut body = delivery(&[message("7299", "m_1", "hello", rig.now())]);
    body["entry"][0]["id"] = json!("104000000000077");
    assert_eq!(rig.deliver(&body).await, StatusCode::OK);
    let all = rig.events("").await;
    assert_eq!((all.len(), &all[0]["account"], &all[0]["person"]), (1, &json!(null), &json!("7299")));
    assert_eq!(rig.events("person=7299").await, all);
    assert_eq!(rig.events("person=7299&kind=message&status=done").await, all);
    rig.stop_app().await;
    rig.start_app().await;
    assert_eq!(rig.events("person=7299").await, all, "also after a restart");
    assert!(rig.events("person=7299&account=shop").await.is_empty());
    // Names are found however they are written.
    assert!(rig.events("person=7299&account=SHOP").await.is_empty());
    rig.end().await;
}

/// A bot that fails and a conversation that waits for it, on a server that asks for a token.
#[tokio::test(flavor = "multi_thread")]
async fn the_playground_asks_the_server_with_its_token_and_for_no_other_page() {
    let settings = vec![("admin.token", "open sesame".to_owned())];
    let handlers = Handlers::new().with("bot", Obedient::default());
    let wish = RigOptions { handler: "bot", handlers, settings, shows_server: true, ..RigOptions::default() };
    let rig = Rig::with(wish).await;
    let server = format!("{}/emulator/server", rig.meta);
    for text in ["fail once", "after"] {
        rig.says("Ada", "shop", text).await;
    }
    let [after, first] = rig
        .until(|| async {
            let shown = rig.json(&server).await;
            let events = shown["events"].as_array().cloned().unwrap_or_default();
            let messages: Vec<Value> = events.into_iter().filter(|event| event["kind"] == "message").collect();
            match <[Value; 2]>::try_from(messages) {
                Ok(messages) if messages[1]["error"] == "told to" => Ok(messages),
                messages => Err(format!("{messages:#?}")),
            }
        })
        .await;
    assert_eq!((&after["waits_for"], &after["handled_ms"]), (&first["id"], &Value::Null));
    assert_eq!((&first["waits_for"], first["handled_ms"].is_u64()), (&Value::Null, true));

    let elsewhere = rig.http.get(&server).header("origin", "http://evil.example").send().await;
    assert_eq!(elsewhere.expect("an answer").status(), StatusCode::FORBIDDEN);
    let replay = format!("{server}/events/{}/replay", first["id"].as_str().expect("an id"));
    let again = async || {
        let answer = send_json(rig.http.post(&replay), &json!({})).send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_slice::<Value>(&answer.bytes().await.expect("a body")).expect("JSON"))
    };
    let (status, answer) = again().await;
    assert_eq!(status, StatusCode::CONFLICT, "the server's own refusal, while the event is on its way: {answer}");
    assert!(answer["error"]["message"].as_str().is_some_and(|words| words.contains("on its way")), "{answer}");
    rig.clock.advance(Duration::from_secs(1));
    rig.chat_reads("shop", "Ada", &["person: fail once", "person: after", "business: ok", "business: ok"]).await;
    rig.comes_to_rest().await;
    assert_eq!(again().await, (StatusCode::OK, json!({"id": first["id"]})));
    let read = ["person: fail once", "person: after", "business: ok", "business: ok", "business: ok"];
    rig.chat_reads("shop", "Ada", &read).await;
    rig.stop_and_end().await;
}
