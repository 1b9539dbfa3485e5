//! Calls of Messenger: that a person rings or hangs up, and whether the Page may ring.
//!
//! Nothing is heard: only what webhooks tell of a call is emulated.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/calling>

use std::time::Duration;

use serde_json::{Value, json};

use super::super::refusal::Refusal;
use super::scene::Scene;

/// How long the Page may call after it was allowed to.
const ALLOWED_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

impl Scene<'_> {
    /// The person rings, or hangs up.
    pub(super) fn call(&mut self, ends: bool) -> Result<Value, Refusal> {
        self.on_messenger("there are no calls")?;
        let id = match self.chat().call.take() {
            Some(id) => id,
            None if ends => return Err(Refusal::new("there is no call to end", "call first: {\"do\":\"call\"}")),
            None => format!("call_{}", self.new_number(16)),
        };
        if !ends {
            self.chat().call = Some(id.clone());
        }
        Ok(json!({"id": id, "to": self.ends.account.id, "from": self.ends.person,
            "event": if ends { "terminate" } else { "connect" }, "timestamp": self.ends.at.0 / 1000,
            "call_direction": "USER_INITIATED"}))
    }

    /// The person answers whether the Page may call.
    pub(super) fn call_permission(&mut self, granted: bool) -> Result<Value, Refusal> {
        self.on_messenger("there are no calls")?;
        let mut reply = json!({"response": if granted { "approve" } else { "reject" }});
        if granted {
            reply["expiration_timestamp"] = json!((self.ends.at + ALLOWED_FOR).0 / 1000);
        }
        Ok(self.ends.by_person("call_permission_reply", reply))
    }
}
