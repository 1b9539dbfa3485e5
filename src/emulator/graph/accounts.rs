//! The accounts themselves: the Page, the Instagram account behind it, and what a person runs of them.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page>

use serde_json::json;

use super::super::world::{Feature, Platform};
use super::access::Caller;
use super::account::{self, USER};
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;

/// What `GET /me/accounts` shows of each Page.
const LISTED: &[&str] = &["access_token", "category", "category_list", "name", "tasks"];

/// `GET /me/accounts`: the Pages of the person who is logged in.
pub(super) fn list(ask: &mut Ask<'_>) -> Answer {
    if ask.caller != Caller::User || !["me", USER].contains(&ask.node) || ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let is_page = |at: &usize| ask.shared.world.accounts[*at].platform == Platform::Messenger;
    let pages = (0..ask.shared.world.accounts.len()).filter(is_page);
    let pages: Vec<_> = pages.map(|at| Object { usual: LISTED, ..account::page(ask, at) }).collect();
    ask.list(&pages)
}

/// What `GET /me` or `GET /{account}` shows. None where the node is no account, person or app that the token may see.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    let app = &ask.shared.world.app.id;
    match &ask.caller {
        Caller::User if ["me", USER].contains(&ask.node) => Some(ask.show(&account::user())),
        Caller::User => {
            let accounts = &ask.shared.world.accounts;
            let at = accounts.iter().position(|account| account.is_called(ask.node))?;
            Some(ask.show(&account::of(ask, at)))
        }
        Caller::App if [app.as_str(), "app", "me"].contains(&ask.node) => Some(ask.show(&account::application(app))),
        Caller::App => None,
        Caller::Accounts(held) => {
            let accounts = &ask.shared.world.accounts;
            let is_page = |at: &usize| accounts[*at].platform == Platform::Messenger;
            let at = match ask.node {
                "me" => held.iter().copied().find(is_page).or(held.first().copied()),
                id => held.iter().copied().find(|&at| accounts[at].is_called(id)),
            };
            at.map(|at| ask.show(&account::of(ask, at)))
        }
    }
}

/// `GET /{page}/page_status`.
pub(super) fn status(ask: &mut Ask<'_>) -> Answer {
    let page = ask.page()?;
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let id = &ask.shared.world.accounts[page].id;
    let timestamp = ("timestamp", json!(ask.now.0 / 1000));
    let Some(since) = ask.state.enforced.get(&page) else {
        let values = [timestamp, ("status", json!("ok"))];
        return ask.show(&Object::plain("PageStatus", id, &["timestamp", "status"], values));
    };
    let restriction = json!({
        "feature": "page_messaging_api",
        "description": "The Page cannot send messages.",
        "applied_time": since.0 / 1000,
    });
    let values = [timestamp, ("status", json!("restricted")), ("restrictions", json!([restriction]))];
    ask.show(&Object::plain("PageStatus", id, &["timestamp", "status", "restrictions"], values))
}

/// `GET /me/messaging_feature_review`: what was asked for and granted. The other features of a world are not reviewed here.
pub(super) fn feature_review(ask: &mut Ask<'_>) -> Answer {
    ask.page()?;
    if ask.verb != Verb::Get {
        return Err(ask.unsupported());
    }
    let news = ask.shared.world.app.has(Feature::News);
    let reviews = news.then(|| json!({"feature": "subscription_messaging", "status": "approved"}));
    Ok(json!({"data": Vec::from_iter(reviews)}))
}

/// `POST /me/nlp_configs`: taken, and without effect, as no text is understood here.
pub(super) fn nlp_configs(ask: &mut Ask<'_>) -> Answer {
    ask.page()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    match ask.text("nlp_enabled").as_deref() {
        None | Some("true" | "false" | "1" | "0") => Ok(json!({"success": true})),
        Some(_) => Err(GraphError::parameter("Param nlp_enabled must be a boolean")),
    }
}
