//! The deliveries that wait for the callback: in which order, and when.
//!
//! Deliveries of one conversation go one after the other; one that fails holds up its own conversation and no other. What
//! has failed is tried again at once, then after growing pauses for an hour, then given up. Nothing here does I/O.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;

use super::faults::PushFault;
use super::items::envelope;
use super::world::{ChatKey, World};

/// The most deliveries that wait; the oldest makes room.
const MOST: usize = 5_000;

/// For how long a delivery is tried.
const TRIED_FOR: Duration = Duration::from_secs(3600);

const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How late the `delay` fault delivers.
const DELAY: Duration = Duration::from_secs(5);

/// How long `batch` and `reorder` wait for the event they need; then the delivery goes as if there were no fault.
const PATIENCE: Duration = Duration::from_secs(2);

/// The waiting deliveries, in the order in which they were queued.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Delivery>,
    next: u64,
}

struct Delivery {
    id: u64,
    account: usize,
    /// More than one only for the `batch` fault.
    items: Vec<(ChatKey, Value)>,
    time: Timestamp,
    due: Timestamp,
    /// What it waits for besides its time.
    held: Option<Held>,
    attempts: u32,
    first_attempt: Option<Timestamp>,
    /// How often it is still to be delivered.
    copies: u32,
    /// The next attempt never arrives.
    lost: bool,
    in_flight: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    ForCompany,
    ForSuccessor,
}

/// One attempt to be made.
pub(super) struct Attempt {
    /// What [`Queue::settle`] wants back.
    pub(super) id: u64,
    /// The conversation of the first item.
    pub(super) chat: ChatKey,
    /// The envelope.
    pub(super) body: Value,
    /// From 1.
    pub(super) number: u32,
    /// The request is to be lost on the way.
    pub(super) lost: bool,
}

impl Queue {
    /// Queues an event of a conversation.
    pub(super) fn push(&mut self, chat: ChatKey, item: Value, fault: Option<PushFault>, now: Timestamp) {
        if self.waiting.len() >= MOST {
            self.drop_oldest();
        }
        let Some(item) = self.join_batch(chat, item, fault) else { return };
        self.next += 1;
        let mut delivery = Delivery::new(self.next, chat, item, now);
        delivery.strike(fault, now);
        match self.waiting.iter().position(|other| other.held == Some(Held::ForSuccessor) && other.is_of(chat)) {
            Some(position) => {
                self.waiting[position].held = None;
                self.waiting[position].due = now;
                self.waiting.insert(position, delivery);
            }
            None => self.waiting.push_back(delivery),
        }
    }

    /// Takes the next delivery that may go now and marks it as under way.
    pub(super) fn start(&mut self, world: &World, now: Timestamp) -> Option<Attempt> {
        let position = self.startable().find(|(_, delivery)| delivery.due <= now)?.0;
        let delivery = &mut self.waiting[position];
        delivery.in_flight = true;
        delivery.held = None;
        delivery.attempts += 1;
        delivery.first_attempt.get_or_insert(now);
        Some(Attempt {
            id: delivery.id,
            chat: delivery.items[0].0,
            body: envelope(&world.accounts[delivery.account], delivery.time, &delivery.entries()),
            number: delivery.attempts,
            lost: std::mem::take(&mut delivery.lost),
        })
    }

    /// An attempt has ended. False when the delivery is no longer waiting: the world was reset meanwhile.
    pub(super) fn settle(&mut self, id: u64, delivered: bool, now: Timestamp) -> bool {
        let Some(position) = self.waiting.iter().position(|delivery| delivery.id == id) else { return false };
        let delivery = &mut self.waiting[position];
        delivery.in_flight = false;
        delivery.due = now + if delivered { Duration::ZERO } else { pause_after(delivery.attempts) };
        delivery.copies -= u32::from(delivered);
        let tried_for = delivery.due.since(delivery.first_attempt.unwrap_or(now));
        let given_up = tried_for > TRIED_FOR;
        if given_up {
            tracing::warn!(attempts = delivery.attempts, "a delivery is given up: the callback has failed for an hour");
        }
        if delivery.copies == 0 || given_up {
            self.waiting.remove(position);
        }
        true
    }

