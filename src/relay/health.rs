//! Whether the relay is at work: what its calls meet, kept and made known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::history::History;
use super::outage::{self, Change, Met, Standing};
use crate::bot::{Capacity, Turn};
use crate::clock::{Clock, Timestamp};
use crate::telemetry::RelaySign;

/// One account's relay, as its calls find it.
#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
    sign: RelaySign,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    history: History,
}

/// A call under way. One that is dropped has had no answer in its time.
pub(super) struct Call {
    health: Arc<Health>,
    clock: Clock,
    call: outage::Call,
    met: Met,
}

impl Health {
    pub(super) fn new(sign: RelaySign) -> Health {
        Health { state: Mutex::new(State { standing: Standing::default(), history: History::default() }), sign }
    }

    pub(super) fn begin(self: &Arc<Health>, turn: &Turn, clock: &Clock) -> Call {
        let conversation = turn.person.as_ref().map_or_else(|| turn.id.to_string(), ToString::to_string);
        let call = self.lock().standing.begin(conversation, turn.has_failed);
        Call { health: Arc::clone(self), clock: clock.clone(), call, met: Met::Silence }
    }

    pub(super) fn capacity(&self, clock: &Clock) -> Capacity {
        match self.lock().standing.probes_from() {
            None => Capacity::Unbounded,
            Some((fresh_from, from)) => Capacity::Probe { fresh_from: clock.at(fresh_from), from: clock.at(from) },
        }
    }

    pub(super) fn down_within(&self, from: Timestamp, to: Timestamp, clock: &Clock) -> Duration {
        let state = self.lock();
        state.history.within(to.since(from), clock.steady(), state.standing.down_since())
    }

    fn ended(&self, call: outage::Call, met: Met, clock: &Clock) {
        let (mut state, steady, now) = (self.lock(), clock.steady(), clock.now());
        // Told under the lock, so that what is told last is how it is.
        match state.standing.met(call, met, steady) {
            Some(Change::GoesDown(because)) => self.sign.goes_down(because, now),
            Some(Change::ComesUp(since)) => {
                state.history.add(since, steady);
                self.sign.comes_up(steady.since(since));
            }
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(super) fn ended(mut self, met: Met) {
        self.met = met;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.health.ended(self.call.clone(), self.met, &self.clock);
    }
}
