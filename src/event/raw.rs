use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde_json::value::RawValue;

use crate::json;

/// An item's own JSON, with whatever the typed event does not name. It may carry what a person said, or a token: `Debug`
/// prints its length alone.
#[derive(Clone)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The same as every reader of JSON takes it: half of a surrogate pair, which a text that was cut inside an emoji ends in,
    /// is `\ufffd` in it.
    pub fn mended(self) -> Raw {
        let mended = match json::mended(self.0.get()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(mended) => RawValue::from_string(mended).ok(),
        };
        Raw(mended.unwrap_or(self.0))
    }
}

impl From<&RawValue> for Raw {
    /// The bytes as they are.
    fn from(raw: &RawValue) -> Raw {
        Raw(raw.to_owned())
    }
}

impl Deref for Raw {
    type Target = RawValue;

    fn deref(&self) -> &RawValue {
        &self.0
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[{} bytes]", self.0.get().len())
    }
}
