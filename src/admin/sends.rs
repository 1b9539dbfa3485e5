//! `/api/sends`: the outbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::error::{self, ApiError};
use super::mask;
use super::page::{self, Limit, OrEmpty};
use super::queued::Queued;
use crate::accounts::Directory;
use crate::clock::Rfc3339;
use crate::id::{EventId, MessageId, PersonId, SendId};
use crate::message::MetaError;
use crate::store::{Decided, SendQuery, SendRow, SendStatus};

// By names without parameters, as utoipa takes them.
type StatusOrEmpty = OrEmpty<SendStatus>;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// The account's name.
    #[serde(default, deserialize_with = "page::given")]
    #[param(nullable = false)]
    account: Option<String>,
    /// The person of the conversation.
    #[serde(default, deserialize_with = "page::given")]
    #[param(nullable = false)]
    person: Option<String>,
    /// The status.
    #[serde(default, deserialize_with = "page::given")]
    #[param(inline, required = false, value_type = StatusOrEmpty)]
    status: Option<String>,
    /// The length of the page; more than 500 is 500.
    #[serde(default, deserialize_with = "page::given")]
    #[param(inline, required = false, value_type = Limit)]
    limit: Option<String>,
    /// The next of the page before.
    #[serde(default, deserialize_with = "page::given")]
    #[param(nullable = false, pattern = "^[0-9]{0,18}$")]
    after: Option<String>,
}

/// A page of sends.
#[derive(Serialize, ToSchema)]
#[schema(as = Sends)]
pub(super) struct Page {
    sends: Vec<Row>,
    /// The cursor for `after`; null at the end.
    #[schema(required)]
    next: Option<SendId>,
}

/// A send in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Send)]
struct Row {
    id: SendId,
    /// The account's name; null where none is configured.
    #[schema(required)]
    account: Option<String>,
    /// The person of the conversation; null where Meta does not name the author of a comment, and for a refused post whose
    /// recipient is not known.
    #[schema(required)]
    person: Option<PersonId>,
    /// The recipient of the request, as the Send API has it; tokens are masked.
    recipient: Value,
    status: SendStatus,
    /// The policy's rule that spoke.
    #[schema(required)]
    rule: Option<String>,
    /// The reason for its status.
    #[schema(required)]
    reason: Option<String>,
    /// Meta's own words about the last attempt, where its answer had any.
    #[schema(value_type = Option<MetaError>, required)]
    error: Option<Value>,
    /// The message's id at Meta.
    #[schema(required)]
    message_id: Option<MessageId>,
    /// How often it was tried.
    attempts: u32,
    /// How often it arrived beyond once.
    repeats: u32,
    /// The event whose handler said it.
    #[schema(required)]
    event_id: Option<EventId>,
    /// When it came to its status.
    at: Rfc3339,
}

/// A send with its request.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeSend)]
pub(super) struct Whole {
    #[serde(flatten)]
    send: Row,
    /// The person who wrote it, where one did.
    #[schema(required)]
    agent: Option<String>,
    /// The Send API request.
    request: Value,
}

/// Sends, newest first.
#[utoipa::path(
    get,
    path = "/api/sends",
    operation_id = "list_sends",
    tag = "sends",
    params(Filter),
    responses(
        (status = 200, description = "A page.", body = Page),
        (status = 400, description = "A parameter makes no sense.", body = error::Body),
        (status = 404, description = "There is no such account.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page>, ApiError> {
    let Query(filter) = filter?;
    let limit = page::limit(filter.limit.as_deref())?;
    let statuses = page::statuses(filter.status.as_deref(), SendStatus::named, &SendStatus::words())?;
    let query = SendQuery {
        accounts: page::accounts(&admin, filter.account.as_deref())?,
        person: filter.person.map(PersonId::new),
        statuses,
        limit: limit + 1,
        before: page::after(filter.after.as_deref())?,
    };
    let (rows, next) = page::cut(admin.store.sends(query).await?, limit, |row| row.id);
    let accounts = admin.accounts.now();
    let sends = rows.into_iter().map(|row| Row::of(row, &accounts)).collect();
    Ok(Json(Page { sends, next }))
}

/// One send, with the request's body.
#[utoipa::path(
    get,
    path = "/api/sends/{id}",
    operation_id = "show_send",
    tag = "sends",
    params(("id" = SendId, Path, description = "The send's id.")),
    responses(
        (status = 200, description = "The send.", body = Whole),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such send.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Whole>, ApiError> {
    let id = page::id(path, "send")?;
    let mut row = admin.store.send(id).await?.ok_or_else(|| ApiError::not_found("send"))?;
    let (agent, request) = (row.agent.take(), mask::value(&row.request));
    Ok(Json(Whole { send: Row::of(row, &admin.accounts.now()), agent, request }))
}

/// Send a held send again.
#[utoipa::path(
    post,
    path = "/api/sends/{id}/release",
    operation_id = "release_send",
    tag = "sends",
    params(("id" = SendId, Path, description = "The send's id.")),
    responses(
        (
            status = 202,
            description = "It stands at the end of its conversation, and the rest of its turn behind it.",
            body = Queued<SendId>
        ),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such send.", body = error::Body),
        (status = 409, description = "It is not held.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn release(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Queued<SendId>>), ApiError> {
    let id = page::id(path, "send")?;
    decided(id, admin.store.release_send(id, admin.clock.now()).await?)
}

/// Drop a held send.
#[utoipa::path(
    post,
    path = "/api/sends/{id}/drop",
    operation_id = "drop_send",
    tag = "sends",
    params(("id" = SendId, Path, description = "The send's id.")),
    responses(
        (status = 202, description = "It has failed; the rest of its turn goes on.", body = Queued<SendId>),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such send.", body = error::Body),
        (status = 409, description = "It is not held.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn discard(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Queued<SendId>>), ApiError> {
    let id = page::id(path, "send")?;
    decided(id, admin.store.drop_send(id, admin.clock.now()).await?)
}

fn decided(id: SendId, decided: Decided) -> Result<(StatusCode, Json<Queued<SendId>>), ApiError> {
    match decided {
        Decided::Done => Ok((StatusCode::ACCEPTED, Json(Queued { id }))),
        Decided::Unknown => Err(ApiError::not_found("send")),
        Decided::NotHeld => {
            Err(ApiError::conflict("the send is not held", "list those that are: /api/sends?status=held"))
        }
    }
}

impl Row {
    fn of(row: SendRow, accounts: &Directory) -> Row {
        Row {
            id: row.id,
            account: accounts.with_id(&row.account).map(|account| account.name.to_string()),
            person: row.person,
            recipient: mask::value(&row.request["recipient"]),
            status: row.status,
            rule: row.rule,
            reason: row.reason,
            error: row.error,
            message_id: row.message_id,
            attempts: row.attempts,
            repeats: row.repeats,
            event_id: row.event,
            at: row.at.into(),
        }
    }
}
