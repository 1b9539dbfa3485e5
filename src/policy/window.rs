//! P1: the standard messaging window.

use std::time::Duration;

use super::{Refusal, Window};
use crate::clock::Timestamp;

/// P1.1. How long the business may write after the person did something.
pub const LENGTH: Duration = Duration::from_secs(24 * 3600);

/// P1.1. Inside the window anything may be said, promotional or not (P1.11); outside it, nothing without another right.
pub(super) fn check(window: &Window, now: Timestamp) -> Result<(), Refusal> {
    if window.is_open(now) {
        return Ok(());
    }
    Err(Refusal { rule: "P1.1", reason: "more than 24 hours have passed since the person last opened the window" })
}
