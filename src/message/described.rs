//! How a Send API request is described in a schema.

use std::borrow::Cow;

use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Request;
use super::request::Wire;

const RECIPIENT: &str = "recipient";

impl PartialSchema for Request {
    fn schema() -> RefOr<Schema> {
        with_content(Wire::schema())
    }
}

impl ToSchema for Request {
    fn name() -> Cow<'static, str> {
        "SendApiRequest".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

/// How a request is described whose recipient is filled in: any that is given must be the one that would be filled in.
#[derive(Debug)]
pub struct Reply;

impl PartialSchema for Reply {
    fn schema() -> RefOr<Schema> {
        let mut request = Wire::schema();
        if let RefOr::T(Schema::Object(request)) = &mut request {
            request.properties.shift_remove(RECIPIENT);
            request.required.retain(|name| name != RECIPIENT);
        }
        with_content(request)
    }
}

impl ToSchema for Reply {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

/// A request has a message or a sender action, which no list of required members can say.
fn with_content(request: RefOr<Schema>) -> RefOr<Schema> {
    let has = |name: &str, kind: Type| {
        ObjectBuilder::new().property(name, ObjectBuilder::new().schema_type(kind)).required(name)
    };
    let content = AnyOfBuilder::new().item(has("message", Type::Object)).item(has("sender_action", Type::String));
    AllOfBuilder::new().item(request).item(Schema::from(content)).into()
}
