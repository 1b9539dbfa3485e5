//! How many events an account takes on, and which.

use crate::bot::Capacity;
use crate::clock::Timestamp;
use crate::store::Takes;

/// What an account may take now, and the next moment at which that changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) slots: usize,
    pub(super) takes: Takes,
    pub(super) probing: Probing,
    pub(super) changes_at: Option<Timestamp>,
}

/// Which events are probes: at most one of those is with the handler at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probing {
    None,
    Failed,
    All,
}

impl Probing {
    pub(super) fn holds(self, has_failed: bool) -> bool {
        match self {
            Probing::None => false,
            Probing::Failed => has_failed,
            Probing::All => true,
        }
    }
}

/// `free` of the account's slots are free. `is_probed` says whether a probe is with the handler.
pub(super) fn space(capacity: Capacity, free: usize, is_probed: bool, now: Timestamp) -> Space {
    let one = free.min(1);
    let probing = match capacity {
        Capacity::Unbounded => Probing::None,
        Capacity::Wary { .. } => Probing::Failed,
        Capacity::Probe { .. } => Probing::All,
    };
    // The loop is woken when a probe ends.
    let (slots, takes, changes_at) = match capacity {
        Capacity::Unbounded => (free, Takes::InOrder, None),
        Capacity::Wary { .. } if is_probed => (free, Takes::FreshOnly, None),
        Capacity::Wary { from } if from <= now => (free, Takes::FreshFirst, None),
        Capacity::Wary { from } => (free, Takes::FreshOnly, Some(from)),
        Capacity::Probe { .. } if is_probed => (0, Takes::FreshFirst, None),
        Capacity::Probe { from, .. } if from <= now => (one, Takes::FreshFirst, None),
        Capacity::Probe { fresh_from, from } if fresh_from <= now => (one, Takes::FreshOnly, Some(from)),
        Capacity::Probe { fresh_from, .. } => (0, Takes::FreshOnly, Some(fresh_from)),
    };
    Space { slots, takes, probing, changes_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_is_not_there_is_given_one_event_at_a_time_and_sooner_one_that_has_not_failed() {
        let down = Capacity::Probe { fresh_from: Timestamp(20), from: Timestamp(30) };
        for (capacity, free, is_probed, now, slots, takes, changes_at) in [
            (Capacity::Unbounded, 7, false, 0, 7, Takes::InOrder, None),
            // The probe of an outage that is over holds nothing up.
            (Capacity::Unbounded, 7, true, 0, 7, Takes::InOrder, None),
            (down, 7, false, 19, 0, Takes::FreshOnly, Some(20)),
            (down, 7, false, 20, 1, Takes::FreshOnly, Some(30)),
            (down, 7, false, 30, 1, Takes::FreshFirst, None),
            (down, 0, false, 30, 0, Takes::FreshFirst, None),
            (down, 7, true, 30, 0, Takes::FreshFirst, None),
        ] {
            let found = space(capacity, free, is_probed, Timestamp(now));
            let found = (found.slots, found.takes, found.changes_at);
            assert_eq!(found, (slots, takes, changes_at.map(Timestamp)), "{capacity:?} {free} {is_probed} {now}");
        }
    }

    #[test]
    fn a_handler_that_fails_many_is_given_all_that_have_not_failed_and_one_at_a_time_of_those_that_have() {
        let wary = Capacity::Wary { from: Timestamp(30) };
        for (free, is_probed, now, takes, changes_at) in [
            (7, false, 29, Takes::FreshOnly, Some(30)),
            (7, true, 29, Takes::FreshOnly, None),
            (7, false, 30, Takes::FreshFirst, None),
            (7, true, 30, Takes::FreshOnly, None),
            (0, false, 30, Takes::FreshFirst, None),
        ] {
            let found = space(wary, free, is_probed, Timestamp(now));
            let expected =
                Space { slots: free, takes, probing: Probing::Failed, changes_at: changes_at.map(Timestamp) };
            assert_eq!(found, expected, "{free} {is_probed} {now}");
        }
        assert!(Probing::Failed.holds(true) && !Probing::Failed.holds(false));
    }
}
