//! Personas: the names and pictures under which a Page may speak.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/personas>

use serde_json::{Value, json};

use super::super::setup::Persona;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;

const NAME: usize = 50;

/// How many a Page may have here. Meta names no number.
const MOST: usize = 1000;

/// `/{page}/personas`.
pub(super) fn list(ask: &mut Ask<'_>) -> Answer {
    let account = ask.page()?;
    match ask.verb {
        Verb::Get => {
            let of_page = |persona: &&Persona| persona.account == account;
            let personas: Vec<_> = ask.state.setup.personas.kept.iter().filter(of_page).map(object).collect();
            ask.list(&personas)
        }
        Verb::Post => create(ask, account),
        Verb::Delete => Err(ask.unsupported()),
    }
}

fn create(ask: &mut Ask<'_>, account: usize) -> Answer {
    let (name, picture) = (ask.required("name")?.into_owned(), ask.required("profile_picture_url")?.into_owned());
    if name.chars().count() > NAME {
        return Err(GraphError::length("name", NAME));
    }
    if !picture.starts_with("https://") && !picture.starts_with("http://") {
        return Err(GraphError::parameter("Param profile_picture_url must be a valid URI"));
    }
    let id = ask.new_id();
    let personas = &mut ask.state.setup.personas.kept;
    if personas.len() == MOST {
        return Err(GraphError::parameter(format!("There are {MOST} personas already: delete some")));
    }
    personas.push(Persona { id: id.clone(), account, name, picture });
    Ok(json!({"id": id}))
}

/// `DELETE /{persona}`. None where the node is no persona.
pub(super) fn delete(ask: &mut Ask<'_>) -> Option<Value> {
    let node = ask.node;
    ask.state.setup.personas.find(ask.held(), node)?;
    ask.state.setup.personas.kept.retain(|persona| persona.id != node);
    Some(json!({"success": true}))
}

/// A persona as the Graph API shows it.
pub(super) fn object(persona: &Persona) -> Object<'static> {
    let parts = [("name", json!(persona.name)), ("profile_picture_url", json!(persona.picture))];
    Object::plain("MessengerPersona", &persona.id, &["name", "profile_picture_url"], parts)
}
