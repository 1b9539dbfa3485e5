//! Tokens: how they are had and what they are. None of them ever ends here.
//!
//! Meta: <https://developers.facebook.com/docs/facebook-login/guides/access-tokens>

use serde_json::{Value, json};

use super::super::world::World;
use super::access::{Caller, app_token, holder};
use super::account::USER;
use super::ask::{Answer, Ask, Verb};
use super::call::Fields;
use super::error::GraphError;

/// What a long-lived token is said to live, in seconds.
const LONG: u64 = 5_184_000;

const OF_PAGES: [&str; 9] = [
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "business_management",
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "page_utility_messaging",
];

const OF_INSTAGRAM: [&str; 3] =
    ["instagram_business_basic", "instagram_business_manage_messages", "instagram_business_manage_comments"];

/// `/oauth/access_token`.
pub(super) fn access_token(world: &World, fields: &Fields) -> Answer {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("client_id").ok_or_else(|| GraphError::plain(101, "Missing client_id parameter."))? != world.app.id {
        return Err(GraphError::plain(101, "Error validating application. Cannot get application info."));
    }
    if text("client_secret").ok_or_else(|| GraphError::plain(1, "Missing client_secret parameter."))?
        != world.app.secret.expose()
    {
        return Err(GraphError::plain(1, "Error validating client secret."));
    }
    match text("grant_type") {
        Some("client_credentials") => Ok(json!({"access_token": app_token(world), "token_type": "bearer"})),
        Some("fb_exchange_token") => {
            let token = text("fb_exchange_token").ok_or_else(|| GraphError::required("fb_exchange_token"))?;
            match holder(world, token) {
                Some(Caller::User | Caller::Accounts(_)) => {
                    Ok(json!({"access_token": token, "token_type": "bearer", "expires_in": LONG}))
                }
                _ => Err(invalid()),
            }
        }
        // There is no login dialog here that could have given a code.
        None | Some("authorization_code") if text("code").is_some() => {
            Err(GraphError::plain(100, "Invalid verification code format.").with(36_009))
        }
        _ => Err(GraphError::parameter("Param grant_type must be one of {client_credentials, fb_exchange_token}")),
    }
}

/// Whether these paths are of Instagram's own host.
pub(super) fn is_instagrams(path: &[String]) -> bool {
    matches!(path, [one] if matches!(one.as_str(), "access_token" | "refresh_access_token"))
}

/// `GET /access_token` and `GET /refresh_access_token` of Instagram's own login.
pub(super) fn instagram_token(world: &World, fields: &Fields) -> Answer {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match text("grant_type") {
        Some("ig_exchange_token") if text("client_secret") != Some(world.app.secret.expose()) => {
            return Err(GraphError::plain(1, "Error validating client secret."));
        }
        Some("ig_exchange_token" | "ig_refresh_token") => {}
        _ => {
            return Err(GraphError::parameter("Param grant_type must be one of {ig_exchange_token, ig_refresh_token}"));
        }
    }
    let token = text("access_token").ok_or_else(|| GraphError::required("access_token"))?;
    match holder(world, token) {
        Some(holder) if holder.is_by_instagram_login(world) => {
            Ok(json!({"access_token": token, "token_type": "bearer", "expires_in": LONG}))
        }
        _ => Err(invalid()),
    }
}

/// `GET /debug_token`. A token that is nobody's is an answer, not an error.
pub(super) fn debug_token(ask: &Ask<'_>) -> Answer {
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let token = ask.required("input_token")?;
    let world = &ask.shared.world;
    let Some(holder) = holder(world, &token) else {
        return Ok(
            json!({"data": {"error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": false, "scopes": []}}),
        );
    };
    let (kind, scopes) = match &holder {
        Caller::App => ("APP", &[][..]),
        Caller::User => ("USER", &OF_PAGES[..]),
        holder if holder.is_by_instagram_login(world) => ("USER", &OF_INSTAGRAM[..]),
        Caller::Accounts(_) => ("PAGE", &OF_PAGES[..]),
    };
    let mut data = json!({"app_id": world.app.id, "type": kind, "application": "Emulated App", "data_access_expires_at": 0,
        "expires_at": 0, "is_valid": true, "issued_at": 0, "scopes": scopes});
    if let Caller::Accounts(held) = &holder
        && let Some(node) = held.first().and_then(|&at| world.accounts[at].node())
    {
        let granular = |scope: &&str| json!({"scope": scope, "target_ids": [node]});
        data["profile_id"] = json!(node);
        data["granular_scopes"] = scopes.iter().map(granular).collect();
    }
    if holder != Caller::App {
        data["user_id"] = json!(USER);
    }
    Ok(json!({"data": data}))
}

/// `GET /me/permissions`: everything is granted. To give all of it back is to leave the app, which this person never does.
pub(super) fn permissions(ask: &mut Ask<'_>) -> Answer {
    if ask.caller != Caller::User || !["me", USER].contains(&ask.node) || ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let granted = |name: &&str| json!({"permission": name, "status": "granted"});
    Ok(json!({"data": OF_PAGES.iter().map(granted).collect::<Vec<_>>()}))
}

fn invalid() -> GraphError {
    GraphError::plain(190, "Invalid OAuth access token - Cannot parse access token")
}
