//! `/api/openapi.json`: the description of the API, in the words of OpenAPI 3.1.
//!
//! Each operation is described at its handler, by `utoipa::path`, and each body by its type; only what is so described can be
//! routed. What every call may answer before a handler sees it is added here, to all of them.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, SecurityRequirement,
};

use super::error;

/// The security scheme, by its name in the document.
const TOKEN: &str = "token";

const ABOUT: &str = "On the operator's listener (admin.listen). Lists are newest first; ids are strings; times are RFC 3339 \
    in UTC with milliseconds. Any call is answered 421 under a name that is neither loopback, nor the address of \
    admin.listen, nor in admin.hosts; 403 when a page of another origin makes it; 415 when its body is neither JSON nor \
    multipart.";

/// What any call may answer before its handler sees it: the status, the name in the document, and what it means.
const OF_EVERY_CALL: [(&str, &str, &str); 4] = [
    ("401", "Unauthorized", "admin.token is set, and the token is missing or wrong."),
    ("403", "OtherOrigin", "A page of another origin made the call."),
    ("415", "OtherBody", "There is a body that is neither JSON nor multipart."),
    (
        "421",
        "OtherName",
        "It came under a name that is neither loopback, nor the address of admin.listen, nor in admin.hosts.",
    ),
];

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "describe_api",
    tag = "documents",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object))
)]
pub(super) async fn description(Extension(description): Extension<Arc<OpenApi>>) -> Response {
    Json(&*description).into_response()
}

/// The document without its paths.
pub(super) fn root() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Rejoinder, the operator's API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    let or_none = [SecurityRequirement::new(TOKEN, [""; 0]), SecurityRequirement::default()];
    OpenApiBuilder::new().info(info).security(Some(or_none)).components(Some(components())).build()
}

fn components() -> Components {
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let of_every_call = OF_EVERY_CALL.map(|(_, name, meaning)| (name, error::described(meaning)));
    ComponentsBuilder::new().security_scheme(TOKEN, token).responses_from_iter(of_every_call).build()
}

/// Adds what any call may answer to every operation.
pub(super) fn with_what_every_call_answers(mut description: OpenApi) -> OpenApi {
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        for (status, name, _) in OF_EVERY_CALL {
            operation.responses.responses.insert(status.to_owned(), RefOr::Ref(Ref::from_response_name(name)));
        }
    }
    description
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch].into_iter().flatten()
}
