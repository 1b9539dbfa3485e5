//! Which endpoint answers a call: one line for each.

use std::iter;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Method};
use reqwest::Url;
use serde_json::{Map, Value};

use super::super::state::{Shared, State};
use super::access::Caller;
use super::ask::{Answer, Ask, Verb};
use super::call::Fields;
use super::error::GraphError;
use super::progress::Progress;
use super::request::Request;
use super::{
    access, accounts, app, conversations, labels, linking, menu, moderation, multiple, node, notifications, oauth,
    personas, profile, subscribed, templates, threads, uploads,
};

type Endpoint = fn(&mut Ask<'_>) -> Answer;

/// What stands behind an object's id.
const EDGES: [(&str, Endpoint); 26] = [
    ("accounts", accounts::list),
    ("conversations", conversations::list),
    ("custom_labels", labels::list),
    ("custom_user_settings", menu::answer),
    ("extend_thread_control", threads::extend),
    ("label", labels::mark),
    ("message_attachments", uploads::answer),
    ("message_templates", templates::answer),
    ("messages", conversations::messages),
    ("messaging_feature_review", accounts::feature_review),
    ("messenger_profile", profile::answer),
    ("moderate_conversations", moderation::answer),
    ("nlp_configs", accounts::nlp_configs),
    ("notification_message_tokens", notifications::list),
    ("page_status", accounts::status),
    ("pass_thread_control", threads::pass),
    ("permissions", oauth::permissions),
    ("personas", personas::list),
    ("release_thread_control", threads::release),
    ("request_thread_control", threads::request),
    ("secondary_receivers", threads::secondary_receivers),
    ("subscribed_apps", subscribed::answer),
    ("subscriptions", app::subscriptions),
    ("take_thread_control", threads::take),
    ("thread_owner", threads::owner),
    ("unlink_accounts", linking::unlink),
];

/// Answers a call.
pub(super) fn answer(shared: &Shared, state: &mut State, request: &Request, progress: &mut Progress) -> Answer {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let fields = request.fields()?;
    let verb = verb(&request.method, fields, request)?;
    match path[..] {
        ["oauth", "access_token"] => return oauth::access_token(&shared.world, fields),
        ["access_token" | "refresh_access_token"] => return oauth::instagram_token(&shared.world, fields),
        _ => {}
    }
    let caller = access::caller(&shared.world, &request.headers, fields).map_err(|error| match path[..] {
        // Without a token Meta does not know who is meant.
        ["me", ..] if error.code == 104 => {
            let message = "An active access token must be used to query information about the current user.";
            GraphError::plain(2500, message)
        }
        _ => error,
    })?;
    if let Caller::Accounts(held) = &caller {
        progress.account = held.first().copied();
    }
    let url = address(request);
    let now = shared.clock.now();
    let mut ask = |path: &[&str], url: Url| {
        let node = path.first().copied().unwrap_or_default();
        let state = &mut *state;
        let mut ask = Ask { shared, state, caller: caller.clone(), verb, node, fields, url, now };
        lead(&mut ask, path).unwrap_or_else(|| Err(unknown(request)))
    };
    let Some(ids) = multiple::ids(fields, verb)? else { return ask(&path, url) };
    let mut answers = Map::new();
    for id in &ids {
        let whole: Vec<&str> = iter::once(id.as_str()).chain(path.iter().copied()).collect();
        let mut url = url.clone();
        url.set_path(&format!("/{}/{}", request.version, whole.join("/")));
        answers.insert(id.clone(), ask(&whole, url)?);
    }
    Ok(Value::Object(answers))
}

/// Leads a call to its endpoint. None where there is none.
fn lead(ask: &mut Ask<'_>, path: &[&str]) -> Option<Answer> {
    match *path {
        ["debug_token"] => Some(oauth::debug_token(ask)),
        [_] => Some(node::answer(ask)),
        [_, edge] => EDGES.iter().find(|(name, _)| *name == edge).map(|(_, endpoint)| endpoint(ask)),
        _ => None,
    }
}

/// A path that leads nowhere.
pub(super) fn unknown(request: &Request) -> GraphError {
    GraphError::plain(2500, &format!("Unknown path components: /{}", request.path.join("/")))
}

/// Clients that can only POST say in `method` what they mean.
fn verb(method: &Method, fields: &Fields, request: &Request) -> Result<Verb, GraphError> {
    let meant = fields.get("method").and_then(Value::as_str).filter(|_| *method == Method::POST);
    match meant.unwrap_or(method.as_str()).to_ascii_uppercase().as_str() {
        "GET" | "HEAD" => Ok(Verb::Get),
        "POST" => Ok(Verb::Post),
        "DELETE" => Ok(Verb::Delete),
        other => Err(GraphError::unsupported(&other.to_ascii_lowercase(), &request.node)),
    }
}

/// The address that was called, for the links of a list.
fn address(request: &Request) -> Url {
    let host = |headers: &HeaderMap| headers.get(HOST).and_then(|host| host.to_str().ok().map(str::to_owned));
    let host = host(&request.headers).unwrap_or_else(|| "graph.facebook.com".to_owned());
    let mut url = Url::parse(&format!("http://{host}/"))
        .or_else(|_| Url::parse("http://graph.facebook.com/"))
        .expect("a constant address can be parsed");
    url.set_path(&format!("/{}/{}", request.version, request.path.join("/")));
    url.set_query(request.uri.query());
    // The link of a list is about the one object that has it.
    if url.query_pairs().any(|(name, _)| name == "ids") {
        let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "ids").collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url
}
