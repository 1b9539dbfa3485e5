//! How much a handler can take on, beside what its account may.

use crate::clock::Timestamp;

/// How many events a handler may have in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// As many as its account has slots.
    Unbounded,
    /// So many.
    AtMost(usize),
    /// None before this moment.
    NoneUntil(Timestamp),
}
