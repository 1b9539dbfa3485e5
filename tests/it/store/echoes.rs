//! Whose words an echo repeats.

use super::rights::{comment, planned};
use super::*;

pub async fn an_echo_settles_its_send_and_a_late_answer_changes_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.sending(sends[0]).await;
    let metadata = opened.store().metadata(sends[0], Some("the author's own"));
    let body = echo("m_1", json!({"app_id": 555, "metadata": metadata, "text": "1"}));
    let appended = opened.append(&body, NOW).await;
    assert_eq!(appended, Appended { own_echoes: 1, ..Appended::default() });
    assert_eq!(opened.append(&body, NOW).await.repeated, 1);
    opened.store().settle(sends[0], SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    let row = opened.send(sends[0]).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_1"))));
    assert_eq!(opened.sendable().await, [sends[1]]);
    assert!(opened.take(9, NOW).await.items.is_empty(), "our own echo is not handed on");
}

/// A mark alone is no evidence: ids are given again where a store was restored from a copy.
pub async fn an_echo_settles_only_the_send_that_left_so(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    let echo_to = |person: &str, account: &str, mid: &str, metadata: &str| {
        let message = json!({"mid": mid, "is_echo": true, "app_id": 555, "metadata": metadata});
        let item =
            json!({"sender": {"id": account}, "recipient": {"id": person}, "timestamp": NOW.0, "message": message});
        json!({"object": "page", "entry": [{"id": account, "time": 1, "messaging": [item]}]})
    };
    let marked = opened.store().metadata(sends[0], None);
    let other_epoch = format!("{}.00000000", marked.split_once('.').expect("an epoch").0);
    let older = marked.split_once('.').expect("an epoch").0.to_owned();
    let is_ignored = async |body: Value, status: &str| {
        assert_eq!(opened.append(&body, NOW).await.own_echoes, 1, "this server said it, whenever that was: {body}");
        assert_eq!(opened.send(sends[0]).await.status.as_str(), status, "{body}");
    };
    is_ignored(echo_to(ADA, SHOP, "m_1", &marked), "planned").await;
    opened.sending(sends[0]).await;
    is_ignored(echo_to(ADA, SHOP, "m_2", &other_epoch), "sending").await;
    is_ignored(echo_to(ADA, SHOP, "m_3", &older), "sending").await;
    is_ignored(echo_to(BEN, SHOP, "m_4", &marked), "sending").await;
    is_ignored(echo_to(ADA, "104000000000002", "m_5", &marked), "sending").await;
    // Sent again under a later start of the server: the echo of either attempt settles it.
    opened.store().settle(sends[0], SendOutcome::Later { at: NOW, reason: "no connection".into() }, NOW).await;
    opened.die(NOW).await;
    opened.sending(sends[0]).await;
    assert_ne!(opened.store().metadata(sends[0], None), marked);
    opened.append(&echo_to(ADA, SHOP, "m_6", &marked), NOW).await;
    assert_eq!(opened.send(sends[0]).await.status.as_str(), "sent");
    assert_eq!(opened.sendable().await, [sends[1]]);
}

pub async fn an_echo_without_metadata_waits_for_the_send_in_flight(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.sending(sends[0]).await;
    opened.append(&echo("m_1", json!({"text": "1"})), NOW).await;
    opened.append(&echo("m_other", json!({"text": "1"})), NOW).await;
    assert!(opened.take(9, NOW).await.items.is_empty(), "nobody can tell yet whose they are");
    opened.store().settle(sends[0], sent("m_1"), NOW).await;
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_other""#]);
    // Once the answer told the `mid`, an echo is known by it.
    opened.sending(sends[1]).await;
    opened.store().settle(sends[1], sent("m_2"), NOW).await;
    assert_eq!(opened.append(&echo("m_2", json!({"text": "2"})), NOW).await.own_echoes, 1);
}

pub async fn an_echo_of_somebody_else_is_an_event(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    let inbox = echo("m_x", json!({"app_id": 263_902_037_430_900_i64, "text": "1"}));
    let stranger = echo("m_y", json!({"app_id": 555, "metadata": "rejoinder:000000000000:1", "text": "1"}));
    for body in [inbox, stranger] {
        assert_eq!(opened.append(&body, NOW).await.new, 1);
    }
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_x""#], "another app's is no question");
    assert_eq!(opened.send(send).await.status.as_str(), "sending");
    opened.store().settle(send, sent("m_1"), NOW).await;
    assert_eq!(
        opened.event_status(EventId(3)).await,
        "pending",
        "our app's, by another store: when nothing is in flight"
    );
}

pub async fn a_doubted_send_is_settled_by_what_its_echo_says(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    // One echo came before the doubt, one comes after it; each says what it says.
    opened.append(&echo("m_1", json!({"text": "something else"})), NOW).await;
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    assert!(opened.take(9, NOW).await.items.is_empty(), "it might be ours, changed on the way");
    assert_eq!(opened.append(&echo("m_2", json!({"text": "1"})), NOW).await.own_echoes, 1);
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_1""#]);
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_2"))));
}

