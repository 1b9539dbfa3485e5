//! How many events an account takes on, and which.

use crate::bot::Capacity;
use crate::clock::Timestamp;
use crate::store::Takes;

/// What an account may take now, and the next moment at which that changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) slots: usize,
    pub(super) takes: Takes,
    pub(super) changes_at: Option<Timestamp>,
}

/// `free` of the account's slots are free. `is_probed` says whether an event is out to find out whether the handler works
/// again.
pub(super) fn space(capacity: Capacity, free: usize, is_probed: bool, now: Timestamp) -> Space {
    let one = free.min(1);
    let (slots, takes, changes_at) = match capacity {
        Capacity::Unbounded => (free, Takes::InOrder, None),
        // Its end changes what there is to know.
        Capacity::Probe { .. } if is_probed => (0, Takes::FreshFirst, None),
        Capacity::Probe { from, .. } if from <= now => (one, Takes::FreshFirst, None),
        Capacity::Probe { fresh_from, from } if fresh_from <= now => (one, Takes::FreshOnly, Some(from)),
        Capacity::Probe { fresh_from, .. } => (0, Takes::FreshOnly, Some(fresh_from)),
    };
    Space { slots, takes, changes_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_is_down_is_given_one_event_at_a_time_and_sooner_one_that_has_not_failed() {
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
            let expected = Space { slots, takes, changes_at: changes_at.map(Timestamp) };
            assert_eq!(found, expected, "{capacity:?} {free} {is_probed} {now}");
        }
    }
}
