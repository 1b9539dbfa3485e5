//! Sends of which nobody can tell whether they arrived, and those that somebody is to decide about.

use rejoinder::effect::Memory;
use rejoinder::id::{MessageId, SendId};
use rejoinder::store::{Decided, SendOutcome, TurnStep};

use super::{HOUR, NOW, Opened, saying_and_remembering, send_room, text};

async fn in_doubt(opened: &Opened, send: SendId) {
    assert!(opened.store().sending(send, NOW).await.expect("sending"));
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
}

async fn status(opened: &Opened, send: SendId) -> &'static str {
    opened.send(send).await.status.as_str()
}

/// Two turns of two sends each, the first of them held.
async fn held(opened: &Opened) -> (Vec<SendId>, Vec<SendId>) {
    opened.says(crate::harness::ADA, "m_1").await;
    let first = opened.answer(vec![text("one"), text("two")]).await;
    opened.says(crate::harness::ADA, "m_2").await;
    let second = opened.answer(vec![text("three"), text("four")]).await;
    in_doubt(opened, first[0]).await;
    assert!(opened.sendable().await.is_empty(), "a doubt holds back what is behind it");
    opened.store().settle(first[0], SendOutcome::Held { reason: "nobody can tell".into() }, NOW).await;
    (first, second)
}

pub async fn a_doubt_is_given_when_it_is_due(opened: &Opened) {
    opened.says(crate::harness::ADA, "m_1").await;
    let send = opened.answer(vec![text("hi")]).await[0];
    in_doubt(opened, send).await;
    let take = async |now| opened.store().take_doubts(send_room(9, &[]), now).await.expect("taken");
    let taken = take(NOW).await;
    assert_eq!((taken.items.len(), taken.items[0].id, taken.items[0].silent), (1, send, true));
    assert_eq!(taken.items[0].attempted_at, NOW);
    let in_flight = opened.store().take_doubts(send_room(9, &[send]), NOW).await.expect("taken");
    assert!(in_flight.items.is_empty());
    opened.store().look_again(send, NOW + HOUR, true).await.expect("kept");
    let later = take(NOW).await;
    assert_eq!((later.items.len(), later.next_due), (0, Some(NOW + HOUR)));
    assert_eq!(take(NOW + HOUR).await.items.len(), 1);
}

pub async fn a_held_send_holds_its_turn_and_lets_later_turns_go(opened: &Opened) {
    let (first, second) = held(opened).await;
    assert_eq!((status(opened, first[0]).await, status(opened, first[1]).await), ("held", "held"));
    assert_eq!(opened.sendable().await, [second[0]]);
    assert!(opened.send(first[1]).await.reason.expect("a reason").contains(&first[0].to_string()));
    opened.die(NOW).await;
    assert_eq!(opened.sendable().await, [second[0]]);
}

pub async fn a_released_send_stands_at_the_end_and_its_turn_behind_it(opened: &Opened) {
    let (first, second) = held(opened).await;
    assert_eq!(opened.store().release_send(SendId(4711), NOW).await.expect("asked"), Decided::Unknown);
    assert_eq!(opened.store().release_send(second[0], NOW).await.expect("asked"), Decided::NotHeld);
    assert_eq!(opened.store().release_send(first[0], NOW).await.expect("asked"), Decided::Done);
    assert_eq!(opened.leave_one_by_one().await, [second[0], second[1], first[0], first[1]]);
    assert_eq!(opened.store().release_send(first[0], NOW).await.expect("asked"), Decided::NotHeld);
}

pub async fn a_dropped_send_has_failed_and_its_turn_goes_on(opened: &Opened) {
    let (first, second) = held(opened).await;
    assert_eq!(opened.store().drop_send(first[0], NOW).await.expect("asked"), Decided::Done);
    assert_eq!(status(opened, first[0]).await, "failed");
    assert_eq!(opened.leave_one_by_one().await, [second[0], second[1], first[1]]);
}

pub async fn a_held_send_that_arrived_after_all_is_sent_and_its_turn_goes_on(opened: &Opened) {
    let (first, second) = held(opened).await;
    let arrived = SendOutcome::Sent { message_id: Some(MessageId::new("m_late")) };
    opened.store().settle(first[0], arrived, NOW).await;
    assert_eq!(status(opened, first[0]).await, "sent");
    assert_eq!(opened.leave_one_by_one().await, [second[0], second[1], first[1]]);
}

pub async fn the_last_turn_can_be_held_and_released_too(opened: &Opened) {
    opened.says(crate::harness::ADA, "m_1").await;
    let sends = opened.answer(vec![text("one"), text("two"), text("three")]).await;
    in_doubt(opened, sends[0]).await;
    opened.store().settle(sends[0], SendOutcome::Held { reason: "nobody can tell".into() }, NOW).await;
    // One of the middle: the one before it stays held without it.
    assert_eq!(opened.store().release_send(sends[1], NOW).await.expect("asked"), Decided::Done);
    assert_eq!(opened.leave_one_by_one().await, [sends[1], sends[2]]);
    assert_eq!(opened.store().release_send(sends[0], NOW).await.expect("asked"), Decided::Done);
    opened.says(crate::harness::ADA, "m_2").await;
    let answer = opened.answer_of("message", vec![text("four")]).await;
    assert_eq!(opened.leave_one_by_one().await, [sends[0], answer[0]]);
}

pub async fn a_step_is_kept_and_not_taken_twice(opened: &Opened) {
    opened.says(crate::harness::ADA, "m_1").await;
    let event = opened.take_one().await;
    assert!(event.steps.is_empty());
    let store = opened.store();
    let id = event.id;
    let send = || store.next_send_id();
    let step = |send: SendId, number: usize, attempt: u32| TurnStep {
        event: id,
        attempt,
        number,
        hash: [u8::try_from(number).expect("few"); 32],
        effects: saying_and_remembering([(send, text("one moment"))], Memory::Set("1".into())),
        disclosing: None,
        now: NOW,
    };
    assert!(store.step(step(send(), 0, 1)).await.expect("kept"));
    assert!(!store.step(step(send(), 0, 1)).await.expect("asked"), "this one is there");
    assert!(!store.step(step(send(), 1, 2)).await.expect("asked"), "that try has not begun");
    assert_eq!(opened.sendable().await.len(), 1, "what a step says leaves at once");
    drop(store);
    opened.die(NOW).await;
    let again = opened.take_one().await;
    assert_eq!((again.id, again.attempt, again.steps.len()), (event.id, 2, 1));
    assert_eq!((again.steps[0].hash, again.steps[0].sends.len()), ([0; 32], 1));
    assert_eq!(again.state, None, "what its first try knew");
    opened.finish(again.id).await;
    opened.says(crate::harness::ADA, "m_2").await;
    let next = opened.take_one().await;
    assert_eq!((next.state.as_deref(), next.steps.len()), (Some("1"), 0));
}
