use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Raw;

/// Anything that has no kind of its own: kept, listed and offered as Meta sent it.
///
/// Meta sends it under some thirty names, for things that a conversation seldom needs (orders, games, lead forms, inbox
/// labels, reactions to posts, delivery reports of marketing messages, a restriction of the Page), and adds new ones now and
/// then.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>
#[derive(Clone)]
pub struct Other(pub(super) Raw);

impl fmt::Debug for Other {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Other").field("name", &self.name()).field("raw", &self.0).finish()
    }
}

impl Other {
    /// The item as Meta sent it.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// Meta's name for what it is: the change's `field` (`inbox_labels`), or the first key beside the common ones (`order`).
    pub fn name(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Field {
            field: String,
        }
        let json = super::wire::mended(self.0.get());
        if let Ok(Field { field }) = serde_json::from_str(&json) {
            return Some(field);
        }
        let keys: Map<String, Value> = serde_json::from_str(&json).ok()?;
        keys.into_iter().map(|(key, _)| key).find(|key| !COMMON.contains(&key.as_str()))
    }
}

const COMMON: [&str; 5] = ["sender", "recipient", "timestamp", "id", "time"];
