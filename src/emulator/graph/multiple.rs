//! `ids`: one question about several objects, answered by their ids.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/batch-requests#multiple-ids>

use axum::http::Method;

use super::Request;
use super::ask::names;
use super::call::Fields;
use super::error::GraphError;

const MOST: usize = 50;

/// Which objects are meant; none where the path names the one.
pub(super) fn ids(fields: &Fields) -> Result<Option<Vec<String>>, GraphError> {
    if !fields.contains_key("ids") {
        return Ok(None);
    }
    let ids = names(fields, "ids")?;
    match ids.len() {
        0 => Err(GraphError::plain(2500, "Cannot specify an empty identifier")),
        1..=MOST => Ok(Some(ids)),
        count => Err(GraphError::parameter(format!("Too many IDs. Maximum: {MOST}. Provided: {count}."))),
    }
}

/// Refuses to do something to several objects at once.
pub(super) fn check_method(request: &Request) -> Result<(), GraphError> {
    let reads = |method: &Method| matches!(*method, Method::GET | Method::HEAD);
    let has_ids = request.fields().is_ok_and(|fields| fields.contains_key("ids"));
    if !has_ids || reads(&request.method) || request.means_another() {
        return Ok(());
    }
    let method = request.method.as_str().to_ascii_lowercase();
    Err(GraphError::parameter(format!("Specifying multiple ids with a {method} method is not supported")))
}
