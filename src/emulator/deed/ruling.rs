//! What Meta does to an account.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_policy_enforcement>

use serde_json::{Value, json};

use super::super::act::{Enforcement, Ruling};
use super::super::refusal::Refusal;
use super::super::state::{Shared, State};
use super::super::world::Platform;

const REASON: &str = "Repeated unsolicited messages.";

/// Does it. Returns what is told of it.
pub(super) fn follow(
    shared: &Shared,
    state: &mut State,
    account: usize,
    ruling: Ruling,
) -> Result<Option<Value>, Refusal> {
    match ruling {
        Ruling::Enforce { action, reason } => enforce(shared, state, account, action, reason).map(Some),
        Ruling::EndLive => {
            state.rights.end_broadcasts(account);
            Ok(None)
        }
    }
}

/// Meta warns the account, blocks its sends, or lets them through again.
fn enforce(
    shared: &Shared,
    state: &mut State,
    account: usize,
    action: Enforcement,
    reason: Option<String>,
) -> Result<Value, Refusal> {
    let of = &shared.world.accounts[account];
    if of.platform == Platform::InstagramLogin {
        let hint = "take a Page, or an Instagram account that is linked to one";
        return Err(Refusal::new("an account with Instagram Login is told of no enforcement", hint));
    }
    let enforcement = match action {
        Enforcement::Warning => json!({"action": "warning", "reason": reason.unwrap_or(REASON.into())}),
        Enforcement::Block => {
            state.enforced.insert(account, shared.clock.now());
            json!({"action": "block", "reason": reason.unwrap_or(REASON.into())})
        }
        Enforcement::Unblock => {
            state.enforced.remove(&account);
            json!({"action": "unblock"})
        }
    };
    let item = json!({"recipient": {"id": of.id}, "timestamp": shared.clock.now(), "policy_enforcement": enforcement});
    for key in shared.world.chats_of(account) {
        state.chat(key).add_deed(item.clone());
    }
    Ok(item)
}
