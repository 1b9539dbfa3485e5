//! The app's own subscriptions: where its webhooks go, and which fields of which kind of object.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/app/subscriptions>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::state::Shared;
use super::super::subscribe::{SubscribeError, begin, prove};
use super::super::subscriptions::{OBJECTS, Subscription};
use super::super::version::VERSION;
use super::access::{Caller, caller};
use super::ask::{Answer, Ask, Verb, names as list};
use super::error::GraphError;
use super::request::Request;
use super::subscribed;

/// `POST /{app}/subscriptions`: the one call that is answered by calling back first.
pub(super) async fn subscribe(shared: &Shared, request: &Request) -> Answer {
    let fields = request.fields()?;
    if caller(&shared.world, &request.headers, fields)? != Caller::App {
        return Err(not_the_app());
    }
    if request.node != shared.world.app.id {
        return Err(GraphError::unsupported("post", &request.node));
    }
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let object = object(text("object"))?;
    let wanted = list(fields, "fields")?;
    subscribed::check("fields", &wanted, object)?;
    let known = shared.state().subscriptions.of_app(object).cloned();
    let callback = text("callback_url").or(known.as_ref().map(|known| known.callback.as_str()));
    let callback = callback.ok_or_else(|| GraphError::required("callback_url"))?.to_owned();
    let token = text("verify_token").unwrap_or_default();
    prove(shared, &callback, token).await.map_err(|error| unverified(&error))?;
    let mut fields: BTreeSet<String> = known.and_then(|known| known.fields).unwrap_or_default();
    fields.extend(wanted);
    begin(shared, |subscriptions| {
        subscriptions.set_app(object, Some(Subscription { callback, fields: Some(fields) }));
    });
    Ok(json!({"success": true}))
}

/// `GET` and `DELETE /{app}/subscriptions`.
pub(super) fn subscriptions(ask: &mut Ask<'_>) -> Answer {
    if ask.caller != Caller::App {
        return Err(not_the_app());
    }
    if ![ask.shared.world.app.id.as_str(), "app"].contains(&ask.node) {
        return Err(ask.unsupported());
    }
    match ask.verb {
        Verb::Get => Ok(json!({"data": OBJECTS.iter().filter_map(|object| shown(ask, object)).collect::<Vec<_>>()})),
        Verb::Post => Err(GraphError::parameter("A subscription cannot be part of a batch")),
        Verb::Delete => {
            let objects = match ask.text("object") {
                Some(name) => vec![object(Some(&name))?],
                None => OBJECTS.to_vec(),
            };
            let gone = ask.names("fields")?;
            objects.into_iter().for_each(|object| end(ask, object, &gone));
            Ok(json!({"success": true}))
        }
    }
}

/// Ends a subscription, or the part of it with these fields.
fn end(ask: &mut Ask<'_>, object: &'static str, gone: &[String]) {
    let kept = ask.state.subscriptions.of_app(object).filter(|_| !gone.is_empty()).and_then(|current| {
        let mut fields = current.names(object);
        fields.retain(|field| !gone.contains(field));
        (!fields.is_empty()).then(|| Subscription { callback: current.callback.clone(), fields: Some(fields) })
    });
    ask.state.subscribe(|subscriptions| subscriptions.set_app(object, kept));
}

fn shown(ask: &Ask<'_>, object: &str) -> Option<Value> {
    let current = ask.state.subscriptions.of_app(object)?;
    let fields: Vec<_> =
        current.names(object).into_iter().map(|name| json!({"name": name, "version": VERSION})).collect();
    Some(json!({"object": object, "callback_url": current.callback, "active": true, "fields": fields}))
}

fn object(name: Option<&str>) -> Result<&'static str, GraphError> {
    let name = name.ok_or_else(|| GraphError::required("object"))?;
    let known = OBJECTS.into_iter().find(|known| *known == name);
    known.ok_or_else(|| GraphError::parameter(format!("Param object must be one of {{{}}}", OBJECTS.join(", "))))
}

fn unverified(error: &SubscribeError) -> GraphError {
    let why = match error {
        SubscribeError::Refused(status) => {
            let reason = axum::http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            format!("HTTP Status Code = {status}; HTTP Message = {}", reason.unwrap_or("Unknown"))
        }
        error => error.to_string(),
    };
    GraphError::api(2200, format!("Callback verification failed with the following errors: {why}"))
}

fn not_the_app() -> GraphError {
    GraphError::api(15, "This method must be called with an app access_token.")
}
