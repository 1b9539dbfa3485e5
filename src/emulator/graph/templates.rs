//! Utility templates, which are approved the moment they come.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/utility-messages>

use serde_json::json;

use super::super::setup::Template;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;

/// How many there may be here.
const MOST: usize = 250;

const NAME: usize = 512;

/// `/{page}/message_templates`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.page()?;
    match ask.verb {
        Verb::Get => list(ask, account),
        Verb::Post => create(ask, account),
        Verb::Delete => delete(ask, account),
    }
}

fn list(ask: &Ask<'_>, account: usize) -> Answer {
    let (name, status) = (ask.text("name"), ask.text("status"));
    let approved = status.is_none_or(|status| status == "APPROVED");
    let is_wanted = |template: &&Template| {
        approved && template.account == account && name.as_deref().is_none_or(|name| template.name == name)
    };
    let shown = ask.state.setup.templates.kept.iter().filter(is_wanted).map(object);
    ask.list(&shown.collect::<Vec<_>>())
}

fn create(ask: &mut Ask<'_>, account: usize) -> Answer {
    let (name, language) = (ask.required("name")?.into_owned(), ask.required("language")?.into_owned());
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.chars().all(is_plain) || name.len() > NAME {
        return Err(GraphError::parameter("Param name must be lower-case letters, digits and underscores"));
    }
    if ask.required("category")? != "UTILITY" {
        return Err(GraphError::parameter("Param category must be one of {UTILITY}"));
    }
    let cloned = ask.text("library_template_name").is_some();
    let components = ask.json("components").unwrap_or_else(|| json!([]));
    let has_body = components.as_array().is_some_and(|list| list.iter().any(|part| part["type"] == "BODY"));
    if !has_body && !cloned {
        return Err(GraphError::parameter("Param components must have a component of type BODY"));
    }
    let (id, at) = (ask.new_id(), ask.now);
    let parameter_format = json!(ask.text("parameter_format").unwrap_or("POSITIONAL".into()));
    let templates = &mut ask.state.setup.templates;
    if templates.has(account, &name, &language) {
        return Err(GraphError::parameter("Param name is the name of another template in this language"));
    }
    if templates.kept.len() == MOST {
        return Err(GraphError::parameter(format!("There are {MOST} templates already: delete some")));
    }
    templates.kept.push(Template { id: id.clone(), account, name, language, components, parameter_format, at });
    Ok(json!({"id": id, "status": "APPROVED", "category": "UTILITY"}))
}

fn delete(ask: &mut Ask<'_>, account: usize) -> Answer {
    let (name, id) = (ask.text("name"), ask.text("template_id"));
    if name.is_none() && id.is_none() {
        return Err(GraphError::required("name"));
    }
    let goes = |template: &Template| {
        template.account == account
            && name.as_deref().is_none_or(|name| template.name == name)
            && id.as_deref().is_none_or(|id| template.id == id)
    };
    let templates = &mut ask.state.setup.templates.kept;
    let before = templates.len();
    templates.retain(|template| !goes(template));
    match templates.len() < before {
        true => Ok(json!({"success": true})),
        false => Err(GraphError::parameter("Message template not found")),
    }
}

/// A template as the Graph API shows it.
pub(super) fn object(template: &Template) -> Object<'static> {
    let parts = [
        ("name", json!(template.name)),
        ("status", json!("APPROVED")),
        ("category", json!("UTILITY")),
        ("language", json!(template.language)),
        ("components", template.components.clone()),
        ("parameter_format", template.parameter_format.clone()),
        ("rejection_reasons", json!([])),
        ("last_updated_time", json!(template.at.0 / 1000)),
    ];
    Object::plain("MessageTemplate", &template.id, &["name", "status", "category", "language", "components"], parts)
}
