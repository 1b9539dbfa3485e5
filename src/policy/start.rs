//! P0: a conversation is started by the person, never by the business.

use super::{Facts, Refusal, Window};

/// P0.1. Who never did anything that opens a conversation is not written to.
pub(super) fn check(facts: &Facts) -> Result<&Window, Refusal> {
    facts.window.as_ref().ok_or(Refusal { rule: "P0.1", reason: "the person has not started this conversation" })
}
