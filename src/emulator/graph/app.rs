//! The app's own subscriptions: where its webhooks go, and which fields of which kind of object.
//!
//! There is one callback here for all kinds of object: the one that was verified last.
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/app/subscriptions>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::state::Shared;
use super::super::subscribe::{SubscribeError, subscribe_with};
use super::super::subscriptions::{OBJECTS, Subscription, names};
use super::access::{Caller, caller};
use super::ask::{Answer, Ask, Verb, names as list};
use super::error::GraphError;
use super::{Request, VERSION, subscribed};

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
    let callback = text("callback_url").map(str::to_owned).or(known.as_ref().map(|known| known.callback.clone()));
    let callback = callback.filter(|url| !url.is_empty()).ok_or_else(|| GraphError::required("callback_url"))?;
    let token = text("verify_token").unwrap_or_default();
    subscribe_with(shared, &callback, token).await.map_err(|error| unverified(&error))?;
    let mut fields: BTreeSet<String> = known.map(|known| known.fields).unwrap_or_default();
    fields.extend(wanted);
    shared.state().subscriptions.set_app(&shared.world, object, Some(Subscription { callback, fields }));
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
    let kept = current(ask, object).filter(|_| !gone.is_empty()).map(|mut kept| {
        kept.fields.retain(|field| !gone.contains(field));
        kept
    });
    ask.state.subscriptions.set_app(&ask.shared.world, object, kept.filter(|kept| !kept.fields.is_empty()));
}

fn shown(ask: &Ask<'_>, object: &str) -> Option<Value> {
    let Subscription { callback, fields } = current(ask, object).filter(|current| !current.fields.is_empty())?;
    let fields: Vec<_> = fields.into_iter().map(|name| json!({"name": name, "version": VERSION})).collect();
    Some(json!({"object": object, "callback_url": callback, "active": true, "fields": fields}))
}

/// What the app is subscribed to. Where it has said nothing, but has a callback by other means, that is everything.
fn current(ask: &Ask<'_>, object: &str) -> Option<Subscription> {
    let said = ask.state.subscriptions.of_app(object).cloned();
    said.or_else(|| {
        let fields = names(object).iter().map(|name| (*name).to_owned()).collect();
        Some(Subscription { callback: ask.state.callback.clone()?, fields })
    })
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
