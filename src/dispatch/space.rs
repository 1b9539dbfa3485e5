//! How many events an account takes on, and which.

use std::time::Duration;

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

/// How long a probe that does not end holds back an event that has not failed before: a relay that hangs on some people's events
/// may answer those of others.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// `free` of the account's slots are free. `patience` says until when the probe that is with the handler, if any, is waited for.
pub(super) fn space(capacity: Capacity, free: usize, patience: Option<Timestamp>, now: Timestamp) -> Space {
    let one = free.min(1);
    let probing = match capacity {
        Capacity::Unbounded => Probing::None,
        Capacity::Wary { .. } => Probing::Failed,
        Capacity::Probe { .. } => Probing::All,
    };
    // The loop is woken when a probe ends.
    let (slots, takes, changes_at) = match capacity {
        Capacity::Unbounded => (free, Takes::InOrder, None),
        Capacity::Wary { .. } if patience.is_some() => (free, Takes::FreshOnly, None),
        Capacity::Wary { from } if from <= now => (free, Takes::FreshFirst, None),
        Capacity::Wary { from } => (free, Takes::FreshOnly, Some(from)),
        Capacity::Probe { fresh_from, from } => match patience.map_or(fresh_from, |until| until.max(fresh_from)) {
            fresh_from if fresh_from > now => (0, Takes::FreshOnly, Some(fresh_from)),
            // The next one may be taken when this one has had its time.
            _ if patience.is_some() => (one, Takes::FreshOnly, Some(now + PATIENCE)),
            _ if from > now => (one, Takes::FreshOnly, Some(from.min(now + PATIENCE))),
            _ => (one, Takes::FreshFirst, Some(now + PATIENCE)),
        },
    };
    Space { slots, takes, probing, changes_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_is_not_there_is_given_one_event_at_a_time_and_sooner_one_that_has_not_failed() {
        let down = Capacity::Probe { fresh_from: Timestamp(20), from: Timestamp(30) };
        for (capacity, free, patience, now, slots, takes, changes_at) in [
            (Capacity::Unbounded, 7, None, 0, 7, Takes::InOrder, None),
            // The probe of an outage that is over holds nothing up.
            (Capacity::Unbounded, 7, Some(9), 0, 7, Takes::InOrder, None),
            (down, 7, None, 19, 0, Takes::FreshOnly, Some(20)),
            (down, 7, None, 20, 1, Takes::FreshOnly, Some(30)),
            (down, 7, None, 30, 1, Takes::FreshFirst, Some(2030)),
            (down, 0, None, 30, 0, Takes::FreshFirst, Some(2030)),
            // A probe that hangs holds up those that have failed, and others for a while.
            (down, 7, Some(32), 31, 0, Takes::FreshOnly, Some(32)),
            (down, 7, Some(32), 32, 1, Takes::FreshOnly, Some(2032)),
            (down, 7, Some(12), 15, 0, Takes::FreshOnly, Some(20)),
        ] {
            let found = space(capacity, free, patience.map(Timestamp), Timestamp(now));
            let found = (found.slots, found.takes, found.changes_at);
            assert_eq!(found, (slots, takes, changes_at.map(Timestamp)), "{capacity:?} {free} {patience:?} {now}");
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
            let found = space(wary, free, is_probed.then_some(Timestamp(now + 1)), Timestamp(now));
            let expected =
                Space { slots: free, takes, probing: Probing::Failed, changes_at: changes_at.map(Timestamp) };
            assert_eq!(found, expected, "{free} {is_probed} {now}");
        }
        assert!(Probing::Failed.holds(true) && !Probing::Failed.holds(false));
    }
}
