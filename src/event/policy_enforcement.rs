use serde::Deserialize;

use super::lenient;
use super::words::words;

/// `messaging_policy_enforcement`: Meta warned the account, blocked it, or let it go on.
///
/// Meta sends it when it enforces its policies on the account. It concerns no person.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_policy_enforcement>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PolicyEnforcement {
    /// What Meta does.
    #[serde(default)]
    pub action: EnforcementAction,
    /// Why; absent when a block ends.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub reason: Option<String>,
}

words! {
    /// What Meta does about an account.
    EnforcementAction {
        /// It warns.
        Warning = "warning",
        /// Nothing can be sent any more.
        Block = "block",
        /// Things can be sent again.
        Unblock = "unblock",
    }
}
