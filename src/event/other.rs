use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Raw;
use crate::json;

/// Anything that has no kind of its own: kept, listed and offered as Meta sent it.
///
/// Meta sends it under some thirty names, for things that a conversation seldom needs (orders, games, lead forms, inbox
/// labels, reactions to posts, delivery reports of marketing messages, a restriction of the Page, calls), and adds new ones now
/// and then, some of them in lists of their own beside `messaging`. What stands in such a list is always of this kind.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>
#[derive(Clone)]
pub struct Other {
    raw: Raw,
    list: Option<String>,
}

impl fmt::Debug for Other {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Other").field("name", &self.name()).field("raw", &self.raw).finish()
    }
}

impl Other {
    pub(super) fn new(raw: Raw, list: Option<String>) -> Other {
        Other { raw, list }
    }

    /// The item as Meta sent it.
    pub fn raw(&self) -> &RawValue {
        &self.raw
    }

    /// The list of the entry that it stood in (`calls`), where Meta documents no such list.
    pub(super) fn list(&self) -> Option<&str> {
        self.list.as_deref()
    }

    /// Meta's name for what it is: the list it stood in (`calls`), the change's `field` (`inbox_labels`), or the first key beside
    /// the common ones (`order`).
    pub fn name(&self) -> Option<String> {
        if let Some(list) = self.list().filter(|list| !list.is_empty()) {
            return Some(list.to_owned());
        }
        #[derive(Deserialize)]
        struct Field {
            field: String,
        }
        let text = json::mended(self.raw.get());
        if let Ok(Field { field }) = serde_json::from_str(&text) {
            return Some(field);
        }
        let keys: Map<String, Value> = serde_json::from_str(&text).ok()?;
        let name = |besides: &[&str]| keys.keys().find(|key| !besides.contains(&key.as_str())).cloned();
        name(&[&COMMON[..], &DESCRIBING].concat()).or_else(|| name(&COMMON))
    }
}

/// What many items have.
const COMMON: [&str; 5] = ["sender", "recipient", "timestamp", "id", "time"];

/// What describes an entry.
const DESCRIBING: [&str; 2] = ["uid", "hop_context"];
