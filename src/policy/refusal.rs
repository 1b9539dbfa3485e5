//! Why a send may not leave.

/// The rule that forbids it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's number.
    pub rule: &'static str,
    /// The rule in one sentence.
    pub reason: &'static str,
}

/// Refuses by a rule.
pub(super) fn refuse<T>(rule: &'static str, reason: &'static str) -> Result<T, Refusal> {
    Err(Refusal { rule, reason })
}
