//! P0: a conversation is started by the person, never by the business.

use super::{Facts, Refusal, Window};
use crate::message::Recipient;

/// P0.2. Ids are scoped: the facts of one person's conversation say nothing of another's.
pub(super) fn same_person(facts: &Facts, recipient: &Recipient) -> Result<(), Refusal> {
    match recipient {
        Recipient::Id(id) | Recipient::UserRef(id) if facts.person.as_ref() != Some(id) => {
            Err(Refusal { rule: "P0.2", reason: "the recipient is not the person of this conversation" })
        }
        _ => Ok(()),
    }
}

/// P0.1. Who never did anything that opens a conversation is not written to.
pub(super) fn check(facts: &Facts) -> Result<&Window, Refusal> {
    facts.window.as_ref().ok_or(Refusal { rule: "P0.1", reason: "the person has not started this conversation" })
}
