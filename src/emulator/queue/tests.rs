//! Which delivery goes when.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::Platform;
use super::delivery::{DELAY, LONGEST_PAUSE, PATIENCE, TRIED_FOR};
use super::*;

const ADA: Lane = Lane { account: 0, person: Some(0) };
const BEN: Lane = Lane { account: 0, person: Some(1) };
const START: Timestamp = Timestamp(1_000);

fn news(item: i32) -> News {
    News::of(Platform::Messenger, json!(item), false)
}

/// Starts what can go and says which items each attempt carries, by entry.
fn started(queue: &mut Queue, now: Timestamp) -> Vec<(u64, Value)> {
    let world = World::default();
    let mut started = Vec::new();
    while let Some(attempt) = queue.start(&world, now) {
        let entries = attempt.body["entry"].as_array().expect("an envelope has entries").iter();
        started.push((attempt.id, entries.map(|entry| entry["messaging"].clone()).collect()));
    }
    started
}

fn queue(pushes: &[(Lane, i32, Option<PushFault>)]) -> Queue {
    let mut queue = Queue::default();
    for (lane, item, fault) in pushes {
        queue.push(*lane, news(*item), *fault, START);
    }
    queue
}

#[test]
fn conversations_do_not_wait_for_each_other() {
    let mut queue = queue(&[(ADA, 1, None), (ADA, 2, None), (BEN, 3, None)]);
    assert_eq!(started(&mut queue, START), [(1, json!([[1]])), (3, json!([[3]]))]);
    assert_eq!(queue.settle(1, true, START), Settled::Kept);
    assert_eq!(started(&mut queue, START), [(2, json!([[2]]))]);
    assert_eq!(queue.settle(1, true, START), Settled::Forgotten);
}

#[test]
fn what_has_failed_at_one_callback_is_tried_at_once_at_the_next() {
    let mut queue = queue(&[(ADA, 1, None), (BEN, 2, Some(PushFault::Delay))]);
    for _ in 0..3 {
        let due = queue.next_due().expect("a delivery");
        let failed = started(&mut queue, due);
        failed.into_iter().for_each(|(id, _)| drop(queue.settle(id, false, START)));
    }
    assert!(queue.next_due().is_some_and(|due| due > START));
    queue.hurry(START);
    assert_eq!(started(&mut queue, START), [(1, json!([[1]]))], "what was never tried waits for its time");
}

