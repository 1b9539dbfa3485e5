//! Who calls: the token, the node it is for, and the proof that the app's own server holds it.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/guides/secure-requests>

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::Value;

use crate::secret::Secret;
use crate::signature;

use super::super::world::{Platform, World};
use super::call::Fields;
use super::error::GraphError;

/// On whose behalf a call comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The app itself, with `{id}|{secret}`.
    App,
    /// The person who runs the Pages and is logged in to the app.
    User,
    /// The accounts with this token, and those behind the same Page.
    Accounts(Vec<usize>),
}

/// Who holds the token of a call, with the proof where one is needed.
pub(super) fn caller(world: &World, headers: &HeaderMap, fields: &Fields) -> Result<Caller, GraphError> {
    let token = token(headers, fields)
        .ok_or_else(|| GraphError::plain(104, "An access token is required to request this resource."))?;
    let caller = holder(world, &token)
        .ok_or_else(|| GraphError::plain(190, "Invalid OAuth access token - Cannot parse access token"))?;
    check_proof(world, &token, fields)?;
    Ok(caller)
}

/// Whose token it is.
pub(super) fn holder(world: &World, token: &str) -> Option<Caller> {
    if token == app_token(world) {
        return Some(Caller::App);
    }
    if token == world.app.user_token.expose() {
        return Some(Caller::User);
    }
    let has_token = |at: &usize| world.accounts[*at].access_token.expose() == token;
    let nodes: Vec<&str> =
        (0..world.accounts.len()).filter(has_token).filter_map(|at| world.accounts[at].node()).collect();
    let behind = |at: &usize| world.accounts[*at].node().is_some_and(|node| nodes.contains(&node));
    (!nodes.is_empty()).then(|| Caller::Accounts((0..world.accounts.len()).filter(behind).collect()))
}

impl Caller {
    /// Whether it is an Instagram account with a login of its own, which calls Instagram's own host and no other.
    pub(super) fn is_by_instagram_login(&self, world: &World) -> bool {
        let by_login = |at: &usize| world.accounts[*at].platform == Platform::InstagramLogin;
        matches!(self, Caller::Accounts(held) if held.iter().all(by_login))
    }
}

/// The token by which the app speaks for itself.
pub(super) fn app_token(world: &World) -> String {
    format!("{}|{}", world.app.id, world.app.secret.expose())
}

/// The accounts behind `node` for which the call may speak. A Page's token speaks for the Page and for the Instagram account
/// linked to it; which of them is meant shows in the recipient.
pub(super) fn accounts(
    world: &World,
    node: &str,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Vec<usize>, GraphError> {
    let Caller::Accounts(mut accounts) = caller(world, headers, fields)? else { return Err(not_a_page()) };
    accounts.retain(|&at| node == "me" || world.accounts[at].is_behind(node));
    if accounts.is_empty() { Err(GraphError::unsupported("post", node)) } else { Ok(accounts) }
}

/// The token is somebody else's than a Page's.
pub(super) fn not_a_page() -> GraphError {
    GraphError::plain(190, "This method must be called with a Page Access Token").with(2_069_032)
}

/// The token of a call.
pub(super) fn token(headers: &HeaderMap, fields: &Fields) -> Option<String> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")));
    let field = || fields.get("access_token").and_then(Value::as_str);
    bearer.or_else(field).map(str::trim).filter(|token| !token.is_empty()).map(str::to_owned)
}

fn check_proof(world: &World, token: &str, fields: &Fields) -> Result<(), GraphError> {
    let right = || signature::appsecret_proof(&world.app.secret, &Secret::new(token));
    match fields.get("appsecret_proof") {
        Some(Value::String(proof)) if *proof == right() => Ok(()),
        Some(_) => Err(GraphError::method(100, "Invalid appsecret_proof provided in the API argument")),
        None if world.app.require_proof => {
            Err(GraphError::method(100, "API calls from the server require an appsecret_proof argument"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_speaks_for_its_node_only() {
        let world = World::with_instagram_login();
        let page = world.accounts[0].access_token.expose().to_owned();
        let check = |node: &str, token: Option<&str>, expected: Result<Vec<usize>, (u32, Option<u32>)>| {
            let fields = token.map(|token| ("access_token".to_owned(), json!(token))).into_iter().collect();
            let found = accounts(&world, node, &HeaderMap::new(), &fields);
            assert_eq!(found.map_err(|error| (error.code, error.subcode)), expected, "{node}");
        };
        check("104000000000001", Some(&page), Ok(vec![0, 1]));
        check("me", Some(&page), Ok(vec![0, 1]));
        check("17841400000000009", Some("IGAAown"), Ok(vec![2]));
        check("me", Some("IGAAown"), Ok(vec![2]));
        check("104000000000001", Some("IGAAown"), Err((100, Some(33))));
        check("17841400000000001", Some(&page), Err((100, Some(33))));
        check("me", Some("EAAother"), Err((190, None)));
        check("me", Some(&app_token(&world)), Err((190, Some(2_069_032))));
        check("me", Some(world.app.user_token.expose()), Err((190, Some(2_069_032))));
        check("me", Some(""), Err((104, None)));
        check("me", None, Err((104, None)));
    }

    #[test]
    fn a_proof_is_checked_when_it_is_given_or_required() {
        let mut world = World::with_instagram_login();
        let right = signature::appsecret_proof(&world.app.secret, &world.accounts[0].access_token);
        let header = format!("Bearer {}", world.accounts[0].access_token.expose());
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().expect("a header value"))]);
        for (required, proof, works) in [
            (false, None, true),
            (false, Some("wrong"), false),
            (false, Some(right.as_str()), true),
            (true, None, false),
            (true, Some(right.as_str()), true),
        ] {
            world.app.require_proof = required;
            let fields = proof.map(|proof| ("appsecret_proof".to_owned(), json!(proof))).into_iter().collect();
            assert_eq!(accounts(&world, "me", &headers, &fields).is_ok(), works, "{required} {proof:?}");
        }
    }
}
