//! How a call fails, by what the caller can do.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>

use std::time::Duration;

use crate::message::Reason;

/// A call that did not do what it was to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nothing left: it may be tried again.
    #[error("nothing was sent: {reason}")]
    NotSent {
        /// What happened.
        reason: Reason,
    },
    /// Too many calls: it may be tried again, after a while.
    #[error("too many calls: {reason}")]
    Throttled {
        /// How long Meta says to wait, where it does.
        after: Option<Duration>,
        /// Meta's code.
        reason: Reason,
    },
    /// Meta says no. It will say no again.
    #[error("Meta refused it: {reason}")]
    Rejected {
        /// Meta's code; 0 where it gave none.
        code: i64,
        /// Meta's subcode.
        subcode: Option<i64>,
        /// Both, for the operator.
        reason: Reason,
    },
    /// It may have arrived.
    #[error("it may have arrived: {reason}")]
    Doubt {
        /// Whether there was an answer at all.
        answered: bool,
        /// What happened.
        reason: Reason,
    },
}

impl CallError {
    /// What happened, in the operator's words, and in Meta's.
    pub fn reason(&self) -> &Reason {
        match self {
            CallError::NotSent { reason }
            | CallError::Throttled { reason, .. }
            | CallError::Rejected { reason, .. }
            | CallError::Doubt { reason, .. } => reason,
        }
    }
}

/// What Meta's error codes mean for a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It may have arrived all the same.
    Transient,
    /// Too many calls.
    Throttle,
    /// No.
    Definite,
}

/// Subcodes that make a definite answer of a code which otherwise is not one.
const DEFINITE: &[i64] = &[
    2_018_382, // 1: the form of an instant-form template
    2_018_344, // 2: the Page Contact Terms are not accepted
    2_018_354, // 4: too soon after the last marketing message
    2_018_338, // 613: the tags of this Page look like abuse
    1_893_016, // 613: too many opt-in requests
];

/// The class of a code. Whether Meta calls it transient, in words or by an HTTP 5xx, counts for codes that the table does
/// not know.
pub(super) fn class(code: i64, subcode: Option<i64>, is_transient: bool) -> Class {
    if subcode.is_some_and(|subcode| DEFINITE.contains(&subcode)) {
        return Class::Definite;
    }
    match code {
        -1 | 1 | 2 | 1200 => Class::Transient,
        4 | 17 | 32 | 341 | 613 | 80_001 | 80_002 | 80_005 | 80_006 => Class::Throttle,
        3 | 9 | 10 | 100 | 102 | 104 | 190 | 200..=299 | 368 | 551 | 2022 => Class::Definite,
        _ if is_transient => Class::Transient,
        _ => Class::Definite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i64, subcode: Option<i64>, is_transient: bool, expected: Class) {
        assert_eq!(class(code, subcode, is_transient), expected, "{code}/{subcode:?}");
    }

    #[test]
    fn codes_fall_into_the_classes_of_metas_table() {
        for code in [1, 2, 1200, -1] {
            check(code, None, false, Class::Transient);
        }
        for code in [4, 17, 32, 341, 613, 80_001, 80_002, 80_005, 80_006] {
            check(code, None, false, Class::Throttle);
        }
        for code in [10, 100, 190, 200, 230, 368, 551, 2022, 2_018_300, 36_103] {
            check(code, None, false, Class::Definite);
        }
        check(2, Some(2_018_344), false, Class::Definite);
        check(1, Some(2_018_382), false, Class::Definite);
        check(4, Some(2_018_354), false, Class::Definite);
        check(613, Some(2_018_338), false, Class::Definite);
        check(613, Some(2_534_040), false, Class::Throttle);
        check(100, Some(2_018_001), true, Class::Definite);
        check(99_999, None, true, Class::Transient);
        check(99_999, None, false, Class::Definite);
    }
}
