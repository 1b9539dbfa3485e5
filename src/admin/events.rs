//! `/api/events`: the inbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Admin;
use super::error::ApiError;
use super::{mask, page};
use crate::accounts::Directory;
use crate::event::Kind;
use crate::id::{EventId, PersonId};
use crate::store::{EventQuery, EventRow, EventStatus, Replayed};

#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default, deserialize_with = "page::given")]
    account: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    person: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    status: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    limit: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    after: Option<String>,
}

/// Events, newest first.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(filter) = filter?;
    let limit = page::limit(filter.limit.as_deref())?;
    let kind: Option<Kind> = filter.kind.as_deref().map(str::parse).transpose().map_err(no_kind)?;
    let statuses = filter.status.as_deref().map(EventStatus::named).unwrap_or_default();
    if filter.status.is_some() && statuses.is_empty() {
        let hint = "one of pending, running, done, dead, quarantined";
        return Err(ApiError::bad_request("there is no such status", hint));
    }
    let query = EventQuery {
        accounts: page::accounts(&admin, filter.account.as_deref())?,
        person: filter.person.map(PersonId::new),
        kind: kind.map(|kind| kind.as_str().to_owned()),
        statuses,
        limit: limit + 1,
        before: page::after(filter.after.as_deref())?,
    };
    let (rows, next) = page::cut(admin.store.events(query).await?, limit, |row| row.id);
    let accounts = admin.accounts.now();
    let events: Vec<_> = rows.iter().map(|row| event(&admin, &accounts, row)).collect();
    Ok(Json(json!({"events": events, "next": next})))
}

/// One event, with the item as Meta sent it: JSON, or a string where it is not JSON.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Whole>, ApiError> {
    let Path(id) = path?;
    let id: EventId = id.parse().map_err(|_| ApiError::not_found("event"))?;
    let (row, raw) = admin.store.event(id).await?.ok_or_else(|| ApiError::not_found("event"))?;
    Ok(Json(Whole { event: event(&admin, &admin.accounts.now(), &row), raw: mask::item(&raw) }))
}

/// An event in a list, and its item byte for byte but for tokens: writing it anew would lose double keys and long numbers.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    event: Value,
    raw: Box<RawValue>,
}

/// Puts an event back, at the end of its conversation.
pub(super) async fn replay(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Path(id) = path?;
    let id: EventId = id.parse().map_err(|_| ApiError::not_found("event"))?;
    match admin.store.replay(id, admin.ids(), admin.clock.now()).await? {
        Replayed::Queued => Ok((StatusCode::ACCEPTED, Json(json!({"id": id})))),
        Replayed::Unknown => Err(ApiError::not_found("event")),
        Replayed::Open => Err(ApiError::conflict(
            "the event is still on its way, or there is no handler that it could go to",
            "wait until it is done or dead; its account must be configured",
        )),
        Replayed::Unreadable => {
            Err(ApiError::conflict("the event still cannot be read", "a later release may be able to"))
        }
    }
}

fn no_kind(_: crate::event::UnknownKind) -> ApiError {
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    ApiError::bad_request("there is no such kind", format!("one of {}", names.join(", ")))
}

fn event(admin: &Admin, accounts: &Directory, row: &EventRow) -> Value {
    let account = row.account.as_ref().and_then(|id| accounts.with_id(id));
    json!({
        "id": row.id,
        "account": account.map(|account| &*account.name),
        "person": row.person,
        "kind": row.kind,
        "status": row.status,
        "standby": row.standby,
        "received_at": row.received_at.to_string(),
        "attempts": row.attempts,
        "error": row.error,
        "waits_for": row.waits_for,
        "handled_ms": admin.metrics.handler_times.of(row.id).map(|took| took.as_millis() as u64),
    })
}
