//! Tells an outage of the relay from events that fail by themselves: decisions alone, without a clock or a lock.
//!
//! - A call that gets no connection, or 502, 503 or 504, has met an outage (`Met::Absence`). Anything else that is no usable answer
//!   may be the event's fault. It is an outage only when the first tries of events of three conversations fail so in a row.
//! - A usable answer ends the outage; where the relay was not there, one to a call that began meanwhile. Until then events that have
//!   failed before are tried one at a time: after a second, then after pauses that double up to half a minute.
//! - An event that has not failed before may be one that the relay answers. Where the relay is there, such events are called as
//!   if it were up: as many at a time as the account has slots, without a pause. Where it is not there, they take turns with the
//!   others, one call at a time, and the next is tried at the latest two seconds after the last, be it that this hangs.
//! - An outage in which the relay was not there ends, too, when it answers anything but that it is unavailable: from then on
//!   the second half of the first rule holds.
//! - A call that began before the last change (down or up) changes nothing when it fails.
//! - A failure counts against its event when the relay is up after it. An absence counts, too, when the relay was well before:
//!   the event had failed already, its call began while the relay was up, and the last call to end before that had brought a
//!   usable answer. One event may crash a bot behind a proxy that then says 502. In a real outage no answer comes in between.

use std::time::Duration;

use crate::clock::Steady;
use crate::telemetry::DownBecause;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause before a relay that is not there is tried by an event that has not failed before.
const LONGEST_FRESH_PAUSE: Duration = Duration::from_secs(2);

/// How many conversations' events have to fail in a row.
const CONVERSATIONS: usize = 3;

/// What a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A usable answer.
    Answer,
    /// An answer of no use.
    Unusable,
    /// The connection broke, or the time for it was up.
    Silence,
    /// No relay, or one that says itself that it is unavailable.
    Absence,
}

/// A call under way.
#[derive(Clone, Debug)]
pub(super) struct Call {
    conversation: String,
    /// Whether an earlier try of its event has failed, for whatever reason.
    has_failed: bool,
    period: u64,
    /// Whether the relay was up and had just answered.
    began_well: bool,
}

/// What has just changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    GoesDown(DownBecause),
    /// It has been down since this moment.
    ComesUp(Steady),
}

/// Whether a relay is up, and what is known against it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// How often it has gone down or come up.
    period: u64,
    /// The conversations whose events' first tries have failed since the last usable answer.
    row: Vec<String>,
    /// Whether the last call to end brought a usable answer.
    has_answered: bool,
    down: Option<Down>,
}

#[derive(Clone, Copy, Debug)]
struct Down {
    since: Steady,
    because: DownBecause,
    pause: Duration,
    /// When an event that has not failed before may be tried. `None`: whenever there is a slot.
    fresh_from: Option<Steady>,
    /// When any event may be.
    from: Steady,
}

impl Standing {
    pub(super) fn begin(&self, conversation: String, has_failed: bool) -> Call {
        let began_well = self.down.is_none() && self.has_answered;
        Call { conversation, has_failed, period: self.period, began_well }
    }

    /// While it is down: from when an event that has not failed before may be tried (`None`: whenever there is a slot), and from
    /// when any event.
    pub(super) fn tried_from(&self) -> Option<(Option<Steady>, Steady)> {
        self.down.map(|down| (down.fresh_from, down.from))
    }

    pub(super) fn down_since(&self) -> Option<Steady> {
        self.down.map(|down| down.since)
    }

    /// A call has ended. What that changes, and whether it counts against the event.
    pub(super) fn met(&mut self, call: Call, met: Met, now: Steady) -> (Option<Change>, bool) {
        let absence_counts = call.has_failed && call.began_well;
        self.has_answered = met == Met::Answer;
        let change = self.change(call, met, now);
        let counts = match met {
            Met::Answer => false,
            Met::Absence => absence_counts,
            Met::Unusable | Met::Silence => self.down.is_none(),
        };
        (change, counts)
    }

    fn change(&mut self, call: Call, met: Met, now: Steady) -> Option<Change> {
        let is_old = call.period != self.period;
        let is_absent = self.down.is_some_and(|down| down.because == DownBecause::Unavailable);
        match (self.down, met) {
            // A relay that is being stopped still answers what it had taken on.
            (_, Met::Answer) if is_old && is_absent => None,
            (_, Met::Answer) => {
                self.row.clear();
                self.come_up()
            }
            _ if is_old => None,
            (None, Met::Absence) => Some(self.go_down(DownBecause::Unavailable, now)),
            (None, _) => self.count(call).then(|| self.go_down(DownBecause::EverythingFails, now)),
            (Some(_), Met::Unusable) if is_absent => {
                let change = self.come_up();
                self.count(call);
                change
            }
            (Some(down), _) => {
                self.down = Some(down.after(met, now));
                None
            }
        }
    }

    /// Counts a failure that may be the event's. Whether there are now as many in a row as make an outage.
    fn count(&mut self, call: Call) -> bool {
        if !call.has_failed && !self.row.contains(&call.conversation) {
            self.row.push(call.conversation);
        }
        self.row.len() >= CONVERSATIONS
    }

    fn go_down(&mut self, because: DownBecause, now: Steady) -> Change {
        self.period += 1;
        self.row.clear();
        let from = now + FIRST_PAUSE;
        let down = Down { since: now, because, pause: FIRST_PAUSE, fresh_from: None, from };
        self.down = Some(Down { fresh_from: down.fresh_from(now), ..down });
        Change::GoesDown(because)
    }

    fn come_up(&mut self) -> Option<Change> {
        let down = self.down.take()?;
        self.period += 1;
        Some(Change::ComesUp(down.since))
    }
}

impl Down {
    /// After another call that failed.
    fn after(mut self, met: Met, now: Steady) -> Down {
        if met == Met::Absence {
            self.because = DownBecause::Unavailable;
        }
        // The failures of first tries during the pause do not lengthen it.
        if self.from <= now {
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            self.from = now + self.pause;
        }
        self.fresh_from = self.fresh_from(now);
        self
    }

    fn fresh_from(&self, now: Steady) -> Option<Steady> {
        match self.because {
            DownBecause::EverythingFails => None,
            DownBecause::Unavailable => Some(self.from.min(now + LONGEST_FRESH_PAUSE)),
        }
    }
}

#[cfg(test)]
mod tests;
