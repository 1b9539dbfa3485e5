//! Whether the relay is at work: what its calls meet, kept and made known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::history::History;
use super::outage::{self, Change, Met, Standing};
use crate::bot::{Capacity, Turn};
use crate::clock::{Clock, Timestamp};
use crate::id::EventId;
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
    /// The tries whose turns have not asked yet what became of them. One that was answered is not among them.
    tries: HashMap<TryId, Try>,
}

/// An event and the number of its try.
pub(super) type TryId = (EventId, u32);

#[derive(Debug)]
enum Try {
    UnderWay(outage::Call),
    Failed { counts: bool },
}

/// A call under way. One that is dropped has had no answer in its time.
pub(super) struct Call {
    health: Arc<Health>,
    clock: Clock,
    id: TryId,
    met: Met,
}

impl Health {
    pub(super) fn new(sign: RelaySign) -> Health {
        let (standing, history, tries) = (Standing::default(), History::default(), HashMap::new());
        Health { state: Mutex::new(State { standing, history, tries }), sign }
    }

    pub(super) fn begin(self: &Arc<Health>, turn: &Turn, clock: &Clock) -> Call {
        let conversation = turn.person.as_ref().map_or_else(|| turn.id.to_string(), ToString::to_string);
        let (mut state, id) = (self.lock(), (turn.id, turn.attempt));
        let call = state.standing.begin(conversation, turn.has_failed);
        state.tries.insert(id, Try::UnderWay(call));
        Call { health: Arc::clone(self), clock: clock.clone(), id, met: Met::Silence }
    }

    pub(super) fn capacity(&self, clock: &Clock) -> Capacity {
        match self.lock().standing.tried_from() {
            None => Capacity::Unbounded,
            Some((None, from)) => Capacity::Wary { from: clock.at(from) },
            Some((Some(fresh_from), from)) => {
                Capacity::Probe { fresh_from: clock.at(fresh_from), from: clock.at(from) }
            }
        }
    }

    pub(super) fn down_within(&self, from: Timestamp, to: Timestamp, clock: &Clock) -> Duration {
        let state = self.lock();
        state.history.within(to.since(from), clock.steady(), state.standing.down_since())
    }

    /// A try has failed, for whatever reason. Whether that counts against its event. A call that is still under way has had no
    /// answer in its time.
    pub(super) fn failed(&self, id: TryId, clock: &Clock) -> bool {
        let mut state = self.lock();
        match state.tries.remove(&id) {
            Some(Try::UnderWay(call)) => self.ended(&mut state, call, Met::Silence, clock),
            Some(Try::Failed { counts }) => counts,
            // The relay was not asked, or it answered, and the failure came after that.
            None => true,
        }
    }

    /// A call has ended. One whose turn has given it up has ended before.
    fn call_ended(&self, id: TryId, met: Met, clock: &Clock) {
        let mut state = self.lock();
        if let Some(Try::UnderWay(call)) = state.tries.remove(&id) {
            let counts = self.ended(&mut state, call, met, clock);
            if met != Met::Answer {
                state.tries.insert(id, Try::Failed { counts });
            }
        }
    }

    /// Whether it counts against the call's event.
    fn ended(&self, state: &mut State, call: outage::Call, met: Met, clock: &Clock) -> bool {
        let (steady, now) = (clock.steady(), clock.now());
        let (change, counts) = state.standing.met(call, met, steady);
        // Told under the lock, so that what is told last is how it is.
        match change {
            Some(Change::GoesDown(because)) => self.sign.goes_down(because, now),
            Some(Change::ComesUp(since)) => {
                state.history.add(since, steady);
                self.sign.comes_up(steady.since(since));
            }
            None => {}
        }
        counts
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
        self.health.call_ended(self.id, self.met, &self.clock);
    }
}
