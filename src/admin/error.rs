//! What `/api` answers when it cannot do what it was asked: `{"error":{"message":…,"hint":…}}`.

use std::borrow::Cow;

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::state::LONGEST_BODY;
use crate::store::StoreError;

/// An answer that is no result.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    hint: Option<Cow<'static, str>>,
}

impl ApiError {
    pub(super) fn bad_request(message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { status: StatusCode::BAD_REQUEST, message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn not_found(what: &str) -> ApiError {
        ApiError { status: StatusCode::NOT_FOUND, message: format!("there is no such {what}"), hint: None }
    }

    pub(super) fn no_account() -> ApiError {
        let hint = Some("give the account's name in the settings".into());
        ApiError { hint, ..ApiError::not_found("account") }
    }

    pub(super) fn conflict(message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { status: StatusCode::CONFLICT, message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn unauthorized() -> ApiError {
        let hint = Some("send the header Authorization: Bearer <admin.token>".into());
        ApiError { status: StatusCode::UNAUTHORIZED, message: "the token is missing or wrong".into(), hint }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> ApiError {
        ApiError::bad_request(rejection.body_text(), "give each parameter once")
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> ApiError {
        ApiError::bad_request("the path cannot be read", "write it in UTF-8, percent-encoded")
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> ApiError {
        match rejection.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => {
                let most = LONGEST_BODY / 1024;
                let hint = Some(format!("a request of the Send API is at most {most} KiB here").into());
                ApiError { status, message: "the body is too long".to_owned(), hint }
            }
            _ => ApiError::bad_request("the body cannot be read", "send it whole"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        tracing::warn!(%error, "the store could not be read for the admin API");
        ApiError {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: error.to_string(),
            hint: Some("try again later".into()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({"message": self.message});
        if let Some(hint) = self.hint {
            error["hint"] = hint.into();
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
