//! How a Send API request is described in a schema.

use std::borrow::Cow;

use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, OneOfBuilder};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::request::Wire;
use super::{Recipient, Request};

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

/// How a request is described whose recipient is filled in.
#[derive(Debug)]
pub(crate) struct Reply;

impl PartialSchema for Reply {
    fn schema() -> RefOr<Schema> {
        let mut request = Wire::schema();
        if let RefOr::T(Schema::Object(request)) = &mut request {
            request.required.retain(|name| name != RECIPIENT);
            request.properties.insert(RECIPIENT.to_owned(), given_recipient());
        }
        with_content(request)
    }
}

impl ToSchema for Reply {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

fn given_recipient() -> RefOr<Schema> {
    let recipient = Ref::from_schema_name(Recipient::name());
    let given = OneOfBuilder::new().item(recipient).item(ObjectBuilder::new().schema_type(Type::Null));
    given.description(Some("Filled in. One that is given must be the one that would be filled in.")).into()
}

/// A request has a message or a sender action, which no list of required members can say.
fn with_content(request: RefOr<Schema>) -> RefOr<Schema> {
    let has = |name: &str, kind: Type| {
        ObjectBuilder::new().property(name, ObjectBuilder::new().schema_type(kind)).required(name)
    };
    let content = AnyOfBuilder::new().item(has("message", Type::Object)).item(has("sender_action", Type::String));
    AllOfBuilder::new().item(request).item(Schema::from(content)).into()
}
