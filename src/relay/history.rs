//! When a relay was down, so that what is timed can leave that out.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// How many outages are told apart. Of more, the oldest two become one: an event may then be tried for longer, never for less.
const MOST: usize = 256;

/// The outages that have ended, in order.
#[derive(Debug)]
pub(super) struct History(VecDeque<Outage>);

#[derive(Clone, Copy, Debug)]
struct Outage {
    from: Timestamp,
    to: Timestamp,
}

impl History {
    /// What was before `start` counts as an outage: this process cannot know.
    pub(super) fn from(start: Timestamp) -> History {
        History([Outage { from: Timestamp(i64::MIN), to: start }].into())
    }

    pub(super) fn add(&mut self, from: Timestamp, to: Timestamp) {
        if self.0.len() == MOST
            && let Some(oldest) = self.0.pop_front()
            && let Some(next) = self.0.front_mut()
        {
            next.from = oldest.from;
        }
        self.0.push_back(Outage { from, to });
    }

    /// How much of the time from `from` to `to` lay in an outage. `down_since` is the beginning of the one that still lasts.
    pub(super) fn within(&self, from: Timestamp, to: Timestamp, down_since: Option<Timestamp>) -> Duration {
        let lasting = down_since.map(|since| Outage { from: since, to });
        let outages = self.0.iter().copied().chain(lasting);
        outages.map(|outage| outage.to.min(to).since(outage.from.max(from))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1000)
    }

    #[test]
    fn only_what_lies_within_is_counted() {
        let mut history = History::from(at(10));
        history.add(at(20), at(25));
        history.add(at(40), at(41));
        for (from, to, down_since, seconds) in [
            (10, 20, None, 0),
            (5, 20, None, 5),
            (0, 10, None, 10),
            (10, 50, None, 6),
            (22, 24, None, 2),
            (24, 41, None, 2),
            (26, 50, Some(45), 6),
            (47, 50, Some(45), 3),
            (50, 50, Some(45), 0),
        ] {
            let found = history.within(at(from), at(to), down_since.map(at));
            assert_eq!(found, SECOND * seconds, "{from} {to} {down_since:?}");
        }
    }

    #[test]
    fn of_very_many_the_oldest_become_one() {
        let mut history = History::from(at(0));
        for number in 1..1_000 {
            history.add(at(10 * number), at(10 * number + 1));
        }
        assert_eq!(history.0.len(), MOST);
        assert_eq!(history.within(at(9_900), at(10_000), None), 10 * SECOND);
        assert_eq!(history.within(at(1), at(100), None), 99 * SECOND, "what is forgotten counts as an outage");
    }
}
