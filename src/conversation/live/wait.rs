//! A person who waits for an answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{EventId, SendId};

/// A person waits for an answer to this event, or has one that may still fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub(super) event: EventId,
    pub(super) happened_at: Timestamp,
    /// Until when; none while an answer is counted on.
    pub(super) by: Option<Timestamp>,
    /// Until when it was, before an answer was counted on.
    pub(super) was_by: Option<Timestamp>,
    /// The send that is to be the answer; none where the account has another one.
    pub(super) answered_by: Option<SendId>,
    /// Whether it came back: it does once.
    pub(super) is_restored: bool,
    /// The event's end, where it has come to one.
    pub(super) ended: Option<Ended>,
    /// Whether the clock was set back since it began.
    pub(super) is_moved: bool,
}

/// How an event that a person waits for has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ended {
    Done,
    Dead,
}

impl Wait {
    /// One that has just begun.
    pub(super) fn new(event: EventId, happened_at: Timestamp, by: Timestamp) -> Wait {
        let by = Some(by);
        Wait {
            event,
            happened_at,
            by,
            was_by: None,
            answered_by: None,
            is_restored: false,
            ended: None,
            is_moved: false,
        }
    }

    pub(super) fn clock_was_set_back(&mut self, by: Duration) {
        self.by = self.by.map(|until| until - by);
        self.is_moved = true;
    }

    /// What is due later than `latest` is due now. True where that changes it.
    pub(super) fn is_due_at_a_start(&mut self, latest: Timestamp, now: Timestamp) -> bool {
        let is_later = self.by.is_some_and(|by| by > latest);
        if is_later {
            (self.by, self.is_moved) = (Some(now), true);
        }
        is_later
    }

    /// One that an older release kept. `times`: until when it lasts, and until when it did before an answer was counted on.
    pub(super) fn former(
        event: EventId,
        happened_at: Timestamp,
        times: (Option<Timestamp>, Option<Timestamp>),
        answered_by: Option<SendId>,
        is_restored: bool,
        ended_well: Option<bool>,
    ) -> Wait {
        let ended = ended_well.map(|well| if well { Ended::Done } else { Ended::Dead });
        Wait { event, happened_at, by: times.0, was_by: times.1, answered_by, is_restored, ended, is_moved: true }
    }

    /// Whether it is as it was when it began.
    pub(super) fn is_untouched(&self) -> bool {
        self.by.is_some() && self.was_by.is_none() && !self.is_restored && self.ended.is_none() && !self.is_moved
    }

    pub(super) fn answered(&mut self, send: Option<SendId>) -> bool {
        let Some(by) = self.by.take() else { return false };
        (self.was_by, self.answered_by) = (Some(by), send);
        true
    }
}
