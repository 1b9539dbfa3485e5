//! `/api/sends`: the outbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::error::ApiError;
use super::{mask, page};
use crate::accounts::Directory;
use crate::id::{PersonId, SendId};
use crate::store::{Decided, SendQuery, SendRow, SendStatus};

#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default, deserialize_with = "page::given")]
    account: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    person: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    status: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    limit: Option<String>,
    #[serde(default, deserialize_with = "page::given")]
    after: Option<String>,
}

/// Sends, newest first.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(filter) = filter?;
    let limit = page::limit(filter.limit.as_deref())?;
    let statuses = filter.status.as_deref().map(SendStatus::named).unwrap_or_default();
    if filter.status.is_some() && statuses.is_empty() {
        let hint = "one of planned, sending, sent, refused, failed, in_doubt, held";
        return Err(ApiError::bad_request("there is no such status", hint));
    }
    let query = SendQuery {
        accounts: page::accounts(&admin, filter.account.as_deref())?,
        person: filter.person.map(PersonId::new),
        statuses,
        limit: limit + 1,
        before: page::after(filter.after.as_deref())?,
    };
    let (rows, next) = page::cut(admin.store.sends(query).await?, limit, |row| row.id);
    let accounts = admin.accounts.now();
    let sends: Vec<_> = rows.iter().map(|row| send(&accounts, row)).collect();
    Ok(Json(json!({"sends": sends, "next": next})))
}

/// One send, with the request's body.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let id = id(path)?;
    let row = admin.store.send(id).await?.ok_or_else(|| ApiError::not_found("send"))?;
    let mut send = send(&admin.accounts.now(), &row);
    send["agent"] = json!(row.agent);
    send["request"] = mask::value(&row.request);
    Ok(Json(send))
}

/// Sends a held send again.
pub(super) async fn release(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = id(path)?;
    decided(id, admin.store.release_send(id, admin.clock.now()).await?)
}

/// Gives a held send up.
pub(super) async fn discard(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = id(path)?;
    decided(id, admin.store.drop_send(id, admin.clock.now()).await?)
}

fn id(path: Result<Path<String>, PathRejection>) -> Result<SendId, ApiError> {
    let Path(id) = path?;
    id.parse().map_err(|_| ApiError::not_found("send"))
}

fn decided(id: SendId, decided: Decided) -> Result<(StatusCode, Json<Value>), ApiError> {
    match decided {
        Decided::Done => Ok((StatusCode::ACCEPTED, Json(json!({"id": id})))),
        Decided::Unknown => Err(ApiError::not_found("send")),
        Decided::NotHeld => {
            Err(ApiError::conflict("the send is not held", "list those that are: /api/sends?status=held"))
        }
    }
}

fn send(accounts: &Directory, row: &SendRow) -> Value {
    json!({
        "id": row.id,
        "account": accounts.with_id(&row.account).map(|account| &*account.name),
        "person": row.person,
        "recipient": mask::value(&row.request["recipient"]),
        "status": row.status,
        "rule": row.rule,
        "reason": row.reason,
        "error": row.error,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "repeats": row.repeats,
        "event_id": row.event,
        "at": row.at.to_string(),
    })
}
