//! Which events a handler is given.

use std::fmt;
use std::sync::Arc;

use crate::id::AccountId;

/// Which events a handler is given. The others are kept and listed as done, and cost no turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// What it may answer, and what it can only observe.
    #[default]
    Everything,
    /// What it may answer.
    Acts,
    /// None, but for those to which an automated bot owes an answer.
    Nothing,
}

/// Tells the interest of an account's handler.
#[derive(Clone)]
pub struct Interests(Arc<dyn Fn(&AccountId) -> Interest + Send + Sync>);

impl Interests {
    /// As `of` tells.
    pub fn by(of: impl Fn(&AccountId) -> Interest + Send + Sync + 'static) -> Interests {
        Interests(Arc::new(of))
    }

    pub(crate) fn of(&self, account: &AccountId) -> Interest {
        (self.0)(account)
    }
}

impl Default for Interests {
    fn default() -> Interests {
        Interests::by(|_| Interest::Everything)
    }
}

impl fmt::Debug for Interests {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Interests")
    }
}
