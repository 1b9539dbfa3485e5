//! `GET /api/conversations/{account}/{person}`: one conversation.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Admin;
use super::error::ApiError;
use crate::id::PersonId;

/// The conversation's window. A person who is not known has one that was never opened; 404 is for the account alone.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path((name, person)) = path?;
    let account = admin.accounts.get(&name).ok_or_else(ApiError::no_account)?;
    let row = admin.store.conversation(account.id.clone(), PersonId::new(&person)).await?;
    let now = admin.clock.now();
    let window = row.window;
    Ok(Json(json!({
        "account": name,
        "person": person,
        "window": {
            "open": window.is_some_and(|window| window.is_open(now)),
            "opened_at": window.map(|window| window.opened_at.to_string()),
            "closes_at": window.map(|window| window.closes_at().to_string()),
            "opened_by": window.map(|window| window.opened_by),
            "human_agent_until": null,
        },
        "owner": null,
        "last_event_at": row.last_event_at.map(|at| at.to_string()),
    })))
}
