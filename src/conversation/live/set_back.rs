//! What waits for its time, when the clock is set back: it must not wait for as much longer.
//!
//! Only what is open is moved. When events arrived and sends were settled stays as it was written.

use std::time::Duration;

use super::super::SendStatus;
use super::account::AccountValue;
use super::send::Remembered;
use super::value::Conversation;
use crate::clock::Timestamp;
use crate::policy::Signal;

impl Conversation {
    /// The clock was set back by so much: every time that it had given before is as much earlier. What was written between `since` and
    /// `now` has the right time.
    pub(crate) fn clock_was_set_back(&mut self, by: Duration, since: Timestamp, now: Timestamp) {
        let is_right = |written: Timestamp| written >= since && written <= now;
        for event in &mut self.events {
            if is_right(event.item.received_at) {
                continue;
            }
            event.due = event.due - by;
            event.first_failed_at = event.first_failed_at.map(|at| at - by);
            self.changes.events.insert(event.id);
        }
        let received: Vec<_> = self.events.iter().map(|event| (event.id, event.item.received_at)).collect();
        for wait in &mut self.waits {
            let received_at = received.iter().find(|(id, _)| *id == wait.event).map(|(_, at)| *at);
            if !received_at.is_some_and(is_right) {
                wait.clock_was_set_back(by);
                self.changes.image = true;
            }
        }
        for send in self.sends.iter_mut().filter_map(Remembered::whole_mut) {
            if send.state.has_ended() || is_right(send.state.at) {
                continue;
            }
            send.state.due = send.state.due - by;
            send.state.attempted_at = send.state.attempted_at.map(|at| at - by);
            send.state.doubted_since = send.state.doubted_since.map(|at| at - by);
            // Since when it is in doubt: the wait for its echo goes on from there.
            if send.state.status == SendStatus::InDoubt {
                send.state.at = send.state.at - by;
            }
            self.changes.sends.insert(send.id);
        }
    }

    /// A server starts: what is due later than `latest` was written by a clock that was ahead, and is due now. What happened later
    /// than now happened now.
    pub(crate) fn due_at_a_start(&mut self, latest: Timestamp, now: Timestamp) {
        for event in &mut self.events {
            let later = event.due > latest || event.first_failed_at.is_some_and(|at| at > now);
            if later {
                event.due = if event.due > latest { now } else { event.due };
                event.first_failed_at = event.first_failed_at.map(|at| at.min(now));
                self.changes.events.insert(event.id);
            }
        }
        for wait in &mut self.waits {
            self.changes.image |= wait.is_due_at_a_start(latest, now);
        }
        for send in self.sends.iter_mut().filter_map(Remembered::whole_mut).filter(|send| !send.state.has_ended()) {
            let state = &mut send.state;
            let before = (state.due, state.attempted_at, state.doubted_since, state.at);
            state.due = if state.due > latest { now } else { state.due };
            state.attempted_at = state.attempted_at.map(|at| at.min(now));
            state.doubted_since = state.doubted_since.map(|at| at.min(now));
            if state.status == SendStatus::InDoubt {
                state.at = state.at.min(now);
            }
            if before != (state.due, state.attempted_at, state.doubted_since, state.at) {
                self.changes.sends.insert(send.id);
            }
        }
    }
}

impl AccountValue {
    /// A block by an answer ends after an hour; what Meta's webhooks tell has Meta's time.
    pub(crate) fn clock_was_set_back(&mut self, by: Duration, since: Timestamp, now: Timestamp) {
        if let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.signal == Signal::Answer)
            && !(blocked.since >= since && blocked.since <= now)
        {
            blocked.since = blocked.since - by;
            self.is_changed = true;
        }
    }

    /// A server starts: what happened later than now happened now.
    pub(crate) fn due_at_a_start(&mut self, now: Timestamp) {
        if let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.signal == Signal::Answer)
            && blocked.since > now
        {
            blocked.since = now;
            self.is_changed = true;
        }
    }
}
