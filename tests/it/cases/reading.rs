//! What comes in, and how it is read: deliveries, the answers of relays, posts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use rejoinder::settings::{Settings, Sources};
use rejoinder::{Context, Event, Handler, Handlers, Observation};
use serde_json::{Value, json};

use crate::harness::script::Script;
use crate::harness::scripted::{Answer, Scripted};
use crate::harness::{ADA, Rig, RigOptions, SHOP, SHOP_ON_INSTAGRAM, logs, message, send_json};

/// A case's file: its accounts are the harness's, its times those of the test's clock.
fn case(name: &str, rig: &Rig) -> Value {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a case");
    let text = text.replace("17841400000000077", SHOP_ON_INSTAGRAM).replace("104000000000077", SHOP);
    let mut case = serde_json::from_str(&text).expect("JSON");
    move_times(&mut case, rig.now().0);
    case
}

/// Every item a millisecond after the one before, none in the future.
fn move_times(value: &mut Value, now: i64) {
    let mut next = now - 1000;
    fn walk(value: &mut Value, next: &mut i64) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match name.as_str() {
                        "timestamp" | "time" => {
                            *next += 1;
                            *member = json!(*next);
                        }
                        "created_time" => *member = json!(*next / 1000),
                        _ => walk(member, next),
                    }
                }
            }
            Value::Array(entries) => entries.iter_mut().for_each(|entry| walk(entry, next)),
            _ => {}
        }
    }
    walk(value, &mut next);
}

/// The items of a case with one entry.
fn items(case: &Value) -> Vec<Value> {
    case["entry"][0]["messaging"].as_array().expect("items").clone()
}

fn of_instagram(items: &[Value]) -> Value {
    json!({"object": "instagram", "entry": [{"id": SHOP_ON_INSTAGRAM, "time": 1, "messaging": items}]})
}

/// Answers every act, and notes what it was given. Behind it a Graph API that takes every send: the emulated Meta knows nothing of
/// the people in the cases.
#[derive(Clone)]
struct Noted(Arc<Mutex<Vec<Value>>>, Arc<Scripted>);

impl Noted {
    fn note(&self, observation: &Observation, event: &Event, is_act: bool) {
        let name = if let Event::Other(other) = event { other.name() } else { None };
        self.0.lock().expect("notes").push(json!({
            "kind": event.kind(), "act": is_act, "name": name,
            "person": observation.person(),
            "raw": serde_json::from_str::<Value>(observation.raw().get()).expect("JSON"),
        }));
    }

    /// What came of this kind.
    fn of(&self, kind: &str) -> Vec<Value> {
        self.0.lock().expect("notes").iter().filter(|noted| noted["kind"] == kind).cloned().collect()
    }
}

impl Handler for Noted {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        self.note(ctx, event, true);
        ctx.reply("answered");
        Ok(())
    }

    async fn observe(&self, ctx: &mut Observation, event: &Event) -> anyhow::Result<()> {
        self.note(ctx, event, false);
        Ok(())
    }
}

/// A server whose accounts are automated, and which says nothing of its own accord but the fallback.
async fn noted() -> (Rig, Noted) {
    noted_where([]).await
}

/// The same, where Meta gives these answers to the first sends.
async fn noted_where(answers: impl IntoIterator<Item = Answer>) -> (Rig, Noted) {
    let noted = Noted(Arc::default(), Arc::new(Scripted::answering(answers).await));
    let handlers = Handlers::new().with("noted", noted.clone());
    let settings = ["shop", "shop_ig"].map(|name| (format!("accounts.{name}.bot"), "automated".to_owned()));
    let settings = settings.into_iter().map(|(key, value)| (&*key.leak(), value));
    let settings = settings.chain([("graph.url", noted.1.url.clone())]).collect();
    let rig =
        Rig::with(RigOptions { handler: "noted", handlers, settings, subscribe: false, ..RigOptions::default() }).await;
    (rig, noted)
}

/// Delivers, and waits until all of it is handled.
async fn delivers(rig: &Rig, body: &Value) {
    assert_eq!(rig.deliver(body).await, StatusCode::OK);
    rig.comes_to_rest().await;
}

