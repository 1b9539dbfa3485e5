//! Which endpoint answers a call: one line for each.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Method};
use reqwest::Url;
use serde_json::Value;

use super::super::state::{Shared, State};
use super::ask::{Answer, Ask, Verb};
use super::call::Fields;
use super::error::GraphError;
use super::{
    Progress, Request, access, accounts, app, conversations, labels, linking, menu, moderation, node, notifications,
    oauth, personas, profile, subscribed, templates, threads, uploads,
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
    let node = path.first().copied().unwrap_or_default();
    let url = address(request);
    let mut ask = Ask { shared, state, caller, verb, node, fields, url, now: shared.clock.now() };
    progress.account = ask.held().first().copied();
    match path[..] {
        ["debug_token"] => oauth::debug_token(&ask),
        [_] => node::answer(&mut ask),
        [_, edge] => match EDGES.iter().find(|(name, _)| *name == edge) {
            Some((_, endpoint)) => endpoint(&mut ask),
            None => Err(unknown(request)),
        },
        _ => Err(unknown(request)),
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
    url
}
