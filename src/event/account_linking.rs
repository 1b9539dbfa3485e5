use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::secret::Secret;

/// `messaging_account_linking`: a person linked their account with the business to the conversation, or unlinked it.
///
/// Meta sends it after the Log In or Log Out button. A link is given up by Meta when the webhook is not answered 200.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_account_linking>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AccountLinking {
    /// Linked or unlinked.
    #[serde(default)]
    pub status: LinkStatus,
    /// What the business's login page gave to Meta, to tell whose account it is; only when linked.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub authorization_code: Option<Secret>,
}

words! {
    /// Whether an account is linked.
    LinkStatus {
        /// It is.
        Linked = "linked",
        /// It is not any more.
        Unlinked = "unlinked",
    }
}