    /// When the next delivery may go, of those that wait for nothing but time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.startable().map(|(_, delivery)| delivery.due).min()
    }

    /// Whether nothing is under way, and nothing may go before the clock moves.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        self.waiting.iter().all(|delivery| !delivery.in_flight) && self.next_due().is_none_or(|due| due > now)
    }

    /// Forgets everything. Ids go on, so that an attempt under way cannot settle a later delivery.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The deliveries that are not under way and whose conversations have nothing before them.
    fn startable(&self) -> impl Iterator<Item = (usize, &Delivery)> {
        let mut taken = HashSet::new();
        self.waiting.iter().enumerate().filter(move |(_, delivery)| {
            let free = delivery.items.iter().all(|(chat, _)| !taken.contains(chat));
            taken.extend(delivery.items.iter().map(|(chat, _)| *chat));
            free && !delivery.in_flight
        })
    }

    /// Adds the item to a delivery that waits for one, unless it would overtake an event of its own conversation. Gives the
    /// item back when there is none. An item that is to be batched itself keeps the batch open for one more.
    fn join_batch(&mut self, chat: ChatKey, item: Value, fault: Option<PushFault>) -> Option<Value> {
        let open = |other: &Delivery| other.held == Some(Held::ForCompany) && other.account == chat.account;
        let Some(position) = self.waiting.iter().position(open) else { return Some(item) };
        if self.waiting.iter().skip(position + 1).any(|later| later.is_of(chat)) {
            return Some(item);
        }
        let batch = &mut self.waiting[position];
        batch.items.push((chat, item));
        if fault != Some(PushFault::Batch) {
            batch.held = None;
            batch.due = batch.time;
        }
        None
    }

    fn drop_oldest(&mut self) {
        if let Some(position) = self.waiting.iter().position(|delivery| !delivery.in_flight) {
            self.waiting.remove(position);
            tracing::warn!(most = MOST, "too many deliveries wait: the oldest is dropped");
        }
    }
}

impl Delivery {
    fn new(id: u64, chat: ChatKey, item: Value, now: Timestamp) -> Delivery {
        Delivery {
            id,
            account: chat.account,
            items: vec![(chat, item)],
            time: now,
            due: now,
            held: None,
            attempts: 0,
            first_attempt: None,
            copies: 1,
            lost: false,
            in_flight: false,
        }
    }

    fn strike(&mut self, fault: Option<PushFault>, now: Timestamp) {
        match fault {
            None => {}
            Some(PushFault::Duplicate) => self.copies = 2,
            Some(PushFault::DropThenRetry) => self.lost = true,
            Some(PushFault::Delay) => self.due = now + DELAY,
            Some(PushFault::Reorder) => self.hold(Held::ForSuccessor, now),
            Some(PushFault::Batch) => self.hold(Held::ForCompany, now),
        }
    }

    fn hold(&mut self, held: Held, now: Timestamp) {
        self.held = Some(held);
        self.due = now + PATIENCE;
    }

    fn is_of(&self, chat: ChatKey) -> bool {
        self.items.iter().any(|(other, _)| *other == chat)
    }

    /// The items of one conversation share an entry, so that a batch shows a receiver both lists with more than one element.
    fn entries(&self) -> Vec<Vec<&Value>> {
        self.items
            .chunk_by(|one, other| one.0 == other.0)
            .map(|chunk| chunk.iter().map(|(_, item)| item).collect())
            .collect()
    }
}

fn pause_after(attempts: u32) -> Duration {
    match attempts {
        0 | 1 => Duration::ZERO,
        _ => Duration::from_secs(1 << (attempts - 2).min(6)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ADA: ChatKey = ChatKey { account: 0, person: 0 };
    const BEN: ChatKey = ChatKey { account: 0, person: 1 };
    const START: Timestamp = Timestamp(1_000);

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

    fn queue(pushes: &[(ChatKey, i32, Option<PushFault>)]) -> Queue {
        let mut queue = Queue::default();
        for (chat, item, fault) in pushes {
            queue.push(*chat, json!(item), *fault, START);
        }
        queue
    }

    #[test]
    fn conversations_do_not_wait_for_each_other() {
        let mut queue = queue(&[(ADA, 1, None), (ADA, 2, None), (BEN, 3, None)]);
        assert_eq!(started(&mut queue, START), [(1, json!([[1]])), (3, json!([[3]]))]);
        assert!(queue.settle(1, true, START));
        assert_eq!(started(&mut queue, START), [(2, json!([[2]]))]);
        assert!(!queue.settle(1, true, START));
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
        let check = |pushes: &[(ChatKey, i32, Option<PushFault>)], at: Duration, expected: &[Value]| {
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
        for number in 0..=MOST {
            queue.push(ADA, json!(number), None, START);
        }
        assert_eq!(queue.waiting.len(), MOST);
        assert_eq!(started(&mut queue, START), [(2, json!([[1]]))]);
    }
}
