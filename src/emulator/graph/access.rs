//! Who calls: the token, the node it is for, and the proof that the app's own server holds it.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/guides/secure-requests>

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::Value;

use crate::secret::Secret;
use crate::signature;

use super::super::world::World;
use super::call::Fields;
use super::error::GraphError;

/// The accounts behind `node` for which the call may speak. A Page's token speaks for the Page and for the Instagram account
/// linked to it; which of them is meant shows in the recipient.
pub(super) fn accounts(
    world: &World,
    node: &str,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Vec<usize>, GraphError> {
    let token = token(headers, fields)
        .ok_or_else(|| GraphError::plain(104, "An access token is required to request this resource."))?;
    let holders: Vec<&str> = world
        .accounts
        .iter()
        .filter(|account| account.access_token.expose() == token)
        .filter_map(|account| account.node())
        .collect();
    if holders.is_empty() {
        return Err(GraphError::plain(190, "Invalid OAuth access token - Cannot parse access token"));
    }
    check_proof(world, &token, fields)?;
    let speaks_for = |of: &str| holders.contains(&of) && (node == "me" || node == of);
    let behind = |&at: &usize| world.accounts[at].node().is_some_and(speaks_for);
    let accounts: Vec<usize> = (0..world.accounts.len()).filter(behind).collect();
    if accounts.is_empty() {
        let message = format!(
            "Unsupported post request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions, \
            or does not support this operation"
        );
        return Err(GraphError::method(100, &message).with(33));
    }
    Ok(accounts)
}

fn token(headers: &HeaderMap, fields: &Fields) -> Option<String> {
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
    use crate::emulator::{Account, Platform};

    fn world() -> World {
        let mut world = World::default();
        world.accounts.push(Account {
            name: "own".into(),
            platform: Platform::InstagramLogin,
            id: "17841400000000009".into(),
            page_id: None,
            access_token: Secret::new("IGAAown"),
        });
        world
    }

    #[test]
    fn a_token_speaks_for_its_node_only() {
        let world = world();
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
        check("me", Some(""), Err((104, None)));
        check("me", None, Err((104, None)));
    }

    #[test]
    fn a_proof_is_checked_when_it_is_given_or_required() {
        let mut world = world();
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