#[test]
fn a_failure_is_tried_again_at_once_and_then_more_rarely_for_an_hour() {
    let mut queue = queue(&[(ADA, 1, None)]);
    let (mut now, mut pauses) = (START, Vec::new());
    while let Some(due) = queue.next_due() {
        pauses.push(due.since(now).as_secs());
        now = due;
        assert_eq!(started(&mut queue, now).len(), 1);
        queue.settle(1, false, now);
    }
    assert_eq!(pauses[..11], [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert!(now.since(START) <= TRIED_FOR && now.since(START) > TRIED_FOR - LONGEST_PAUSE);
}

#[test]
fn faults_change_the_order_and_the_number() {
    let check = |pushes: &[(Lane, i32, Option<PushFault>)], at: Duration, expected: &[Value]| {
        let mut queue = queue(pushes);
        let mut seen = Vec::new();
        loop {
            let next = started(&mut queue, START + at);
            if next.is_empty() {
                break;
            }
            for (id, items) in next {
                seen.push(items);
                queue.settle(id, true, START + at);
            }
        }
        assert_eq!(seen, expected);
    };
    check(&[(ADA, 1, Some(PushFault::Duplicate))], Duration::ZERO, &[json!([[1]]), json!([[1]])]);
    check(&[(ADA, 1, Some(PushFault::Reorder)), (ADA, 2, None)], Duration::ZERO, &[json!([[2]]), json!([[1]])]);
    check(&[(ADA, 1, Some(PushFault::Reorder)), (BEN, 2, None)], Duration::ZERO, &[json!([[2]])]);
    check(&[(ADA, 1, Some(PushFault::Reorder))], PATIENCE, &[json!([[1]])]);
    check(&[(ADA, 1, Some(PushFault::Delay)), (ADA, 2, None)], Duration::ZERO, &[]);
    check(&[(ADA, 1, Some(PushFault::Delay)), (ADA, 2, None)], DELAY, &[json!([[1]]), json!([[2]])]);
    check(
        &[(ADA, 1, Some(PushFault::Batch)), (ADA, 2, None), (ADA, 3, None)],
        Duration::ZERO,
        &[json!([[1, 2]]), json!([[3]])],
    );
    let batch = Some(PushFault::Batch);
    check(&[(ADA, 1, batch), (BEN, 2, batch), (BEN, 3, None)], Duration::ZERO, &[json!([[1], [2, 3]])]);
    check(&[(ADA, 1, Some(PushFault::Batch)), (BEN, 2, None)], Duration::ZERO, &[json!([[1], [2]])]);
    check(&[(ADA, 1, Some(PushFault::Batch))], Duration::ZERO, &[]);
    check(&[(ADA, 1, Some(PushFault::Batch))], PATIENCE, &[json!([[1]])]);
}

#[test]
fn a_lost_delivery_is_lost_once() {
    let (world, mut queue) = (World::default(), queue(&[(ADA, 1, Some(PushFault::DropThenRetry))]));
    let lost = |queue: &mut Queue| queue.start(&world, START).map(|attempt| (attempt.number, attempt.lost));
    assert_eq!(lost(&mut queue), Some((1, true)));
    queue.settle(1, false, START);
    assert_eq!(lost(&mut queue), Some((2, false)));
}

#[test]
fn the_oldest_makes_room() {
    let mut queue = Queue::default();
    for number in 0..=i32::try_from(MOST).expect("it fits") {
        queue.push(ADA, news(number), None, START);
    }
    assert_eq!(queue.waiting.len(), MOST);
    assert_eq!(started(&mut queue, START), [(2, json!([[1]]))]);
}

#[test]
fn an_account_that_heard_nothing_for_an_hour_is_unsubscribed() {
    let check = |accepted: Option<Timestamp>, expected: Settled, left: usize| {
        let page = Lane { account: 0, person: None };
        let instagram = Lane { account: 1, person: Some(0) };
        let mut queue = queue(&[(ADA, 1, None), (ADA, 2, None), (page, 3, None), (instagram, 4, None)]);
        let world = World::default();
        assert_eq!(queue.start(&world, START).map(|attempt| attempt.id), Some(1));
        queue.accepted.extend(accepted.map(|at| (0, at)));
        queue.settle(1, false, START);
        assert_eq!(queue.start(&world, START).map(|attempt| attempt.id), Some(1));
        assert_eq!(queue.settle(1, false, START + TRIED_FOR + Duration::from_secs(1)), expected);
        assert_eq!(queue.waiting.len(), left);
        assert_eq!((queue.lanes.len(), queue.ready.len(), queue.in_flight), (left, left, 0));
    };
    check(None, Settled::GivenUp { unsubscribed: vec![0] }, 1);
    check(Some(START), Settled::GivenUp { unsubscribed: vec![0] }, 1);
    check(Some(START + Duration::from_secs(1)), Settled::GivenUp { unsubscribed: vec![] }, 3);
}

#[test]
fn a_batch_waits_for_all_its_conversations_and_takes_every_list_of_its_object() {
    let mut queue = Queue::default();
    queue.push(BEN, news(1), None, START);
    queue.push(ADA, news(2), Some(PushFault::Batch), START);
    queue.push(ADA, News::of(Platform::Messenger, json!({"field": "feed", "value": {}}), false), None, START);
    assert_eq!(queue.start(&World::default(), START).map(|attempt| attempt.id), Some(1));
    let batch = queue.start(&World::default(), START).expect("the batch is full").body;
    assert_eq!((&batch["entry"][0]["time"], &batch["entry"][1]["time"]), (&json!(1000), &json!(1)));
    assert_eq!(
        (&batch["entry"][0]["messaging"], &batch["entry"][1]["changes"][0]["field"]),
        (&json!([2]), &json!("feed"))
    );
    assert_eq!(queue.settle(2, true, START), Settled::Kept);

    queue.push(ADA, news(3), Some(PushFault::Batch), START);
    queue.push(BEN, news(4), None, START);
    assert!(queue.start(&World::default(), START).is_none(), "Ben's first is under way");
    queue.settle(1, true, START);
    assert_eq!(started(&mut queue, START), [(3, json!([[3], [4]]))]);
    assert!(!queue.is_at_rest(START));
    queue.settle(3, true, START);
    assert!(queue.is_at_rest(START) && queue.lanes.is_empty() && queue.waiting.is_empty());
}

/// How many deliveries were looked at for each one that was queued and delivered, where so many wait and so many more come than
/// there is room for.
fn looks_each(waiting: usize, beyond: usize) -> usize {
    let (mut queue, world) = (Queue::default(), World::default());
    let people = waiting.div_ceil(5);
    for number in 0..waiting + beyond {
        queue.push(Lane { account: 0, person: Some(number % people) }, news(1), None, START);
    }
    let mut delivered = 0;
    while let Some(attempt) = queue.start(&world, START) {
        assert_eq!(queue.settle(attempt.id, true, START), Settled::Kept);
        delivered += 1;
    }
    assert_eq!((delivered, queue.waiting.len(), queue.lanes.len()), (waiting, 0, 0));
    queue.looks.so_far().div_ceil(waiting + beyond)
}

#[test]
fn a_long_queue_costs_no_more_than_a_short_one() {
    let short = looks_each(50, 0);
    assert!(short <= 4, "{short}");
    assert_eq!(looks_each(MOST, 0), short);
    assert_eq!(looks_each(MOST, 100), short, "with the oldest making room");
}
