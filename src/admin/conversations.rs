//! `GET /api/conversations/{account}/{person}`: one conversation.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Admin;
use super::error::{self, ApiError};
use crate::clock::{Rfc3339, Timestamp};
use crate::event::Kind;
use crate::id::{AppId, PersonId};
use crate::policy;
use crate::settings::Feature;

/// A conversation's window and its owner.
#[derive(Serialize, ToSchema)]
pub(super) struct Conversation {
    /// The account's name.
    account: String,
    person: PersonId,
    #[schema(inline)]
    window: Window,
    /// The app that has the conversation, as far as Meta has told; null where no app has it, or where it is not known.
    #[schema(required)]
    owner: Option<AppId>,
    /// When something last happened in it.
    #[schema(required)]
    last_event_at: Option<Rfc3339>,
}

/// When the account may write.
#[derive(Serialize, ToSchema)]
struct Window {
    /// Whether the account may write now.
    open: bool,
    /// When the person last opened it.
    #[schema(required)]
    opened_at: Option<Rfc3339>,
    /// When it closes, or has closed.
    #[schema(required)]
    closes_at: Option<Rfc3339>,
    /// What the person opened it by.
    #[schema(required)]
    opened_by: Option<Kind>,
    /// Until when a person may answer under HUMAN_AGENT: 7 days after the last message; null where the account has not the
    /// feature human_agent, or the person never wrote.
    #[schema(required)]
    human_agent_until: Option<Rfc3339>,
}

/// One conversation.
// A person who is not known has a window that was never opened; 404 is for the account alone.
#[utoipa::path(
    get,
    path = "/api/conversations/{account}/{person}",
    operation_id = "show_conversation",
    tag = "conversations",
    params(
        ("account" = String, Path, description = "The account's name."),
        ("person" = PersonId, Path, description = "The person, as the account knows them.")
    ),
    responses(
        (
            status = 200,
            description = "The conversation; a person who is not known has a window that was never opened.",
            body = Conversation
        ),
        (status = 400, description = "The path cannot be read.", body = error::Body),
        (status = 404, description = "There is no such account.", body = error::Body),
        ApiError
    )
)]
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Conversation>, ApiError> {
    let Path((name, person)) = path?;
    let account = admin.account(&name).ok_or_else(ApiError::no_account)?;
    let person = PersonId::new(person);
    let row = admin.store.conversation(account.id().clone(), person.clone()).await?;
    // Only whom Meta granted the feature may answer that long.
    let last_message_at = row.last_message_at.filter(|_| account.standing.has(Feature::HumanAgent));
    Ok(Json(Conversation {
        account: account.name.to_string(),
        person,
        window: Window::of(row.window, last_message_at, admin.clock.now()),
        owner: row.owner,
        last_event_at: row.last_event_at.map(Rfc3339::from),
    }))
}

impl Window {
    fn of(window: Option<policy::Window>, human_agent_from: Option<Timestamp>, now: Timestamp) -> Window {
        Window {
            open: window.is_some_and(|window| window.is_open(now)),
            opened_at: window.map(|window| window.opened_at.into()),
            closes_at: window.map(|window| window.closes_at().into()),
            opened_by: window.map(|window| window.opened_by),
            human_agent_until: human_agent_from.map(|from| (from + policy::SEVEN_DAYS).into()),
        }
    }
}
