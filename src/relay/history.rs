//! When a relay was down, so that what is timed can leave that out.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Steady;

/// How many outages are told apart. Of more, the oldest two become one: an event may then be tried for longer, never for less.
const MOST: usize = 256;

/// The outages that have ended, in order.
#[derive(Debug)]
pub(super) struct History(VecDeque<Outage>);

#[derive(Clone, Copy, Debug)]
struct Outage {
    from: Steady,
    to: Steady,
}

/// Begins with none that took any time, for the others to become one with.
impl Default for History {
    fn default() -> History {
        History([Outage { from: Steady::default(), to: Steady::default() }].into())
    }
}

impl History {
    pub(super) fn add(&mut self, from: Steady, to: Steady) {
        if self.0.len() == MOST
            && let Some(oldest) = self.0.pop_front()
            && let Some(next) = self.0.front_mut()
        {
            next.from = oldest.from;
        }
        self.0.push_back(Outage { from, to });
    }

    /// How much of the last `age` before `to` lay in an outage. `down_since` is the beginning of the one that still lasts.
    ///
    /// The time before this process counts as an outage, however long it was: it may have been one, and no event may die of an
    /// outage. So a failing event dies only in a process that runs for as long as events are tried.
    pub(super) fn within(&self, age: Duration, to: Steady, down_since: Option<Steady>) -> Duration {
        let since_start = to.since(Steady::default());
        let before_start = age.saturating_sub(since_start);
        let from = Steady::default() + since_start.saturating_sub(age);
        let lasting = down_since.map(|since| Outage { from: since, to });
        let outages = self.0.iter().copied().chain(lasting);
        outages.map(|outage| outage.to.min(to).since(outage.from.max(from))).sum::<Duration>() + before_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: u64) -> Steady {
        Steady::default() + Duration::from_secs(second)
    }

    #[test]
    fn only_what_lies_within_is_counted() {
        let mut history = History::default();
        history.add(at(20), at(25));
        history.add(at(40), at(41));
        for (age, to, down_since, seconds) in [
            (10, 20, None, 0),
            (25, 20, None, 5),
            (40, 50, None, 6),
            (2, 24, None, 2),
            (17, 41, None, 2),
            (24, 50, Some(45), 6),
            (3, 50, Some(45), 3),
            (0, 50, Some(45), 0),
        ] {
            let found = history.within(SECOND * age, at(to), down_since.map(at));
            assert_eq!(found, SECOND * seconds, "{age} {to} {down_since:?}");
        }
    }

    #[test]
    fn of_very_many_the_oldest_become_one() {
        let mut history = History::default();
        for number in 1..1_000 {
            history.add(at(10 * number), at(10 * number + 1));
        }
        assert_eq!(history.0.len(), MOST);
        assert_eq!(history.within(100 * SECOND, at(10_000), None), 10 * SECOND);
        assert_eq!(history.within(99 * SECOND, at(100), None), 99 * SECOND, "what is forgotten counts as an outage");
    }
}
