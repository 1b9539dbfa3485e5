//! A message that comes as its own edit.
//!
//! Instagram tells of a message a second time, as an edit with the number 0, and of some messages in no other way. The item alone
//! does not show which of the two it is. So it is read as the message, together with the message's own key (without a time: the
//! edit carries another one). By that key the store finds out whether the message is known, and the first of the two is answered.

use serde_json::value::RawValue;

use super::members::Members;
use super::{Edit, Event, Key, Raw, lenient};
use crate::id::{AccountId, PersonId};

/// What stands behind a message that came as its own edit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FirstVersion {
    /// The key of the message, whenever it was written.
    pub message: Key,
    /// The edit, which it is if the message is known.
    pub edit: Edit,
}

/// The message of an edit with the number 0, where it names one.
pub(super) fn of(
    account: &AccountId,
    person: &PersonId,
    event: &Event,
    raw: Option<&RawValue>,
) -> Option<(Event, FirstVersion)> {
    let Event::Edit(edit) = event else { return None };
    if !edit.is_first_version() || edit.mid.is_none() {
        return None;
    }
    let raw = raw?;
    let message = Event::Message(lenient::object(raw)?);
    let key = Key::of(account, person.as_str(), None, &message, raw.get());
    Some((message, FirstVersion { message: key, edit: edit.clone() }))
}

/// The item as a message would have come: a bot reads it like any other.
pub(super) fn as_message(raw: &RawValue) -> Option<Raw> {
    let renamed = |name: &str| (name == "message_edit").then_some("message");
    let item: Members<'_> = lenient::object(raw)?;
    let value = item.named("value").next().filter(|_| item.named("message_edit").next().is_none());
    let written = match value.and_then(lenient::object::<Members<'_>>) {
        Some(value) => {
            let value = value.written(renamed);
            let mut item = item;
            let of_value = |member: &&mut super::members::Member<'_>| member.name() == "value";
            item.0.iter_mut().find(of_value)?.value = &value;
            item.written(|_| None)
        }
        None => item.written(renamed),
    };
    Some(Raw::from(&*written))
}
