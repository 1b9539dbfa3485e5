//! Sends, from their plan to their end.

use super::*;

pub async fn sends_of_a_conversation_leave_one_after_the_other(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2"), text("3")]).await;
    opened.says(BEN, "b1").await;
    let other = opened.answer(vec![text("for Ben")]).await;
    assert_eq!(opened.sendable().await, [sends[0], other[0]]);
    let skipped = opened.store().take_sends(send_room(1, &sends[..1]), NOW).await.expect("taken");
    assert_eq!(skipped.items.iter().map(|send| send.id).collect::<Vec<_>>(), other);
    for (send, outcome, next) in
        [(sends[0], sent("m_1"), sends[1]), (sends[1], SendOutcome::Failed { reason: "error 100".into() }, sends[2])]
    {
        opened.sending(send).await;
        assert_eq!(opened.sendable().await, other);
        opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
        assert_eq!(opened.sendable().await, other, "doubt holds back");
        opened.store().settle(send, outcome, NOW).await;
        assert_eq!(opened.sendable().await.iter().max(), Some(&next.max(other[0])));
        assert!(opened.sendable().await.contains(&next));
    }
    let refused = SendOutcome::Refused { rule: "P1.1".into(), reason: "shut".into() };
    opened.store().settle(sends[2], refused, NOW).await;
    let row = opened.send(sends[2]).await;
    assert_eq!(
        (row.status.as_str(), row.rule.as_deref(), row.reason.as_deref()),
        ("refused", Some("P1.1"), Some("shut"))
    );
}

pub async fn a_send_that_left_is_never_planned_again(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("hi")]).await[0];
    opened.sending(send).await;
    assert!(!opened.store().sending(send, NOW).await.expect("marked"));
    assert!(opened.sendable().await.is_empty());
    opened.store().settle(send, sent("m_1"), NOW).await;
    opened.store().settle(send, SendOutcome::Later { at: NOW, reason: "late word".into() }, NOW).await;
    assert!(opened.sendable().await.is_empty());
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
}

pub async fn a_send_that_did_not_leave_is_tried_later(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("hi")]).await[0];
    opened.sending(send).await;
    let later = NOW + HOUR;
    opened.store().settle(send, SendOutcome::Later { at: later, reason: "error 613".into() }, NOW).await;
    let waiting = opened.take_sends(NOW).await;
    assert_eq!((waiting.items.len(), waiting.next_due), (0, Some(later)));
    let due = opened.take_sends(later).await.items.remove(0);
    assert_eq!((due.id, due.attempts), (send, 1));
}

pub async fn a_send_that_is_marked_with_its_turn_is_on_its_way_and_can_still_stay(opened: &Opened) {
    let finish_and_leave = async |mid: &str| {
        opened.says(ADA, mid).await;
        let store = opened.store();
        let sends = [(store.next_send_id(), text("1")), (store.next_send_id(), text("2"))];
        let ids = [sends[0].0, sends[1].0];
        let (event, effects, owed) = (opened.take_one().await.id, saying(sends), AutomaticReplies::default());
        store.finish(&Finish { event, effects, owed, leaves_at_once: true, now: NOW }).await;
        ids
    };
    let status = async |send| opened.send(send).await.status.as_str();
    let [first, second] = finish_and_leave("a1").await;
    let leaving = opened.store().take_leaving();
    assert_eq!(
        leaving.iter().map(|send| (send.id, send.is_marked, send.attempts)).collect::<Vec<_>>(),
        [(first, true, 0)]
    );
    assert_eq!((status(first).await, status(second).await), ("sending", "planned"));
    assert!(opened.sendable().await.is_empty() && opened.store().take_leaving().is_empty(), "it is given once");

    let later = SendOutcome::Later { at: NOW + HOUR, reason: "the account is paused".into() };
    opened.store().did_not_leave(first, later, NOW).await;
    assert!(opened.sendable().await.is_empty());
    let again = opened.take_sends(NOW + HOUR).await.items.remove(0);
    assert_eq!((again.id, again.attempts, again.is_marked), (first, 0, false), "as if it had not been marked");
    for send in [first, second] {
        opened.sending(send).await;
        opened.store().settle(send, sent(&format!("m_{send}")), NOW).await;
    }

    let [third, fourth] = finish_and_leave("a2").await;
    opened.die(NOW).await;
    assert_eq!((status(third).await, status(fourth).await), ("in_doubt", "planned"), "its bytes may have left");
}

pub async fn what_cannot_be_read_as_a_request_does_not_stop_the_others(opened: &Opened) {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    opened.says(ADA, "a1").await;
    let template = Request::message(Recipient::Id(PersonId::new(ADA)), Message::template(deep));
    let sends = opened.answer(vec![template, text("2")]).await;
    opened.die(NOW).await;
    assert_eq!(opened.sendable().await, [sends[1]]);
    let row = opened.send(sends[0]).await;
    assert_eq!((row.status.as_str(), row.reason.as_deref()), ("failed", Some("the kept request cannot be read")));
}
