//! How long handlers took, event by event, for who looks at one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;

use crate::id::EventId;

/// How many events are remembered: more than a list shows at once.
const KEPT: usize = 1000;

/// How long the last try of each of the last events took. Kept in memory alone. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct HandlerTimes(Arc<Mutex<Times>>);

#[derive(Debug, Default)]
struct Times {
    took: HashMap<EventId, Duration>,
    oldest_first: VecDeque<EventId>,
}

impl HandlerTimes {
    /// An event's handler has ended, or was given up, after this time.
    pub fn note(&self, event: EventId, took: Duration) {
        let mut times = self.lock();
        if times.took.insert(event, took).is_some() {
            return;
        }
        times.oldest_first.push_back(event);
        if times.oldest_first.len() > KEPT
            && let Some(oldest) = times.oldest_first.pop_front()
        {
            times.took.remove(&oldest);
        }
    }

    /// How long the last try of this event took. `None` where it was not tried, or too long ago.
    pub fn of(&self, event: EventId) -> Option<Duration> {
        self.lock().took.get(&event).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_of_the_last_events_is_remembered() {
        let (times, millis) = (HandlerTimes::default(), Duration::from_millis);
        times.note(EventId(1), millis(7));
        times.note(EventId(1), millis(9));
        assert_eq!((times.of(EventId(1)), times.of(EventId(2))), (Some(millis(9)), None));
        let last = i64::try_from(KEPT).expect("a small number") + 1;
        (2..=last).for_each(|id| times.note(EventId(id), millis(1)));
        assert_eq!((times.of(EventId(1)), times.of(EventId(2))), (None, Some(millis(1))));
        assert_eq!(times.lock().took.len(), KEPT);
    }
}
