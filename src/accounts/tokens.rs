//! Whether the accounts' tokens are good, as Meta says: the operator hears of a dead token before a person waits in vain.
//!
//! Meta: <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging>

use std::time::Duration;

use super::directory::Directory;
use crate::clock::Timestamp;
use crate::graph::{AppClient, TokenInfo};
use crate::id::AppId;
use crate::settings::Platform;

/// A token that expires within this time is told of.
const SOON: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Asks Meta, as `app`, about the token of each account, and logs a warning for each that is dead, expires soon or was made for
/// another app. A token of Instagram Login is not asked about: `debug_token` knows only those of Facebook.
pub(super) async fn inspect(accounts: &Directory, app: &AppId, client: &AppClient, now: Timestamp) {
    for account in accounts.iter().filter(|account| account.settings.platform != Platform::InstagramLogin) {
        let name = account.name.as_ref();
        match client.inspect_token(&account.settings.access_token).await {
            Ok(info) => {
                if let Some((problem, hint)) = fault(&info, app, now) {
                    let expires_at = info.expires_at().map(tracing::field::display);
                    let data_access_expires_at = info.data_access_expires_at().map(tracing::field::display);
                    let code = info.code();
                    tracing::warn!(account = name, code, expires_at, data_access_expires_at, hint, "{problem}");
                }
            }
            Err(error) => tracing::info!(account = name, %error, "Meta did not say whether the token is valid"),
        }
    }
}

/// Meta renews the access with each login of the person who made the token.
const RENEW_ACCESS: &str = "the person who made the token logs in to the app once more";

/// What is wrong with a token, and what the operator can do about it.
fn fault(info: &TokenInfo, app: &AppId, now: Timestamp) -> Option<(&'static str, &'static str)> {
    let make = "make a new token for this account, set its access_token and restart";
    let is_within = |moment: Option<Timestamp>, time| moment.is_some_and(|moment| moment <= now + time);
    if !info.is_valid || is_within(info.expires_at(), Duration::ZERO) {
        Some(("the access token is not valid: nothing can be sent", make))
    } else if info.app_id.as_ref().is_some_and(|of| of != app) {
        Some(("the access token was made for another app than app.id", make))
    } else if is_within(info.expires_at(), SOON) {
        Some(("the access token expires soon", make))
    } else if is_within(info.data_access_expires_at(), SOON) {
        Some(("the access token's access to people's data has expired or expires soon", RENEW_ACCESS))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    #[track_caller]
    fn check(info: &str, expected: Option<&str>) {
        let info = serde_json::from_str(info).expect("an answer of Meta's");
        let found = fault(&info, &AppId::new("555000000000001"), NOW);
        assert_eq!(found.map(|(problem, _)| problem), expected);
    }

    #[test]
    fn a_token_without_a_fault() {
        check(
            r#"{"app_id":"555000000000001","type":"PAGE","expires_at":0,"data_access_expires_at":1797776000,"is_valid":true}"#,
            None,
        );
        check(r#"{"app_id":555000000000001,"is_valid":true}"#, None);
    }

    #[test]
    fn a_dead_token() {
        let dead = Some("the access token is not valid: nothing can be sent");
        check(
            r#"{"app_id":"555000000000001","is_valid":false,"error":{"code":190,"message":"…","subcode":463}}"#,
            dead,
        );
        check(r#"{"is_valid":false,"scopes":[]}"#, dead);
        check(r#"{"app_id":"555000000000001","is_valid":true,"expires_at":1790000000}"#, dead);
    }

    #[test]
    fn a_token_of_another_app() {
        let other = Some("the access token was made for another app than app.id");
        check(r#"{"app_id":"555000000000002","is_valid":true}"#, other);
    }

    #[test]
    fn a_token_that_expires_soon() {
        let soon = Some("the access token expires soon");
        check(r#"{"app_id":"555000000000001","is_valid":true,"expires_at":1790604800}"#, soon);
        let access = Some("the access token's access to people's data has expired or expires soon");
        for moment in [1_789_000_000, 1_790_000_001] {
            let info = format!(r#"{{"app_id":"555000000000001","is_valid":true,"data_access_expires_at":{moment}}}"#);
            check(&info, access);
        }
        check(r#"{"app_id":"555000000000001","is_valid":true,"expires_at":1790604801}"#, None);
    }
}
