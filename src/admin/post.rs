//! `POST /api/accounts/{name}/sends`: a send that does not come from a handler.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::openapi::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::error::{self, ApiError};
use crate::accounts::Account;
use crate::id::{PersonId, SendId};
use crate::json;
use crate::message::{Recipient, Request};
use crate::policy::{self, Refusal, Standing};
use crate::store::{Post, Posted};

/// The longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// The rule of what is no request that policy could judge: Meta's error code for it.
const FORM: &str = "100";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PostQuery {
    /// Decide, and send nothing.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// A Send API request in Meta's own words, and the agent who wrote it.
#[derive(ToSchema)]
#[schema(as = Request)]
struct Body {
    #[serde(flatten)]
    #[schema(value_type = Request)]
    request: Map<String, Value>,
    /// The person who wrote it; HUMAN_AGENT needs one. The name stays here.
    #[schema(pattern = r"\S")]
    agent: Option<String>,
}

/// It would be allowed.
#[derive(Serialize, ToSchema)]
struct Allowed {
    #[schema(schema_with = always)]
    allowed: bool,
}

fn always() -> Schema {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
}

/// It is planned.
#[derive(Serialize, ToSchema)]
struct Planned {
    /// That of the first part.
    #[schema(required, nullable = false)]
    id: Option<SendId>,
    /// Those of all parts.
    ids: Vec<SendId>,
}

/// It is not sent.
#[derive(Serialize, ToSchema)]
struct Refused {
    #[schema(inline)]
    refused: Because,
    /// The refused send, as /api/sends lists it; absent for a dry run, and for what is no request that policy could judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<SendId>,
}

#[derive(Serialize, ToSchema)]
struct Because {
    /// The rule's number; 100, which is Meta's error, for what Meta would refuse for its form.
    rule: String,
    /// The rule, or the place of what has the wrong form.
    reason: String,
}

/// Send something that no handler said.
///
/// What policy refuses is listed; what never became a request is not.
#[utoipa::path(
    post,
    path = "/api/accounts/{name}/sends",
    operation_id = "post_send",
    tag = "sends",
    params(
        ("name" = String, Path, description = "The account's name."),
        PostQuery,
        (
            "Idempotency-Key" = Option<String>,
            Header,
            nullable = false,
            min_length = 1,
            max_length = 255,
            description = "The same key and the same bytes again are the same send, for as long as sends are kept.",
        )
    ),
    request_body = Body,
    responses(
        (status = 200, description = "A dry run: it would be allowed.", body = Allowed),
        (status = 202, description = "It is planned; a long text in parts.", body = Planned),
        (
            status = 400,
            description = "The body is no Send API request, and the message names the place; or the path, dry_run or Idempotency-Key cannot be read.",
            body = error::Body
        ),
        (status = 404, description = "There is no such account.", body = error::Body),
        (status = 409, description = "Something else was posted under this key.", body = error::Body),
        (status = 413, description = "The body is longer than 256 KiB.", body = error::Body),
        (
            status = 422,
            description = "Policy forbids it, or Meta would refuse its form. What policy forbids is listed as a refused \
                send, and its Idempotency-Key stays free.",
            body = Refused
        ),
        ApiError
    )
)]
pub(super) async fn post(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<PostQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let (Path(name), Query(PostQuery { dry_run })) = (path?, query?);
    let account = admin.account(&name).ok_or_else(ApiError::no_account)?;
    let key = idempotency_key(&headers)?;
    let body = body?;
    let Body { request, agent } = read(&body)?;
    let request = match Request::try_from(request) {
        Ok(request) => request,
        // A request in form, and one that Meta would refuse: the path says where, never what.
        Err(fault) => return Ok(refused(FORM, &fault.to_string(), None)),
    };
    let post = plan(&admin, &account, request, agent, key.map(|key| (key, Sha256::digest(&body).into())));
    if dry_run {
        return Ok(match decide(&admin, &post).await? {
            Ok(()) => Json(Allowed { allowed: true }).into_response(),
            Err(refusal) => refused(refusal.rule, &post.refused(refusal).reason, None),
        });
    }
    Ok(match admin.store.post(post).await? {
        Posted::Planned(ids) => (StatusCode::ACCEPTED, Json(Planned { id: ids.first().copied(), ids })).into_response(),
        Posted::Refused(refusal) => refused(refusal.rule, &refusal.reason, Some(refusal.id)),
        Posted::Conflict => {
            let hint = "use a new Idempotency-Key for another send";
            return Err(ApiError::conflict("something else was posted under this key", hint));
        }
    })
}

/// The body as JSON: the agent, which is ours, and the Send API request. 400 only for what is none at all.
fn read(body: &[u8]) -> Result<Body, ApiError> {
    let bad = |path: &str, what: &str| {
        ApiError::bad_request(
            format!("{path}: {what}"),
            "send a Send API request: recipient, and message or sender_action",
        )
    };
    let json = serde_json::from_slice(&json::mended_bytes(body));
    let mut json: Map<String, Value> = json.map_err(|_| bad("$", "is not a JSON object"))?;
    let agent = match json.remove("agent") {
        None | Some(Value::Null) => None,
        Some(Value::String(agent)) if !agent.trim().is_empty() => Some(agent),
        Some(_) => return Err(bad("agent", "is not a name")),
    };
    if !json.get("recipient").is_some_and(Value::is_object) {
        return Err(bad("recipient", "is missing, or is not an object"));
    }
    let message = json.get("message").is_some_and(Value::is_object);
    if !message && !json.get("sender_action").is_some_and(Value::is_string) {
        return Err(bad("message", "is missing, and so is sender_action"));
    }
    Ok(Body { request: json, agent })
}

fn plan(
    admin: &Admin,
    account: &Account,
    request: Request,
    agent: Option<String>,
    key: Option<(String, [u8; 32])>,
) -> Post {
    let person = match &request.recipient {
        Recipient::Id(id) | Recipient::UserRef(id) => id.clone(),
        // The person of a right is the one who gave it; the ledger knows them.
        _ => PersonId::new(""),
    };
    let recipient = request.recipient.clone();
    let parts = request.in_parts(account.settings.platform.text_limit());
    let sends = parts.into_iter().map(|part| (admin.store.next_send_id(), part)).collect();
    let (id, standing, now) = (account.id().clone(), Standing::clone(&account.standing), admin.clock.now());
    Post { account: id, standing, recipient, person, sends, agent, key, now }
}

/// The decision alone. It leaves no trace, and no key.
async fn decide(admin: &Admin, post: &Post) -> Result<Result<(), Refusal>, ApiError> {
    let recipient = post.recipient.clone();
    let facts = admin.store.facts(post.account.clone(), post.person.clone(), recipient).await?;
    Ok(policy::check_parts(&post.standing, facts, post.origin(), &post.sends, post.now))
}

fn refused(rule: &str, reason: &str, id: Option<SendId>) -> Response {
    let refused = Because { rule: rule.to_owned(), reason: reason.to_owned() };
    (StatusCode::UNPROCESSABLE_ENTITY, Json(Refused { refused, id })).into_response()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => Err(ApiError::bad_request("Idempotency-Key: is not a key", "give 1 to 255 ASCII characters")),
    }
}
