//! Whose words an echo repeats.

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
    opened.store().settle(sends[0], Outcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    let row = opened.send(sends[0]).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_1"))));
    assert_eq!(opened.sendable().await, [sends[1]]);
    assert!(opened.take(9, NOW).await.items.is_empty(), "our own echo is not handed on");
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
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
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
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
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
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
    for expected in [r#""m_agent""#, r#""m_other""#] {
        let event = opened.take_one().await;
        assert_eq!(ids(std::slice::from_ref(&event)), [expected]);
        let finish =
            Finish { event: event.id, sends: vec![], state: StateChange::Keep, owed: Owed::default(), now: NOW };
        opened.store().finish(finish).await;
    }
}

pub async fn an_echo_is_believed_more_than_a_refusal(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, Outcome::Failed { reason: "error 1/1357046".into() }, NOW).await;
    let metadata = opened.store().metadata(send, None);
    opened.append(&echo("m_1", json!({"metadata": metadata})), NOW).await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.reason, row.message_id), ("sent", None, Some(MessageId::new("m_1"))));
}
