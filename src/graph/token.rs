//! What Meta knows of an access token.
//!
//! Meta: <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging>

use reqwest::Method;
use serde::Deserialize;

use super::app::AppClient;
use super::call::{Call, Endpoint};
use super::error::CallError;
use crate::clock::Timestamp;
use crate::id::AppId;
use crate::json;
use crate::secret::Secret;

/// A token with every permission, each for a hundred accounts, comes to less.
const LONGEST: usize = 256 * 1024;

/// Where the app asks about a token.
pub(super) const PATH: &str = "debug_token";

/// What Meta says of a token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct TokenInfo {
    /// Whether calls may be made with it.
    #[serde(default)]
    pub(crate) is_valid: bool,
    /// The app that it was made for; none for a token that Meta does not know.
    #[serde(default)]
    pub(crate) app_id: Option<AppId>,
    /// In seconds; 0 for a token that does not expire.
    #[serde(default)]
    expires_at: i64,
    /// In seconds; 0 where there is no such moment.
    #[serde(default)]
    data_access_expires_at: i64,
    #[serde(default)]
    error: Option<Invalid>,
}

/// Why a token is not valid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Invalid {
    code: i64,
    #[serde(default)]
    subcode: Option<i64>,
}

#[derive(Deserialize)]
struct Wire {
    data: TokenInfo,
}

impl TokenInfo {
    /// When it expires, where it does.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        moment(self.expires_at)
    }

    /// When its access to people's data expires, where it does. Calls are still taken after that; what they tell of people is
    /// less.
    pub(crate) fn data_access_expires_at(&self) -> Option<Timestamp> {
        moment(self.data_access_expires_at)
    }

    /// Meta's code for why it is not valid, with the subcode where there is one: `190/463`.
    pub(crate) fn code(&self) -> Option<String> {
        self.error.as_ref().map(|Invalid { code, subcode }| match subcode {
            Some(subcode) => format!("{code}/{subcode}"),
            None => code.to_string(),
        })
    }
}

fn moment(seconds: i64) -> Option<Timestamp> {
    (seconds > 0).then(|| Timestamp(seconds.saturating_mul(1000)))
}

impl AppClient {
    /// What Meta knows of `token`: one call. A token that is not valid is an answer, not an error.
    ///
    /// # Errors
    ///
    /// When Meta does not say.
    pub(crate) async fn inspect_token(&self, token: &Secret) -> Result<TokenInfo, CallError> {
        let query = [("input_token", token.expose())];
        let to = Endpoint::Prepared { query: &query };
        let call = Call { method: Method::GET, to, body: None, longest: LONGEST };
        let answer = self.caller.call(call).await?;
        let Wire { data } = serde_json::from_slice(&json::mended_bytes(&answer.body))
            .map_err(|_| CallError::Doubt { answered: true, reason: "the answer has another shape".into() })?;
        Ok(data)
    }
}
