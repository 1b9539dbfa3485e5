//! The steps of a long turn, as its handler meets them: bounded, and the same at each try.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::effect::{Effects, Memory};
use crate::store::StoreError;

/// What a handler may bring about for one event, so that one that runs away is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most sends, through all the turn's steps. A step that says nothing counts as one.
    pub sends: usize,
    /// The most bytes of JSON to be remembered.
    pub state: usize,
}

/// A turn could not take a step. It has failed then, whatever its handler makes of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// It said or remembers something else than an earlier try of the same turn did, of which this step is kept. A handler that
    /// flushes must do the same each time that it is given the same event.
    #[error("step {0} of this turn differs from the one that an earlier try has taken")]
    Strayed(usize),
    /// It said more than is allowed.
    #[error("the handler said more than {0} things, and that is dispatch.max_sends")]
    TooMany(usize),
    /// It remembers more than is allowed.
    #[error("the handler remembers {bytes} bytes, and dispatch.max_state is {most}")]
    TooLarge {
        /// How much it remembers.
        bytes: usize,
        /// How much is allowed.
        most: usize,
    },
    /// The turn has passed its deadline.
    #[error("the turn is over")]
    Over,
    /// The step could not be kept.
    #[error("the step could not be kept")]
    Store(#[from] StoreError),
    /// An earlier step of this try could not be taken, in these words.
    #[error("an earlier step of this turn failed: {0}")]
    Earlier(String),
}

impl Limits {
    /// Whether a turn may say so much in all, and remember this.
    pub(super) fn allow(&self, sends: usize, memory: Option<&Memory>) -> Result<(), FlushError> {
        if sends > self.sends {
            return Err(FlushError::TooMany(self.sends));
        }
        match memory.and_then(Memory::json).map_or(0, str::len) {
            bytes if bytes > self.state => Err(FlushError::TooLarge { bytes, most: self.state }),
            _ => Ok(()),
        }
    }
}

/// What a step said and remembers, in few bytes. The order of an object's keys makes no difference: it may differ between two
/// tries. Nor does it matter among which sends something was remembered.
pub(super) fn hash(effects: &Effects) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (_, request) in effects.sends() {
        hasher.update(canonical(request));
        hasher.update(b"\n");
    }
    match effects.memory() {
        None => hasher.update("keep"),
        Some(Memory::Clear) => hasher.update("clear"),
        Some(Memory::Set(state)) => {
            hasher.update("set ");
            hasher.update(serde_json::from_str::<Value>(state).map_or(state.clone(), canonical));
        }
    }
    hasher.finalize().into()
}

fn canonical(value: impl Serialize) -> String {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    value.sort_all_objects();
    value.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::effect::Effect;
    use crate::id::SendId;

    fn request(body: Value) -> Effect {
        Effect::Say(SendId(1), Box::new(serde_json::from_value(body).expect("a request")))
    }

    fn hash<const N: usize>(effects: [Effect; N]) -> [u8; 32] {
        super::hash(&effects.into_iter().collect())
    }

    #[test]
    fn the_order_of_keys_is_no_difference_and_everything_else_is() {
        let one = |text: &str| request(json!({"recipient": {"id": "1"}, "message": {"text": text, "metadata": "m"}}));
        let turned = request(json!({"message": {"metadata": "m", "text": "a"}, "recipient": {"id": "1"}}));
        assert_eq!(hash([one("a")]), hash([turned]));
        assert_ne!(hash([one("a")]), hash([one("b")]));
        assert_ne!(hash([one("a")]), hash([one("a"), one("a")]));

        let memory = |state: &str| Effect::Remember(Memory::Set(state.into()));
        let set = |state: &str| hash([memory(state)]);
        assert_eq!(set(r#"{"a":1,"b":{"c":2,"d":3}}"#), set(r#"{"b":{"d":3,"c":2},"a":1}"#));
        assert_ne!(set("1"), set("2"));
        let clear = || Effect::Remember(Memory::Clear);
        assert_ne!(set("\"clear\""), hash([clear()]));
        assert_ne!(hash([]), hash([clear()]));
        assert_eq!(hash([memory("1"), one("a")]), hash([one("a"), memory("1")]));
    }

    #[test]
    fn limits_hold_through_all_steps() {
        let limits = Limits { sends: 3, state: 4 };
        assert!(limits.allow(3, Some(&Memory::Set("1234".into()))).is_ok());
        assert!(matches!(limits.allow(4, None), Err(FlushError::TooMany(3))));
        let large = limits.allow(0, Some(&Memory::Set("12345".into())));
        assert!(matches!(large, Err(FlushError::TooLarge { bytes: 5, most: 4 })));
    }
}