pub async fn a_doubted_picture_is_settled_by_the_echo_of_one(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let picture = Message::image("https://shop.example/a.jpg");
    let send = opened.answer(vec![Request::message(Recipient::Id(PersonId::new(ADA)), picture)]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    let repeated = |kind: &str| json!({"attachments": [{"type": kind, "payload": {"url": "https://cdn.example/1"}}]});
    opened.append(&echo("m_other", repeated("video")), NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "in_doubt");
    opened.append(&echo("m_1", repeated("image")), NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
}

pub async fn parked_echoes_of_several_speakers_are_told_apart(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    for (mid, said) in [("m_1", "1"), ("m_agent", "A person here."), ("m_other", "Another one.")] {
        opened.append(&echo(mid, json!({"text": said})), NOW).await;
    }
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
    for expected in [r#""m_agent""#, r#""m_other""#] {
        let event = opened.take_one().await;
        assert_eq!(ids(std::slice::from_ref(&event)), [expected]);
        let finish = Finish {
            event: event.id,
            effects: Effects::default(),
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        };
        opened.store().finish(&finish).await;
    }
}

pub async fn an_echo_is_believed_more_than_a_refusal(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 1/1357046".into() }, NOW).await;
    let metadata = opened.store().metadata(send, None);
    opened.append(&echo("m_1", json!({"metadata": metadata})), NOW).await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.reason, row.message_id), ("sent", None, Some(MessageId::new("m_1"))));
}

/// A private reply to a comment is on its way: it stands among the author's comments.
async fn replying(opened: &Opened, comment_id: &str) -> SendId {
    opened.append(&comment(comment_id, "add", NOW), NOW).await;
    let event = opened.take_one().await.id;
    opened.finish(event).await;
    let send = planned(opened, comment_id).await;
    opened.sending(send).await;
    send
}

pub async fn the_echo_of_a_private_reply_is_known_though_it_comes_in_the_chat(opened: &Opened) {
    let said = |mid: &str| echo(mid, json!({"text": "In private"}));
    // After the answer, it is known by its `mid`.
    let send = replying(opened, "9_1").await;
    opened.store().settle(send, sent("m_1"), NOW).await;
    assert_eq!(opened.append(&said("m_1"), NOW).await.own_echoes, 1);
    // Before it, nobody can tell.
    let send = replying(opened, "9_2").await;
    opened.append(&said("m_2"), NOW).await;
    opened.append(&said("m_other"), NOW).await;
    opened.append(&echo("m_eve", json!({"text": "I am Eve."})), NOW).await;
    let eve = opened.take_one().await;
    assert_eq!(ids(std::slice::from_ref(&eve)), [r#""m_eve""#], "other words are no question");
    opened.finish(eve.id).await;
    opened.store().settle(send, sent("m_2"), NOW).await;
    let other = opened.take_one().await;
    assert_eq!(ids(std::slice::from_ref(&other)), [r#""m_other""#]);
    opened.finish(other.id).await;
    // One that definitely did not happen has no echo.
    let send = replying(opened, "9_3").await;
    opened.append(&said("m_3"), NOW).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 100".into() }, NOW).await;
    let statuses: Vec<_> =
        opened.events().await.iter().map(|event| (event.kind.clone(), event.status.as_str())).collect();
    let pending = statuses.iter().filter(|(kind, status)| kind == "echo" && *status == "pending").count();
    assert_eq!(pending, 1, "{statuses:?}");
}

pub async fn a_private_reply_in_doubt_is_waited_for_until_it_is_settled_or_held(opened: &Opened) {
    let (doubt, again) = (
        SendOutcome::InDoubt { reason: "silence".into(), silent: true },
        SendOutcome::Later { at: NOW, reason: "again".into() },
    );
    let said = |mid: &str| echo(mid, json!({"text": "In private"}));
    let send = replying(opened, "9_1").await;
    opened.append(&said("m_1"), NOW).await;
    opened.store().settle(send, doubt.clone(), NOW).await;
    opened.die(NOW).await;
    opened.store().settle(send, again, NOW).await;
    opened.sending(send).await;
    assert!(opened.take(9, NOW).await.items.is_empty(), "nobody can tell yet");
    // Meta refuses the second, for it has the first; which that is, the echo tells.
    opened.store().settle(send, SendOutcome::Sent { message_id: None }, NOW).await;
    assert_eq!(opened.send(send).await.message_id, Some(MessageId::new("m_1")));
    // One that was in doubt, and failed when it was sent again, had arrived.
    let send = replying(opened, "9_0").await;
    opened.store().settle(send, doubt.clone(), NOW).await;
    opened.append(&said("m_0"), NOW).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 100".into() }, NOW).await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_0"))));
    let outcome = opened.take_one().await;
    assert_eq!(outcome.kind, "outcome", "told before the echo was looked at");
    opened.finish(outcome.id).await;
    // The echo of one that is held settles it. Of two that say the same, nobody can tell which.
    let held = SendOutcome::Held { reason: "nobody can tell".into() };
    let send = replying(opened, "9_2").await;
    opened.store().settle(send, doubt.clone(), NOW).await;
    opened.store().settle(send, held.clone(), NOW).await;
    assert_eq!(opened.append(&said("m_2"), NOW).await.own_echoes, 1);
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
    for comment in ["9_3", "9_4"] {
        opened.wait_for_the_disk().await;
        let outcomes = opened.take(9, NOW).await.items;
        for outcome in outcomes {
            opened.finish(outcome.id).await;
        }
        let send = replying(opened, comment).await;
        opened.store().settle(send, doubt.clone(), NOW).await;
        opened.store().settle(send, held.clone(), NOW).await;
    }
    assert_eq!(opened.append(&said("m_3"), NOW).await.own_echoes, 1);
    let kinds: Vec<_> = opened.take(9, NOW).await.items.into_iter().map(|event| event.kind).collect();
    assert!(kinds.iter().all(|kind| kind == "outcome"), "{kinds:?}");
}
