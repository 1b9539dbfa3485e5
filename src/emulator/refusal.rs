//! The answer of a control route to what it cannot do: what is wrong, and what would work.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// `{"error":{"message","hint"}}`, 400 unless it says otherwise.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    hint: String,
}

impl Refusal {
    /// A request that cannot be followed.
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, message: message.into(), hint: hint.into() }
    }

    /// The same with another status.
    pub(super) fn status(self, status: StatusCode) -> Refusal {
        Refusal { status, ..self }
    }

    /// A path where nothing is.
    pub(super) fn not_found(path: &str) -> Refusal {
        let hint =
            "the playground is at /playground/, the control routes under /emulator/, the Graph API at all other paths";
        Refusal::new(format!("there is nothing at {path}"), hint).status(StatusCode::NOT_FOUND)
    }
}

/// What is wrong with an act, and what would work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ActFault {
    /// What is wrong.
    pub problem: String,
    /// What would work.
    pub hint: String,
}

impl From<Refusal> for ActFault {
    fn from(refusal: Refusal) -> ActFault {
        ActFault { problem: refusal.message, hint: refusal.hint }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": {"message": self.message, "hint": self.hint}}))).into_response()
    }
}
