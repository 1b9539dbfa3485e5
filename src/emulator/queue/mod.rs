//! The deliveries that wait for the callback: in which order, and when.
//!
//! Deliveries of one lane (a conversation, or what concerns an account as a whole) go one after the other; one that fails
//! holds up its own lane and no other. What has failed is tried again at once, then after growing pauses for an hour, then
//! given up; an account for which nothing has arrived in that hour is not delivered to any more. Nothing here does I/O, and
//! nothing looks at more than what it moves.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#validate-webhooks>

mod delivery;
mod looks;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::Value;

use crate::clock::Timestamp;

use super::faults::PushFault;
use super::news::News;
use super::world::{ChatKey, Lane, World};

use delivery::{Ended, Held, QueuedPush};
use looks::Looks;

/// The most deliveries that wait; the oldest makes room.
const MOST: usize = 50_000;

/// The most items in one delivery.
const LARGEST_BATCH: usize = 1_000;

/// The waiting deliveries.
#[derive(Default)]
pub(super) struct Queue {
    /// By id, which grows with each.
    waiting: BTreeMap<u64, QueuedPush>,
    next: u64,
    /// The ids in each lane, the next to go first. A batch stands in several.
    lanes: HashMap<Lane, VecDeque<u64>>,
    /// What is not under way and is the first in all its lanes, by when it is due.
    ready: BTreeSet<(Timestamp, u64)>,
    in_flight: usize,
    /// The last delivery that was held for company, by the object it tells of. It may have gone.
    open_batch: BTreeMap<&'static str, u64>,
    /// The last delivery of each lane that was held for its successor. It may have gone.
    overtakable: HashMap<Lane, u64>,
    /// When the callback last accepted something of an account.
    accepted: BTreeMap<usize, Timestamp>,
    looks: Looks,
}

/// One attempt to be made.
pub(super) struct Attempt {
    /// What [`Queue::settle`] wants back.
    pub(super) id: u64,
    /// That of the first item.
    pub(super) lane: Lane,
    /// The envelope.
    pub(super) body: Value,
    /// The messages of people in it, each with its conversation.
    pub(super) messages: Vec<(ChatKey, String)>,
    /// From 1.
    pub(super) number: u32,
    /// The request is to be lost on the way.
    pub(super) lost: bool,
}

/// What an attempt has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// The delivery is not waiting any more: the world was reset, or its account unsubscribed.
    Forgotten,
    /// It has arrived, or goes again.
    Kept,
    /// It is given up. For these accounts nothing has arrived since it was first tried, and what waited for them is
    /// forgotten.
    GivenUp { unsubscribed: Vec<usize> },
}

impl Queue {
    /// Queues an event.
    pub(super) fn push(&mut self, lane: Lane, news: News, fault: Option<PushFault>, now: Timestamp) {
        if self.waiting.len() >= MOST {
            self.drop_oldest();
        }
        let Some(news) = self.join_batch(lane, news, fault) else { return };
        self.next += 1;
        let (id, object) = (self.next, news.object);
        let delivery = QueuedPush::new(lane, news, fault, now);
        let overtaken = self.overtakable.remove(&lane).filter(|other| self.is_held(*other, Held::ForSuccessor));
        match delivery.held {
            Some(Held::ForCompany) => drop(self.open_batch.insert(object, id)),
            Some(Held::ForSuccessor) => drop(self.overtakable.insert(lane, id)),
            None => {}
        }
        self.waiting.insert(id, delivery);
        let queue = self.lanes.entry(lane).or_default();
        let place = overtaken.and_then(|other| queue.iter().rposition(|id| *id == other));
        queue.insert(place.unwrap_or(queue.len()), id);
        if let Some(other) = overtaken {
            self.release(other, now);
        }
        self.list(id);
    }

    /// Takes the next delivery that may go now and marks it as under way.
    pub(super) fn start(&mut self, world: &World, now: Timestamp) -> Option<Attempt> {
        let id = self.ready.first().filter(|(due, _)| *due <= now)?.1;
        self.ready.pop_first();
        let delivery = self.waiting.get_mut(&id).expect("what is ready is waiting");
        self.in_flight += 1;
        let lost = delivery.begin(now);
        let lane = delivery.news[0].0;
        let (body, messages, number) = (delivery.body(world), delivery.messages(), delivery.attempts);
        Some(Attempt { id, lane, body, messages, number, lost })
    }

    /// An attempt has ended.
    pub(super) fn settle(&mut self, id: u64, delivered: bool, now: Timestamp) -> Settled {
        let Some(delivery) = self.waiting.get_mut(&id) else { return Settled::Forgotten };
        self.in_flight -= 1;
        let ended = delivery.end(delivered, now);
        let accounts: BTreeSet<usize> = delivery.lanes().map(|lane| lane.account).collect();
        if delivered {
            self.accepted.extend(accounts.iter().map(|account| (*account, now)));
        }
        match ended {
            Ended::Again => {
                self.list(id);
                Settled::Kept
            }
            Ended::Done => {
                self.remove(id);
                Settled::Kept
            }
            Ended::GivenUp { first_attempt } => {
                self.remove(id);
                let deaf = |account: &usize| self.accepted.get(account).is_none_or(|at| *at <= first_attempt);
                let unsubscribed: Vec<usize> = accounts.into_iter().filter(deaf).collect();
                let is_of = |delivery: &QueuedPush, account| delivery.lanes().all(|lane| lane.account == account);
                unsubscribed.iter().for_each(|account| self.forget(|delivery| is_of(delivery, *account)));
                Settled::GivenUp { unsubscribed }
            }
        }
    }

