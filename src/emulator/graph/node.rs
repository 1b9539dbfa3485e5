//! One object by its id: whatever it is, of what the token may see.

use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;
use super::{accounts, conversations, labels, linking, notifications, people, personas, templates};

/// `/{id}`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let found = match ask.verb {
        Verb::Get => get(ask),
        Verb::Delete => personas::delete(ask).map(Ok).or_else(|| labels::delete(ask)),
        Verb::Post => None,
    };
    found.unwrap_or_else(|| Err(missing(ask)))
}

fn get(ask: &Ask<'_>) -> Option<Answer> {
    let set_up = || {
        let setup = &ask.state.setup;
        let persona = setup.personas.find(ask.held(), ask.node).map(personas::object);
        persona.or_else(|| setup.templates.find(ask.held(), ask.node).map(templates::object))
    };
    linking::get(ask)
        .or_else(|| accounts::get(ask))
        .or_else(|| people::get(ask))
        .or_else(|| conversations::get(ask))
        .or_else(|| conversations::message(ask))
        .or_else(|| labels::get(ask))
        .or_else(|| notifications::get(ask))
        .or_else(|| set_up().map(|object: Object<'_>| ask.show(&object)))
}

/// A name that is no id is taken for somebody's alias.
fn missing(ask: &Ask<'_>) -> GraphError {
    let is_id = ask.node.starts_with(|letter: char| letter.is_ascii_digit()) || ask.node == "me";
    let is_message = ask.node.starts_with("m_") || ask.node.starts_with("t_") || ask.node.starts_with("aWdf");
    match ask.verb {
        Verb::Get if !is_id && !is_message => {
            GraphError::api(803, format!("Some of the aliases you requested do not exist: {}", ask.node))
        }
        _ => ask.unsupported(),
    }
}
