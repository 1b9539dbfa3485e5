//! A page of a list, and the parameters that lists share.

use std::marker::PhantomData;
use std::str::FromStr;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Admin;
use super::error::ApiError;
use crate::id::AccountId;

const DEFAULT: usize = 50;
const MOST: usize = 500;

/// A parameter that is there and says something: `?account=&person=7` is narrowed by the person alone.
pub(super) fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(input)?.filter(|given| !given.is_empty()))
}

/// How `limit` is described: a length, or empty.
pub(super) struct Limit;

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let limit = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Integer, Type::String]));
        limit.minimum(Some(1)).max_length(Some(0)).default(Some(DEFAULT.into())).into()
    }
}

impl ToSchema for Limit {}

/// How a parameter is described that is one of some words, or empty.
pub(super) struct OrEmpty<Words>(PhantomData<Words>);

impl<Words: PartialSchema> PartialSchema for OrEmpty<Words> {
    fn schema() -> RefOr<Schema> {
        let mut schema = Words::schema();
        if let RefOr::T(Schema::Object(words)) = &mut schema {
            words.enum_values.get_or_insert_default().push("".into());
        }
        schema
    }
}

impl<Words: PartialSchema> ToSchema for OrEmpty<Words> {}

/// How long a page is: `limit`, 50 where it is not given, 500 where it is more.
pub(super) fn limit(given: Option<&str>) -> Result<usize, ApiError> {
    let Some(given) = given else { return Ok(DEFAULT) };
    let digits = given.bytes().all(|byte| byte.is_ascii_digit());
    match given.parse::<usize>() {
        Ok(limit) if limit > 0 => Ok(limit.min(MOST)),
        Err(_) if digits => Ok(MOST),
        _ => Err(ApiError::bad_request("limit is not a page's length", "give a number from 1 to 500")),
    }
}

/// The statuses that a list is narrowed to, by the words of their type. Empty = all.
pub(super) fn statuses<Status>(
    given: Option<&str>,
    named: fn(&str) -> Vec<Status>,
    words: &[&str],
) -> Result<Vec<Status>, ApiError> {
    let statuses = given.map(named).unwrap_or_default();
    if given.is_some() && statuses.is_empty() {
        return Err(ApiError::bad_request("there is no such status", format!("one of {}", words.join(", "))));
    }
    Ok(statuses)
}

/// The id in a path. `what` is what it is the id of.
pub(super) fn id<Id: FromStr>(path: Result<Path<String>, PathRejection>, what: &'static str) -> Result<Id, ApiError> {
    let Path(id) = path?;
    id.parse().map_err(|_| ApiError::not_found(what))
}

/// Where a page starts: after the `next` of the page before.
pub(super) fn after<T: FromStr>(given: Option<&str>) -> Result<Option<T>, ApiError> {
    let bad = |_| ApiError::bad_request("after is not a cursor", "give the next of the page before");
    given.map(|given| given.parse().map_err(bad)).transpose()
}

/// The accounts that a list is narrowed to. Empty = all accounts, configured or not; a person id is only unique per account.
pub(super) fn accounts(admin: &Admin, given: Option<&str>) -> Result<Vec<AccountId>, ApiError> {
    let Some(name) = given else { return Ok(Vec::new()) };
    match admin.account(name) {
        Some(account) => Ok(vec![account.id().clone()]),
        // It has no rows, and is more likely a slip.
        None => Err(ApiError::no_account()),
    }
}

/// Cuts a list that was read with one row too many, and says where the next page starts.
pub(super) fn cut<T, Id: Serialize>(mut rows: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> (Vec<T>, Option<Id>) {
    if rows.len() <= limit {
        return (rows, None);
    }
    rows.truncate(limit);
    let next = rows.last().map(id);
    (rows, next)
}
