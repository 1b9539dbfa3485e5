//! One delivery: what it carries, when it is due, and what is wrong with it.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;

use super::super::faults::PushFault;
use super::super::news::{News, envelope};
use super::super::world::{ChatKey, Lane, World};

/// How late the faults that delay deliver.
pub(super) const DELAY: Duration = Duration::from_secs(5);

/// How long `batch` and `reorder` wait for the event they need; then the delivery goes as if there were no fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// For how long a delivery is tried.
pub(super) const TRIED_FOR: Duration = Duration::from_secs(3600);

pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct QueuedPush {
    /// More than one only for the `batch` fault.
    pub(super) news: Vec<(Lane, News)>,
    pub(super) time: Timestamp,
    pub(super) due: Timestamp,
    /// Under which moment it is among those that are ready.
    pub(super) ready_at: Option<Timestamp>,
    /// What it waits for besides its time.
    pub(super) held: Option<Held>,
    pub(super) attempts: u32,
    pub(super) first_attempt: Option<Timestamp>,
    /// How often it is still to be delivered.
    pub(super) copies: u32,
    /// The next attempt never arrives.
    pub(super) lost: bool,
    pub(super) in_flight: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    ForCompany,
    ForSuccessor,
}

impl QueuedPush {
    pub(super) fn new(lane: Lane, news: News, fault: Option<PushFault>, now: Timestamp) -> QueuedPush {
        let mut delivery = QueuedPush {
            news: vec![(lane, news)],
            time: now,
            due: now,
            ready_at: None,
            held: None,
            attempts: 0,
            first_attempt: None,
            copies: 1,
            lost: false,
            in_flight: false,
        };
        match fault {
            // Never queued, or changed before.
            None
            | Some(
                PushFault::EchoLost
                | PushFault::EchoOtherId
                | PushFault::EditBeside
                | PushFault::EditAlone
                | PushFault::EditBare
                | PushFault::HalfSurrogate,
            ) => {}
            Some(PushFault::Duplicate) => delivery.copies = 2,
            Some(PushFault::DropThenRetry) => delivery.lost = true,
            Some(PushFault::Delay | PushFault::EchoLate) => delivery.due = now + DELAY,
            Some(PushFault::Reorder) => delivery.hold(Held::ForSuccessor, now),
            Some(PushFault::Batch) => delivery.hold(Held::ForCompany, now),
        }
        delivery
    }

    fn hold(&mut self, held: Held, now: Timestamp) {
        self.held = Some(held);
        self.due = now + PATIENCE;
    }

    /// It waits for nothing but its lanes any more.
    pub(super) fn release(&mut self, due: Timestamp) {
        self.held = None;
        self.due = due;
    }

    /// The lanes it stands in. One of them may come twice.
    pub(super) fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.news.iter().map(|(lane, _)| *lane)
    }

    /// The messages of people in it, each with its conversation.
    pub(super) fn messages(&self) -> Vec<(ChatKey, String)> {
        let message = |(lane, news): &(Lane, News)| Some((lane.chat()?, news.brings()?.to_owned()));
        self.news.iter().filter_map(message).collect()
    }

    /// The next attempt begins. Returns whether it is to be lost on the way.
    pub(super) fn begin(&mut self, now: Timestamp) -> bool {
        self.in_flight = true;
        self.held = None;
        self.ready_at = None;
        self.attempts += 1;
        self.first_attempt.get_or_insert(now);
        std::mem::take(&mut self.lost)
    }

    /// The attempt has ended.
    pub(super) fn end(&mut self, delivered: bool, now: Timestamp) -> Ended {
        self.in_flight = false;
        self.due = now + if delivered { Duration::ZERO } else { pause_after(self.attempts) };
        self.copies -= u32::from(delivered);
        let first_attempt = self.first_attempt.unwrap_or(now);
        if self.copies == 0 {
            Ended::Done
        } else if self.due.since(first_attempt) > TRIED_FOR {
            Ended::GivenUp { first_attempt }
        } else {
            Ended::Again
        }
    }

    /// The body. The items of one lane and list share an entry, so that a batch shows a receiver both lists with more than
    /// one element.
    pub(super) fn body(&self, world: &World) -> Value {
        let same = |one: &(Lane, News), other: &(Lane, News)| one.0 == other.0 && one.1.list == other.1.list;
        let entries: Vec<(usize, Vec<&News>)> = self
            .news
            .chunk_by(same)
            .map(|chunk| (chunk[0].0.account, chunk.iter().map(|(_, news)| news).collect()))
            .collect();
        envelope(world, self.time, &entries)
    }
}

/// What becomes of a delivery after an attempt.
pub(super) enum Ended {
    /// It has arrived, as often as it was to.
    Done,
    /// It goes again.
    Again,
    /// It has failed for too long.
    GivenUp { first_attempt: Timestamp },
}

fn pause_after(attempts: u32) -> Duration {
    match attempts {
        0 | 1 => Duration::ZERO,
        _ => Duration::from_secs(1 << (attempts - 2).min(6)).min(LONGEST_PAUSE),
    }
}