    /// When the next delivery may go, of those that wait for nothing but time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.ready.first().map(|(due, _)| *due)
    }

    /// Whether nothing is under way, and nothing may go before the clock moves.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        self.in_flight == 0 && self.next_due().is_none_or(|due| due > now)
    }

    /// Whether nothing is under way, and nothing will go however long one waits.
    pub(super) fn is_done(&self) -> bool {
        self.in_flight == 0 && self.next_due().is_none()
    }

    /// Forgets everything. Ids go on, so that an attempt under way cannot settle a later delivery.
    pub(super) fn clear(&mut self) {
        *self = Queue { next: self.next, ..Queue::default() };
    }

    /// There is another callback: what has failed at the one before does not wait for its next attempt.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        let has_failed = |delivery: &QueuedPush| delivery.attempts > 0 && !delivery.in_flight;
        let failed = self.waiting.iter().filter(|(_, delivery)| has_failed(delivery)).map(|(id, _)| *id);
        failed.collect::<Vec<_>>().into_iter().for_each(|id| self.release(id, now));
    }

    /// Adds the item to a delivery that waits for one, unless it would overtake an event of its own lane. Gives the item back
    /// when there is none. An item that is to be batched itself keeps the batch open for one more.
    fn join_batch(&mut self, lane: Lane, news: News, fault: Option<PushFault>) -> Option<News> {
        let open = self.open_batch.get(news.object).copied().filter(|id| self.is_held(*id, Held::ForCompany));
        let Some(id) = open else { return Some(news) };
        let last = self.lanes.get(&lane).and_then(VecDeque::back).copied();
        if last.is_some_and(|last| last > id) {
            return Some(news);
        }
        if last != Some(id) {
            self.lanes.entry(lane).or_default().push_back(id);
        }
        let batch = self.waiting.get_mut(&id).expect("what is held is waiting");
        batch.news.push((lane, news));
        if fault != Some(PushFault::Batch) || batch.news.len() == LARGEST_BATCH {
            batch.release(batch.time);
        }
        self.list(id);
        None
    }

    fn is_held(&self, id: u64, held: Held) -> bool {
        self.waiting.get(&id).is_some_and(|delivery| delivery.held == Some(held))
    }

    fn release(&mut self, id: u64, now: Timestamp) {
        if let Some(delivery) = self.waiting.get_mut(&id) {
            delivery.release(now);
        }
        self.list(id);
    }

    /// Puts a delivery among those that are ready, or takes it from there, as its place in its lanes has become.
    fn list(&mut self, id: u64) {
        self.looks.add(1);
        let Some(delivery) = self.waiting.get_mut(&id) else { return };
        if let Some(due) = delivery.ready_at.take() {
            self.ready.remove(&(due, id));
        }
        let is_first = |lane: Lane| self.lanes.get(&lane).and_then(VecDeque::front) == Some(&id);
        if !delivery.in_flight && delivery.lanes().all(is_first) {
            delivery.ready_at = Some(delivery.due);
            self.ready.insert((delivery.due, id));
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(delivery) = self.waiting.remove(&id) else { return };
        self.in_flight -= usize::from(delivery.in_flight);
        if let Some(due) = delivery.ready_at {
            self.ready.remove(&(due, id));
        }
        for lane in delivery.lanes() {
            let Entry::Occupied(mut queue) = self.lanes.entry(lane) else { continue };
            let place = queue.get().iter().position(|other| *other == id);
            self.looks.add(place.map_or(queue.get().len(), |place| place + 1));
            if let Some(place) = place {
                queue.get_mut().remove(place);
            }
            match queue.get().front().copied() {
                Some(next) => self.list(next),
                None => drop(queue.remove()),
            }
        }
    }

    fn drop_oldest(&mut self) {
        let mut waiting = self.waiting.iter().inspect(|_| self.looks.add(1));
        let oldest = waiting.find(|(_, delivery)| !delivery.in_flight).map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.remove(id);
            tracing::warn!(most = MOST, "too many deliveries wait: the oldest is dropped");
        }
    }

    /// Forgets what tells of this kind of object.
    pub(super) fn forget_object(&mut self, object: &str) {
        self.forget(|delivery| delivery.news.iter().all(|(_, news)| news.object == object));
    }

    fn forget(&mut self, is_its: impl Fn(&QueuedPush) -> bool) {
        let ids: Vec<u64> = self.waiting.iter().filter(|(_, delivery)| is_its(delivery)).map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.remove(id));
    }
}
