//! How much a handler can take on, beside what its account may.

use crate::clock::Timestamp;

/// How many events a handler may have in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// As many as its account has slots.
    Unbounded,
    /// The handler fails many events and is there. An event that has not failed before goes on as ever; those that have failed
    /// are tried one at a time.
    Wary {
        /// From when the next of those may be tried.
        from: Timestamp,
    },
    /// The handler is not there. One event at a time finds out whether it works again.
    Probe {
        /// From when that may be an event that has not failed before.
        fresh_from: Timestamp,
        /// From when it may be any event: not before `fresh_from`.
        from: Timestamp,
    },
}
