//! Answers of Meta's that say neither yes nor no, and conversations that say less than one hoped.

use std::time::Duration;

use rejoinder::clock::Timestamp;
use rejoinder::{Context, Event, Handler, Handlers};
use serde_json::{Value, json};

use crate::harness::scripted::{Answer, Scripted};
use crate::harness::{ADA, ADA_ON_INSTAGRAM, BEN, Rig, RigOptions, SHOP, SHOP_ON_INSTAGRAM, delivery, message};

const SECOND: Duration = Duration::from_secs(1);

/// Says hello to everything.
struct Friendly;

impl Handler for Friendly {
    async fn handle(&self, ctx: &mut Context, _: &Event) -> anyhow::Result<()> {
        ctx.reply("hello");
        Ok(())
    }
}

async fn rig(graph: &Scripted) -> Rig {
    let (settings, handlers) = (vec![("graph.url", graph.url.clone())], Handlers::new().with("friendly", Friendly));
    Rig::with(RigOptions { handler: "friendly", handlers, settings, subscribe: false, ..RigOptions::default() }).await
}

async fn ada_writes(rig: &Rig) {
    assert_eq!(rig.deliver(&delivery(&[message(ADA, "m_asked", "hello", rig.now())])).await, 200);
}

/// Another webhook: the intake is alive, and an echo would have come.
async fn something_else_comes(rig: &Rig) {
    let read =
        json!({"sender": {"id": BEN}, "recipient": {"id": SHOP}, "timestamp": rig.now().0, "read": {"watermark": 1}});
    assert_eq!(rig.deliver(&delivery(&[read])).await, 200);
}

/// A message as the Conversations API tells of it.
fn told(id: &str, at: Timestamp, from: Value, text: &str) -> Value {
    let at = at.to_string();
    let (seconds, _) = at.split_once('.').expect("milliseconds");
    json!({"id": id, "created_time": format!("{seconds}+0000"), "from": from, "message": text})
}

fn listed(messages: &[Value]) -> Value {
    json!({"data": [{"id": "t_1", "messages": {"data": messages}}]})
}

/// A minute passes, second by second.
async fn looked_at(rig: &Rig) {
    for _ in 0..60 {
        rig.clock.advance(SECOND);
        rig.comes_to_rest().await;
    }
}

async fn only_send(rig: &Rig) -> Value {
    rig.sends("").await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_message_id_is_a_doubt() {
    let graph = Scripted::answering([Answer::Says(200, json!({}))]).await;
    let rig = rig(&graph).await;
    ada_writes(&rig).await;
    rig.sends_are("in_doubt", 1).await;
    graph.lists(listed(&[told("m_1", rig.now(), json!({"id": SHOP}), "hello")]));
    looked_at(&rig).await;
    let sent = only_send(&rig).await;
    assert_eq!((&sent["status"], &sent["message_id"]), (&json!("sent"), &json!("m_1")));
    assert_eq!(graph.sends().len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erxes_that_a_comment_was_already_replied_to_proves_that_the_doubted_reply_arrived() {
    let already = json!({"error": {"message": "scripted", "type": "OAuthException", "code": 10900, "fbtrace_id": "x"}});
    let graph = Scripted::answering([Answer::Cut, Answer::Says(400, already)]).await;
    let rig = rig(&graph).await;
    let value = json!({"id": "17900000000000502", "text": "LINK", "from": {"id": ADA_ON_INSTAGRAM, "username": "v"},
        "media": {"id": "179", "media_product_type": "FEED"}});
    let entry =
        json!({"id": SHOP_ON_INSTAGRAM, "time": rig.now().0, "changes": [{"field": "comments", "value": value}]});
    assert_eq!(rig.deliver(&json!({"object": "instagram", "entry": [entry]})).await, 200);
    rig.comes_to_rest().await;
    looked_at(&rig).await;
    assert_eq!((only_send(&rig).await["status"].clone(), graph.sends().len()), (json!("sent"), 2));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mautrix_facebook_74_a_message_that_cannot_be_read_forbids_absent_and_never_arrived() {
    let nameless = |at| told("m_t", at, json!({"name": "Facebook user"}), "hi");
    for arrived in [true, false] {
        let graph = Scripted::answering([Answer::Cut]).await;
        let rig = rig(&graph).await;
        ada_writes(&rig).await;
        rig.sends_are("in_doubt", 1).await;
        let ours = told("m_arrived", rig.now(), json!({"name": "Shop", "id": SHOP}), "hello");
        let untimed = json!({"id": "m_u", "created_time": "yesterday", "from": {"id": SHOP}, "message": "hello"});
        let others = [nameless(rig.now() - 5 * SECOND), untimed, json!("no message at all")];
        let messages: Vec<_> = arrived.then_some(ours).into_iter().chain(others).collect();
        graph.lists(listed(&messages));
        rig.clock.advance(SECOND);
        something_else_comes(&rig).await;
        looked_at(&rig).await;
        let send = only_send(&rig).await;
        let expected = if arrived { "sent" } else { "in_doubt" };
        assert_eq!((&send["status"], graph.sends().len()), (&json!(expected), 1), "{send}");
        rig.stop_and_end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_the_person_is_the_account_under_whichever_of_its_ids() {
    let graph = Scripted::answering([Answer::Cut]).await;
    let rig = rig(&graph).await;
    let item = json!({"sender": {"id": ADA_ON_INSTAGRAM}, "recipient": {"id": SHOP_ON_INSTAGRAM}, "timestamp": rig.now().0,
        "message": {"mid": "m_asked", "text": "hello"}});
    let entry = json!({"id": SHOP_ON_INSTAGRAM, "time": rig.now().0, "messaging": [item]});
    assert_eq!(rig.deliver(&json!({"object": "instagram", "entry": [entry]})).await, 200);
    rig.sends_are("in_doubt", 1).await;
    graph.lists(listed(&[
        told("m_1", rig.now() + SECOND, json!({"id": "25000000000000001"}), "hello"),
        told("m_asked", rig.now(), json!({"id": ADA_ON_INSTAGRAM}), "hello"),
    ]));
    rig.clock.advance(SECOND);
    something_else_comes(&rig).await;
    looked_at(&rig).await;
    let sent = only_send(&rig).await;
    assert_eq!((&sent["status"], &sent["message_id"], graph.sends().len()), (&json!("sent"), &json!("m_1"), 1));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_is_absence_only_where_no_message_is_known() {
    let transient = || Answer::Says(500, json!({"error": {"message": "scripted", "code": 2}}));
    // Who came by a link has not written yet.
    let referral = |now: Timestamp| {
        json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": now.0,
            "referral": {"ref": "spring", "source": "SHORTLINK", "type": "OPEN_THREAD"}})
    };
    for (has_written, expected, attempts) in [(true, "in_doubt", 1), (false, "sent", 2)] {
        let graph = Scripted::answering([transient()]).await;
        let rig = rig(&graph).await;
        let asked = if has_written { message(ADA, "m_asked", "hello", rig.now()) } else { referral(rig.now()) };
        assert_eq!(rig.deliver(&delivery(&[asked])).await, 200);
        rig.sends_are("in_doubt", 1).await;
        rig.clock.advance(SECOND);
        something_else_comes(&rig).await;
        looked_at(&rig).await;
        let send = only_send(&rig).await;
        assert_eq!((&send["status"], graph.sends().len()), (&json!(expected), attempts), "{send}");
        rig.stop_and_end().await;
    }
}
