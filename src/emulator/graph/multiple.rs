//! `ids`: one question about several objects, answered by their ids.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/batch-requests#multiple-ids>

use super::ask::{Verb, names};
use super::call::Fields;
use super::error::GraphError;

const MOST: usize = 50;

/// Which objects are meant; none where the path names the one. Several can only be read.
pub(super) fn ids(fields: &Fields, verb: Verb) -> Result<Option<Vec<String>>, GraphError> {
    if !fields.contains_key("ids") {
        return Ok(None);
    }
    if verb != Verb::Get {
        let verb = verb.name();
        return Err(GraphError::parameter(format!("Specifying multiple ids with a {verb} method is not supported")));
    }
    let ids = names(fields, "ids")?;
    match ids.len() {
        0 => Err(GraphError::plain(2500, "Cannot specify an empty identifier")),
        1..=MOST => Ok(Some(ids)),
        count => Err(GraphError::parameter(format!("Too many IDs. Maximum: {MOST}. Provided: {count}."))),
    }
}
