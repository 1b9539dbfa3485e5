//! The Graph API as the app itself calls it: for what is asked about the app and its tokens, not about one account.
//!
//! Meta: <https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens>

use super::call::Caller;

/// The Graph API as the app calls it, with the app's own access token.
#[derive(Debug)]
pub(crate) struct AppClient {
    pub(super) caller: Caller,
}
