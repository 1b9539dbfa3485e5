//! Custom labels: what an inbox notes about people. Nothing here works before a Page admin has accepted the Page Contact
//! Terms, which is `POST /emulator/terms` here.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/identity/custom-labels>

use serde_json::json;

use super::super::setup::Label;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;

/// How many labels there may be here. Meta names no number.
const MOST: usize = 1000;

/// `/{page}/custom_labels`, and `/{PSID}/custom_labels`: those of one person.
pub(super) fn list(ask: &mut Ask<'_>) -> Answer {
    if let Some(chat) = ask.chat(ask.held(), ask.node) {
        accepted(ask, chat.account)?;
        return match ask.verb {
            Verb::Get => show(ask, |label| label.people.contains(&chat)),
            _ => Err(ask.unsupported()),
        };
    }
    let account = ask.page()?;
    accepted(ask, account)?;
    match ask.verb {
        Verb::Get => show(ask, |label| label.account == account),
        Verb::Post => create(ask, account),
        Verb::Delete => Err(ask.unsupported()),
    }
}

fn show(ask: &Ask<'_>, is_shown: impl Fn(&Label) -> bool) -> Answer {
    let shown = ask.state.setup.labels.kept.iter().filter(|label| is_shown(label)).map(object);
    ask.list(&shown.collect::<Vec<_>>())
}

fn create(ask: &mut Ask<'_>, account: usize) -> Answer {
    let name = ask.text("page_label_name").or_else(|| ask.text("name"));
    let name =
        name.filter(|name| !name.is_empty()).ok_or_else(|| GraphError::required("page_label_name"))?.into_owned();
    let id = ask.new_id();
    let labels = &mut ask.state.setup.labels.kept;
    if let Some(label) = labels.iter().find(|label| label.account == account && label.name == name) {
        return Ok(json!({"id": label.id}));
    }
    if labels.len() == MOST {
        return Err(GraphError::parameter(format!("There are {MOST} labels already: delete some")));
    }
    labels.push(Label { id: id.clone(), account, name, people: [].into() });
    Ok(json!({"id": id}))
}

/// `/{label}/label?user=`.
pub(super) fn mark(ask: &mut Ask<'_>) -> Answer {
    let account = label_account(ask).ok_or_else(|| ask.unsupported())?;
    accepted(ask, account)?;
    let user = ask.required("user")?;
    let chat =
        ask.chat(&[account], &user).ok_or_else(|| GraphError::parameter("No matching user found").with(2_018_001))?;
    let (verb, node) = (ask.verb, ask.node);
    let label = ask.state.setup.labels.kept.iter_mut().find(|label| label.id == node);
    match (verb, label) {
        (Verb::Post, Some(label)) => _ = label.people.insert(chat),
        (Verb::Delete, Some(label)) => _ = label.people.remove(&chat),
        _ => return Err(ask.unsupported()),
    }
    Ok(json!({"success": true}))
}

/// `DELETE /{label}`. None where the node is no label.
pub(super) fn delete(ask: &mut Ask<'_>) -> Option<Answer> {
    let account = label_account(ask)?;
    if let Err(error) = accepted(ask, account) {
        return Some(Err(error));
    }
    let node = ask.node;
    ask.state.setup.labels.kept.retain(|label| label.id != node);
    Some(Ok(json!({"success": true})))
}

fn label_account(ask: &Ask<'_>) -> Option<usize> {
    ask.state.setup.labels.find(ask.held(), ask.node).map(|label| label.account)
}

/// Refuses until the terms are accepted: not in passing, whatever code 2 means elsewhere.
fn accepted(ask: &Ask<'_>, account: usize) -> Result<(), GraphError> {
    if ask.state.setup.terms.contains(&account) {
        return Ok(());
    }
    let text = format!(
        "To use the inbox label API, you need to accept the privacy ToS. Click the link to accept. \
        https://www.facebook.com/{}/inbox/page_contact_tos/",
        ask.shared.world.accounts[account].id
    );
    let error = GraphError::api(2, "Service temporarily unavailable").with(2_018_344).lasting();
    Err(error.for_people("Privacy ToS not accepted", &text))
}

/// What `GET /{label}` shows. None where the node is no label.
pub(super) fn get(ask: &Ask<'_>) -> Option<Answer> {
    let label = ask.state.setup.labels.find(ask.held(), ask.node)?;
    Some(accepted(ask, label.account).and_then(|()| ask.show(&object(label))))
}

/// A label as the Graph API shows it. `name` is what the key was called before.
fn object(label: &Label) -> Object<'static> {
    let name = json!(label.name);
    Object::plain("PageContactLabel", &label.id, &[], [("page_label_name", name.clone()), ("name", name)])
}