#[track_caller]
fn is(noted: &[Value], expected: &[bool]) {
    assert_eq!(noted.iter().map(|noted| noted["act"] == true).collect::<Vec<_>>(), expected, "{noted:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_15494_a_message_and_its_edit_number_zero_are_answered_once() {
    let (rig, noted) = noted().await;
    delivers(&rig, &case("02-edit-zero-with-sender", &rig)).await;
    is(&noted.of("message"), &[true]);
    is(&noted.of("edit"), &[false]);
    // The other way round in one delivery, of another person.
    let text = case("02-edit-zero-with-sender", &rig).to_string();
    let other = text.replace("m_18758_2", "m_other").replace("93100000000000002", "93100000000000022");
    let mut items = items(&serde_json::from_str(&other).expect("JSON"));
    items.reverse();
    delivers(&rig, &of_instagram(&items)).await;
    is(&noted.of("message"), &[true, true]);
    is(&noted.of("edit"), &[false, false]);
    assert_eq!(rig.sends("person=93100000000000002").await.len(), 1);
    assert_eq!(rig.sends("person=93100000000000022").await.len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_15494_the_first_of_the_two_is_the_message_in_whatever_delivery_it_comes() {
    let (rig, noted) = noted().await;
    let pair = items(&case("02-edit-zero-with-sender", &rig));
    delivers(&rig, &of_instagram(&pair[..1])).await;
    delivers(&rig, &of_instagram(&pair[1..])).await;
    is(&noted.of("message"), &[true]);
    is(&noted.of("edit"), &[false]);

    let text =
        json!(pair).to_string().replace("m_18758_2", "m_alone").replace("93100000000000002", "93100000000000023");
    let alone: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    for _ in 0..2 {
        delivers(&rig, &of_instagram(&alone[1..])).await;
    }
    is(&noted.of("message"), &[true, true]);
    let given = &noted.of("message")[1]["raw"];
    assert_eq!((&given["message"]["text"], &given["message_edit"]), (&json!("hello there"), &json!(null)), "{given}");
    let event = rig.events("person=93100000000000023&kind=message").await[0]["id"].as_str().expect("an id").to_owned();
    let kept = rig.json(&rig.admin(&format!("/api/events/{event}"))).await;
    assert_eq!(kept["raw"], alone[1], "as Meta sent it");
    // What comes later is kept, and its person is not answered again.
    delivers(&rig, &of_instagram(&alone[..1])).await;
    is(&noted.of("message"), &[true, true]);
    assert_eq!(rig.sends("person=93100000000000023").await.len(), 1);
    assert_eq!(rig.events("person=93100000000000023&kind=message&status=done").await.len(), 2);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_15494_the_words_of_a_message_reach_the_bot_though_its_edit_came_first_and_without_them() {
    let (rig, noted) = noted().await;
    let mut both = items(&case("02-edit-zero-with-sender", &rig));
    both[1]["message_edit"].as_object_mut().expect("an edit").remove("text");
    delivers(&rig, &of_instagram(&both[1..])).await;
    is(&noted.of("message"), &[true]);
    delivers(&rig, &of_instagram(&both[..1])).await;
    is(&noted.of("message"), &[true, true]);
    assert_eq!(noted.of("message")[1]["raw"]["message"]["text"], "hello there");
    // Told once more, it is known.
    delivers(&rig, &of_instagram(&both)).await;
    is(&noted.of("message"), &[true, true]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_15494_an_edit_number_zero_without_a_sender_is_kept_and_told_once_for_each_account() {
    let noted = Noted(Arc::default(), Arc::new(Scripted::answering([]).await));
    let handlers = Handlers::new().with("noted", noted.clone());
    let own = "17841400000015494";
    let settings = vec![("accounts.shop_ig.id", own.to_owned())];
    let rig =
        Rig::with(RigOptions { handler: "noted", handlers, settings, subscribe: false, ..RigOptions::default() }).await;
    for mid in ["m_1", "m_2"] {
        let edit = json!({"timestamp": rig.now().0, "message_edit": {"mid": mid, "num_edit": 0}});
        delivers(&rig, &json!({"object": "instagram", "entry": [{"id": own, "time": 1, "messaging": [edit]}]})).await;
    }
    is(&noted.of("edit"), &[false, false]);
    assert_eq!(rig.sends("").await.len(), 0);
    assert_eq!(logs::warnings(&[own, "an edit that does not say whose it is"]).len(), 1);
    // Without a text and with a number it changes nothing that could be answered.
    let empty = json!({"sender": {"id": "9"}, "recipient": {"id": own}, "timestamp": rig.now().0,
        "message_edit": {"mid": "m_3", "text": "", "num_edit": 2}});
    delivers(&rig, &json!({"object": "instagram", "entry": [{"id": own, "time": 1, "messaging": [empty]}]})).await;
    is(&noted.of("edit"), &[false, false, false]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn courier_415_what_is_deleted_in_quotes_is_deleted() {
    let (rig, noted) = noted().await;
    let case = case("03-deleted-as-string", &rig);
    let text = case.to_string();
    delivers(&rig, &case).await;
    is(&noted.of("message"), &[true, false]);
    assert_eq!(rig.sends("person=93100000000000003").await.len(), 1);
    // Of a person who only took something back nothing is open.
    for (index, flag) in ["true", "\"true\"", "1", "\"1\""].into_iter().enumerate() {
        let other = text.replace("93100000000000003", &format!("931{index}")).replace("\"true\"", flag);
        let only = [items(&serde_json::from_str(&other).expect("JSON"))[1].clone()];
        delivers(&rig, &of_instagram(&only)).await;
        let conversation = rig.json(&rig.admin(&format!("/api/conversations/shop_ig/931{index}"))).await;
        let window = &conversation["window"];
        let facts = [&window["open"], &window["opened_at"], &window["human_agent_until"]];
        assert_eq!(facts, [&json!(false), &json!(null), &json!(null)], "{flag}");
        assert_eq!(rig.sends(&format!("person=931{index}")).await.len(), 0);
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vocero_crm_59_an_echo_is_of_its_recipient_whoever_its_sender() {
    let (rig, noted) = noted().await;
    for name in ["04-echo-as-string", "04b-echo-other-self-id"] {
        delivers(&rig, &case(name, &rig)).await;
    }
    is(&noted.of("echo"), &[false, false]);
    assert!(noted.of("echo").iter().all(|echo| echo["person"] == "93100000000000005"));
    assert_eq!(rig.sends("").await.len(), 0);
    for person in ["93100000000000005", "25000000000000001"] {
        let conversation = rig.json(&rig.admin(&format!("/api/conversations/shop_ig/{person}"))).await;
        assert_eq!(conversation["window"]["open"], false, "{person}");
    }
    rig.end().await;
}

/// Ada comments; Meta tells of it without its author.
async fn comment_without_from(rig: &Rig) -> String {
    rig.act(json!({"person": "Ada", "account": "shop", "do": "comment", "text": "Price?"})).await;
    let chat = rig.json(&format!("{}/emulator/chats/shop/Ada", rig.meta)).await;
    let comments = chat["comments"].as_array().expect("comments");
    let comment = comments.last().expect("a comment")["id"].as_str().expect("an id").to_owned();
    let case = case("22c-fb-comment-no-from", rig).to_string().replace("81_9001", &comment);
    delivers(rig, &serde_json::from_str(&case).expect("JSON")).await;
    comment
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_14791_a_comment_without_from_has_its_private_reply_by_handler() {
    let (rig, noted) = noted().await;
    let (first, second) = (comment_without_from(&rig).await, comment_without_from(&rig).await);
    is(&noted.of("comment"), &[true, true]);
    assert!(noted.of("comment").iter().all(|comment| comment["person"].is_null()));
    assert!(rig.events("kind=comment&status=done").await.iter().all(|event| event["person"].is_null()));
    let sends = rig.sends_are("sent", 2).await;
    for (send, comment) in sends.iter().zip([&second, &first]) {
        assert_eq!((&send["recipient"], &send["person"]), (&json!({"comment_id": comment}), &json!(null)), "{send}");
    }
    // A comment is a conversation of its own, found by its id.
    assert_eq!(rig.sends(&format!("person={first}")).await.len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_14791_a_comment_without_from_has_its_private_reply_by_api() {
    let rig = Rig::with(RigOptions { handler: "none", subscribe: false, ..RigOptions::default() }).await;
    let comment = comment_without_from(&rig).await;
    let url = rig.admin("/api/accounts/shop/sends");
    let body = json!({"recipient": {"comment_id": comment}, "message": {"text": "In private"}});
    let post = || async { send_json(rig.http.post(&url), &body).send().await.expect("an answer").status() };
    assert_eq!(post().await, StatusCode::ACCEPTED);
    let sent = rig.sends_are("sent", 1).await;
    assert_eq!((&sent[0]["recipient"], &sent[0]["person"]), (&json!({"comment_id": comment}), &json!(null)));
    assert_eq!(post().await, StatusCode::UNPROCESSABLE_ENTITY, "it has one");
    assert_eq!(rig.sends(&format!("person={comment}&status=sent")).await.len(), 1, "in the comment's own conversation");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_14791_of_a_private_reply_that_fails_the_outcome_has_no_person_either() {
    let refusal = Answer::Says(400, json!({"error": {"message": "scripted", "code": 100}}));
    let (rig, noted) = noted_where([refusal]).await;
    comment_without_from(&rig).await;
    rig.sends_are("failed", 1).await;
    rig.events_are("done", 2).await;
    let outcomes = noted.of("outcome");
    assert!(outcomes.len() == 1 && outcomes[0]["person"].is_null(), "{outcomes:#?}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn davidpiesse_3_an_empty_id_is_no_id() {
    let (rig, noted) = noted().await;
    delivers(&rig, &case("26-sender-odd", &rig)).await;
    is(&noted.of("message"), &[false; 5]);
    assert!(rig.events("").await.iter().all(|event| event["person"].is_null() && event["status"] == "done"));
    assert_eq!(rig.sends("").await.len(), 0);
    for id in ["", "0"] {
        let body = json!({"recipient": {"id": id}, "message": {"text": "x"}});
        let answer = send_json(rig.http.post(rig.admin("/api/accounts/shop/sends")), &body).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::UNPROCESSABLE_ENTITY, "{id}");
    }
    rig.end().await;
}

async fn with_relay(script: &Script) -> Rig {
    Rig::with(RigOptions {
        handler: "relay",
        settings: vec![("relay.url", script.serve().await)],
        ..RigOptions::default()
    })
    .await
}

/// What Ada reads when her message is answered so.
async fn answered(status: u16, body: &str, expected: &[&str]) {
    let script = Script::always(status, body);
    let rig = with_relay(&script).await;
    rig.says("Ada", "shop", "hello").await;
    rig.comes_to_rest().await;
    let chat = rig.chat("shop", "Ada").await;
    assert_eq!(chat[1..], expected.iter().map(|text| format!("business: {text}")).collect::<Vec<_>>(), "{body}");
    let event = &rig.events("kind=message").await[0];
    assert_eq!((&event["status"], &event["attempts"]), (&json!("done"), &json!(1)), "{event}");
    assert_eq!(script.asked().len(), 1);
    rig.end().await;
}

fn text_of(name: &str) -> String {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a case")
}

/// A case that tells a relay's answer by its status and body.
async fn answered_as(name: &str, expected: &[&str]) {
    let case: Value = serde_json::from_str(&text_of(name)).expect("JSON");
    let status = case["status"].as_u64().expect("a status").try_into().expect("a status");
    answered(status, case["body"].as_str().expect("a body"), expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nestjs_answers_with_201_and_go_writes_nil_as_null() {
    answered_as("45d-relay-201", &["201"]).await;
    answered_as("45i-relay-replies-null", &[]).await;
    answered(202, "", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fb_messenger_php_101_null_is_absent() {
    answered_as("45m-relay-null-keys", &["nulls"]).await;
    let rig = Rig::with(RigOptions { handler: "none", ..RigOptions::default() }).await;
    rig.says("Ada", "shop", "hello").await;
    let case: Value = serde_json::from_str(&text_of("45m-relay-null-keys")).expect("JSON");
    let answer: Value = serde_json::from_str(case["body"].as_str().expect("a body")).expect("JSON");
    let mut post = answer["replies"][0].clone();
    post["recipient"] = json!({"id": ADA.parse::<i64>().expect("a number"), "user_ref": null});
    post["agent"] = json!(null);
    rig.events_are("done", 1).await;
    let url = rig.admin("/api/accounts/shop/sends");
    assert_eq!(send_json(rig.http.post(url), &post).send().await.expect("an answer").status(), StatusCode::ACCEPTED);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: nulls"]).await;
    rig.nothing_is_left_of(ADA, 1).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn langbot_2485_an_unknown_key_is_told_once_with_the_nearest_known() {
    let case: Value = serde_json::from_str(&text_of("45f-relay-reply-singular")).expect("JSON");
    let script = Script::always(200, case["body"].as_str().expect("a body"));
    let url = script.serve().await;
    // An account's name of its own: the log is that of every test.
    let own = |key: &str| format!("accounts.langbot.{key}");
    let settings = [
        ("platform", "messenger"),
        ("id", "104000000002485"),
        ("access_token", "EAAx"),
        ("handler", "relay"),
        ("bot", "hybrid"),
        ("relay.url", url.as_str()),
    ];
    let settings = settings.map(|(key, value)| (&*own(key).leak(), value.to_owned())).to_vec();
    let rig = Rig::with(RigOptions { settings, subscribe: false, ..RigOptions::default() }).await;
    for mid in ["m_1", "m_2"] {
        let item = message(ADA, mid, "hello", rig.now());
        delivers(
            &rig,
            &json!({"object": "page", "entry": [{"id": "104000000002485", "time": 1, "messaging": [item]}]}),
        )
        .await;
    }
    assert_eq!(script.asked().len(), 2);
    assert_eq!(rig.events("kind=message&status=done").await.len(), 2, "the answer is accepted");
    let told = logs::warnings(&["langbot", "the relay's answer has keys"]);
    assert!(told.len() == 1 && told[0].contains("did you mean replies by reply?"), "{told:#?}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hermes_agent_11467_text_that_is_cut_inside_an_emoji_is_mended() {
    let cut = text_of("44-relay-lone-surrogate");
    let script = Script::always(200, &cut);
    let rig = with_relay(&script).await;
    rig.says("Ada", "shop", "one").await;
    rig.comes_to_rest().await;
    let said = ["person: one", "business: first", "business: cut in the middle of \u{fffd}"];
    rig.chat_reads("shop", "Ada", &said).await;
    rig.says("Ada", "shop", "two").await;
    rig.comes_to_rest().await;
    assert_eq!(script.asked()[1]["state"], json!({"n": 1}));
    // A post, written the same way.
    let body = format!(r#"{{"recipient":{{"id":"{ADA}"}},"message":{{"text":"posted \ud83c"}}}}"#);
    let post =
        rig.http.post(rig.admin("/api/accounts/shop/sends")).header("content-type", "application/json").body(body);
    assert_eq!(post.send().await.expect("an answer").status(), StatusCode::ACCEPTED);
    rig.comes_to_rest().await;
    assert_eq!(rig.chat("shop", "Ada").await.last().expect("a line"), "business: posted \u{fffd}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn botpress_559_a_recipient_that_is_a_number_is_read_like_text() {
    let rig = with_relay(&Script::always(200, &text_of("37b-relay-recipient-number"))).await;
    rig.expect_refusals();
    let item = message("73100000000000011", "m_1", "hello", rig.now());
    delivers(&rig, &crate::harness::delivery(&[item])).await;
    let sends = rig.sends("").await;
    assert_eq!(sends.len(), 1, "{sends:#?}");
    assert_eq!(sends[0]["recipient"], json!({"id": "73100000000000011"}));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_lists_that_meta_does_not_document_are_kept_beside_the_known() {
    let (rig, noted) = noted().await;
    let now = rig.now();
    let call = json!({"id": "c_1", "to": SHOP, "from": ADA, "event": "connect", "timestamp": now.0 / 1000});
    let calls = json!({"id": SHOP, "time": now.0, "messaging": [message(ADA, "m_1", "hi", now)], "calls": [call, {"id": "c_2"}]});
    let permission = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": now.0,
        "call_permission_reply": {"response": "approve", "expiration_timestamp": now.0 / 1000}});
    let body = json!({"object": "page", "entry": [calls, permission]});
    for _ in 0..2 {
        delivers(&rig, &body).await;
    }
    is(&noted.of("message"), &[true]);
    let others = noted.of("other");
    let told: Vec<_> = others.iter().map(|other| (&other["name"], &other["person"], &other["act"])).collect();
    let (calls, reply, ada) = (json!("calls"), json!("call_permission_reply"), json!(ADA));
    let (no, null) = (json!(false), json!(null));
    assert_eq!(others.len(), 3, "{others:#?}");
    for expected in [(&calls, &ada, &no), (&calls, &null, &no), (&reply, &ada, &no)] {
        assert!(told.contains(&expected), "{expected:?} {others:#?}");
    }
    let kept = rig.events("kind=other").await;
    assert_eq!(kept.len(), 3, "{kept:#?}");
    let ids = kept.iter().map(|event| event["id"].as_str().expect("an id").to_owned());
    let mut raw = Vec::new();
    for id in ids {
        raw.push(rig.json(&rig.admin(&format!("/api/events/{id}"))).await["raw"].clone());
    }
    assert!(raw.contains(&call), "as Meta sent it: {raw:#?}");
    // What looks like a message in such a list is none, not even when it is handled again.
    let news =
        json!({"object": "page", "entry": [{"id": SHOP, "time": now.0, "news": [message(ADA, "m_2", "hi", now)]}]});
    delivers(&rig, &news).await;
    let id = rig.events("kind=other").await[0]["id"].as_str().expect("an id").to_owned();
    let replay = rig.http.post(rig.admin(&format!("/api/events/{id}/replay"))).send().await.expect("an answer");
    assert_eq!(replay.status(), StatusCode::ACCEPTED);
    rig.comes_to_rest().await;
    is(&noted.of("message"), &[true]);
    is(&noted.of("other"), &[false; 5]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vocero_crm_59_ids_that_are_swapped_and_deliveries_of_another_platform_are_told_once() {
    let settings = vec![
        ("accounts.swapped59.platform", "instagram".to_owned()),
        ("accounts.swapped59.id", "104000000000059".to_owned()),
        ("accounts.swapped59.page_id", "17841400000000059".to_owned()),
        ("accounts.swapped59.access_token", "EAAx".to_owned()),
        ("accounts.swapped59.handler", "none".to_owned()),
        ("accounts.swapped59.bot", "hybrid".to_owned()),
    ];
    let rig = Rig::with(RigOptions { settings, subscribe: false, ..RigOptions::default() }).await;
    assert_eq!(logs::warnings(&["swapped59", "are id and page_id swapped?"]).len(), 1);
    for mid in ["m_1", "m_2"] {
        let item = message(ADA, mid, "hello", rig.now());
        let body = json!({"object": "page", "entry": [{"id": "104000000000059", "time": 1, "messaging": [item]}]});
        delivers(&rig, &body).await;
    }
    assert_eq!(logs::warnings(&["104000000000059", "deliveries call the account something else"]).len(), 1);
    rig.clock.advance(Duration::from_secs(1));
    rig.end().await;
}

#[test]
fn derek_72_a_byte_order_mark_and_a_final_newline_are_no_part_of_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("sec");
    let env_file = folder.path().join("env");
    std::fs::write(&env_file, "\u{feff}REJOINDER_APP__VERIFY_TOKEN=bar-verify-token\r\n").expect("a file");
    for written in ["\u{feff}bar-app-secret", "\u{feff}bar-app-secret\r\n", "bar-app-secret\n"] {
        std::fs::write(&secret, written).expect("a file");
        let environment = [("APP__SECRET_FILE", secret.display().to_string())];
        let environment = environment.map(|(key, value)| (format!("REJOINDER_{key}"), value)).to_vec();
        let sources = Sources { environment, env_file: Some(env_file.clone()), ..Sources::default() };
        let settings = Settings::load(&sources, &[]).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(settings.app.secret.expose(), "bar-app-secret", "{written:?}");
        assert_eq!(settings.app.verify_token.expose(), "bar-verify-token");
    }
}
