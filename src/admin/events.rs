//! `/api/events`: the inbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::error::{self, ApiError};
use super::mask;
use super::page::{self, Limit, OrEmpty};
use super::queued::Queued;
use crate::accounts::Directory;
use crate::clock::Rfc3339;
use crate::event::Kind;
use crate::id::{EventId, PersonId};
use crate::store::{EventQuery, EventRow, EventStatus, Replayed};

// By names without parameters, as utoipa takes them.
type KindOrEmpty = OrEmpty<Kind>;
type StatusOrEmpty = OrEmpty<EventStatus>;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// The account's name.
    #[serde(default, deserialize_with = "page::given")]
    #[param(nullable = false)]
    account: Option<String>,
    /// The person, as the account knows them.
    #[serde(default, deserialize_with = "page::given")]
    #[param(nullable = false)]
    person: Option<String>,
    /// The kind.
    #[serde(default, deserialize_with = "page::given")]
    #[param(inline, required = false, value_type = KindOrEmpty)]
    kind: Option<String>,
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

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub(super) struct Page {
    events: Vec<Row>,
    /// The cursor for `after`; null at the end.
    #[schema(required)]
    next: Option<EventId>,
}

/// An event in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct Row {
    id: EventId,
    /// The account's name; null where none is configured.
    #[schema(required)]
    account: Option<String>,
    /// The person, where there is one.
    #[schema(required)]
    person: Option<PersonId>,
    #[schema(value_type = Kind)]
    kind: String,
    status: EventStatus,
    /// Whether another app owned the conversation.
    standby: bool,
    /// When it arrived.
    received_at: Rfc3339,
    /// How often its handler ran.
    attempts: u32,
    /// What last went wrong.
    #[schema(required)]
    error: Option<String>,
    /// The event of the same conversation that must be done before this one's turn comes. Null where none does, and where this
    /// one was put back.
    #[schema(required)]
    waits_for: Option<EventId>,
    /// How long the handler took for the last try, in milliseconds. Kept in memory for the last 1000 events alone; null for the
    /// others.
    #[schema(required)]
    handled_ms: Option<u64>,
}

/// An event with its item.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeEvent)]
pub(super) struct Whole {
    #[serde(flatten)]
    event: Row,
    /// The item as Meta sent it, with its tokens masked: JSON; for what is not JSON, a string.
    // Raw bytes: re-serialising would lose double keys and long numbers.
    #[schema(value_type = Value)]
    raw: Box<RawValue>,
}

/// Events, newest first.
#[utoipa::path(
    get,
    path = "/api/events",
    operation_id = "list_events",
    tag = "events",
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
    let kind: Option<Kind> = filter.kind.as_deref().map(str::parse).transpose().map_err(no_kind)?;
    let statuses = page::statuses(filter.status.as_deref(), EventStatus::named, &EventStatus::words())?;
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
    let events = rows.into_iter().map(|row| Row::of(row, &admin, &accounts)).collect();
    Ok(Json(Page { events, next }))
}

/// One event, with the item as Meta sent it.
#[utoipa::path(
    get,
    path = "/api/events/{id}",
    operation_id = "show_event",
    tag = "events",
    params(("id" = EventId, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "The event.", body = Whole),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such event.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Whole>, ApiError> {
    let id = page::id(path, "event")?;
    let (row, raw) = admin.store.event(id).await?.ok_or_else(|| ApiError::not_found("event"))?;
    Ok(Json(Whole { event: Row::of(row, &admin, &admin.accounts.now()), raw: mask::item(&raw) }))
}

/// Handle an event again.
#[utoipa::path(
    post,
    path = "/api/events/{id}/replay",
    operation_id = "replay_event",
    tag = "events",
    params(("id" = EventId, Path, description = "The event's id.")),
    responses(
        (status = 202, description = "It stands at the end of its conversation.", body = Queued<EventId>),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such event.", body = error::Body),
        (
            status = 409,
            description = "It is still on its way, its account is not configured, or it still cannot be read.",
            body = error::Body
        ),
        ApiError
    )
)]
pub(super) async fn replay(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Queued<EventId>>), ApiError> {
    let id = page::id(path, "event")?;
    match admin.store.replay(id, admin.ids(), admin.clock.now()).await? {
        Replayed::Queued => Ok((StatusCode::ACCEPTED, Json(Queued { id }))),
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

impl Row {
    fn of(row: EventRow, admin: &Admin, accounts: &Directory) -> Row {
        let account = row.account.and_then(|id| accounts.with_id(&id));
        Row {
            id: row.id,
            account: account.map(|account| account.name.to_string()),
            person: row.person,
            kind: row.kind,
            status: row.status,
            standby: row.standby,
            received_at: row.received_at.into(),
            attempts: row.attempts,
            error: row.error,
            waits_for: row.waits_for,
            handled_ms: admin.metrics.handler_times().of(row.id).map(|took| took.as_millis() as u64),
        }
    }
}
