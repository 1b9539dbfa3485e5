//! How turns go on and end.

use crate::clock::Timestamp;
use crate::id::SendId;

/// A step that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenStep {
    /// A hash of what it said and remembers.
    pub hash: [u8; 32],
    /// What it said.
    pub sends: Vec<SendId>,
}

/// What becomes of an event whose handler failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again.
    Retry(Timestamp),
    /// It is given up.
    Dead,
    /// Its time is over, and the person was answered by other words: it is done.
    Done,
}
