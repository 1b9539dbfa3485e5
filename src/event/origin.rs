//! What a delivery says around its items.

use crate::clock::Timestamp;
use crate::id::AccountId;

/// What the accounts of a delivery are: its `object`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// Facebook Pages.
    Page,
    /// Instagram professional accounts.
    Instagram,
}

impl Object {
    /// The object of this name. Meta delivers for others too; they are no accounts.
    pub(crate) fn named(name: &str) -> Option<Object> {
        match name {
            "page" => Some(Object::Page),
            "instagram" => Some(Object::Instagram),
            _ => None,
        }
    }

    /// Meta's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Object::Page => "page",
            Object::Instagram => "instagram",
        }
    }
}

/// What stands around an item.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The account: the `entry.id`.
    pub account: AccountId,
    /// Whether the item stood in a `standby` list.
    pub standby: bool,
    /// The `entry.time`.
    pub time: Option<Timestamp>,
    /// The list it stood in, where Meta documents no such list: it is [`Event::Other`](super::Event::Other) then, whatever it looks like.
    pub list: Option<String>,
}
