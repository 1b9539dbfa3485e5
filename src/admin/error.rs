//! What `/api` answers when it cannot do what it was asked: `{"error":{"message":…,"hint":…}}`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{Content, Ref, RefOr, Response as Described, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::state::LONGEST_BODY;
use crate::store::StoreError;

/// An answer that is no result.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    fault: Fault,
}

/// Why a call was not answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Body {
    #[schema(inline)]
    error: Fault,
}

#[derive(Debug, Serialize, ToSchema)]
struct Fault {
    /// What is wrong.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hint: Option<Cow<'static, str>>,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>, hint: Option<Cow<'static, str>>) -> ApiError {
        ApiError { status, fault: Fault { message: message.into(), hint } }
    }

    pub(super) fn bad_request(message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, message, Some(hint.into()))
    }

    pub(super) fn not_found(what: &str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, format!("there is no such {what}"), None)
    }

    pub(super) fn no_account() -> ApiError {
        let hint = "give the account's name in the settings".into();
        ApiError::new(StatusCode::NOT_FOUND, "there is no such account", Some(hint))
    }

    pub(super) fn conflict(message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, message, Some(hint.into()))
    }

    pub(super) fn unauthorized() -> ApiError {
        let hint = "send the header Authorization: Bearer <admin.token>".into();
        ApiError::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong", Some(hint))
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
                let hint = format!("a request of the Send API is at most {most} KiB here").into();
                ApiError::new(status, "the body is too long", Some(hint))
            }
            _ => ApiError::bad_request("the body cannot be read", "send it whole"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        tracing::warn!(%error, "the store could not be read for the admin API");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string(), Some("try again later".into()))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(Body { error: self.fault })).into_response()
    }
}

/// What any call that asks the store may answer.
impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let away = described("The store cannot be read or written now.");
        [("503".to_owned(), away.into())].into()
    }
}

/// An answer that is an error, for the description.
pub(super) fn described(meaning: &str) -> Described {
    let body = Content::new(Some(Ref::from_schema_name(Body::name())));
    ResponseBuilder::new().description(meaning).content("application/json", body).build()
}
