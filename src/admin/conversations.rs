//! `GET /api/conversations/{account}/{person}`: one conversation.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Admin;
use super::error::ApiError;
use crate::id::PersonId;
use crate::policy;
use crate::settings::Feature;

/// The conversation's window and its owner. A person who is not known has one that was never opened; 404 is for the account alone.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path((name, person)) = path?;
    let account = admin.account(&name).ok_or_else(ApiError::no_account)?;
    let row = admin.store.conversation(account.id().clone(), PersonId::new(&person)).await?;
    let now = admin.clock.now();
    let window = row.window;
    // Only whom Meta granted the feature may answer that long.
    let human_agent_until = row
        .last_message_at
        .filter(|_| account.standing.has(Feature::HumanAgent))
        .map(|written_at| written_at + policy::SEVEN_DAYS);
    Ok(Json(json!({
        "account": *account.name,
        "person": person,
        "window": {
            "open": window.is_some_and(|window| window.is_open(now)),
            "opened_at": window.map(|window| window.opened_at.to_string()),
            "closes_at": window.map(|window| window.closes_at().to_string()),
            "opened_by": window.map(|window| window.opened_by),
            "human_agent_until": human_agent_until.map(|until| until.to_string()),
        },
        "owner": row.owner,
        "last_event_at": row.last_event_at.map(|at| at.to_string()),
    })))
}
