//! Something is done: the conversation changes, the window may open, and items go to the callback.

mod business;
mod call;
mod comment;
mod feedback;
mod message;
mod optin;
mod ruling;
mod scene;

use serde_json::Value;

use crate::clock::Timestamp;

use super::act::{Act, Asked};
use super::refusal::Refusal;
use super::state::{Notice, Shared, State};
use super::world::{ChatKey, Lane};
use scene::Scene;

/// Does what was asked. Returns the bodies that are queued for the callback.
pub(super) fn perform(shared: &Shared, asked: Asked) -> Result<Vec<Value>, Refusal> {
    let mut state = shared.state();
    let (lane, items) = match asked {
        Asked::InChat { chat, act, timestamp } => {
            (Lane::from(chat), in_chat(shared, &mut state, chat, act, timestamp)?)
        }
        Asked::OnAccount { account, ruling } => {
            (Lane::of_account(account), Vec::from_iter(ruling::follow(shared, &mut state, account, ruling)?))
        }
    };
    let pushed = items.into_iter().filter_map(|item| shared.push(&mut state, lane, item)).collect();
    drop(state);
    match lane.chat() {
        Some(chat) => shared.tell(Notice::Chat(chat)),
        None => shared.world.chats_of(lane.account).for_each(|chat| shared.tell(Notice::Chat(chat))),
    }
    Ok(pushed)
}

fn in_chat(
    shared: &Shared,
    state: &mut State,
    key: ChatKey,
    act: Act,
    timestamp: Option<i64>,
) -> Result<Vec<Value>, Refusal> {
    let now = shared.clock.now();
    let at = timestamp.map_or(now, Timestamp);
    let ends = shared.ends(key, at).expect("what was asked names a person with an id at the account");
    if state.setup.is_barred(key) {
        let hint = "the account's own app takes it back: moderate_conversations with unblock_user";
        return Err(Refusal::new("the account has blocked this person", hint));
    }
    if state.chat(key).blocked && !matches!(act, Act::Unblock) {
        return Err(Refusal::new("this person has blocked the account", "unblock first: {\"do\":\"unblock\"}"));
    }
    Scene { shared, state, key, ends, now }.play(act)
}

impl Scene<'_> {
    /// Returns what is told of it.
    fn play(&mut self, act: Act) -> Result<Vec<Value>, Refusal> {
        let is_deed = matches!(act, Act::Referral { .. } | Act::Optin(_) | Act::AccountLink { .. } | Act::Feedback(_));
        let item = match act {
            Act::Message(words) => self.message(words)?,
            Act::Postback { title, payload, reference } => self.postback(&title, &payload, reference.as_deref()),
            Act::React { mid, reaction, emoji } => self.react(mid, reaction, emoji)?,
            Act::Unreact { mid } => self.unreact(mid)?,
            Act::Read => self.read()?,
            Act::Referral { reference } => {
                self.open();
                self.ends.referral(&reference)
            }
            Act::Optin(optin) => self.optin(optin)?,
            Act::AccountLink { code } => self.account_link(code)?,
            Act::Feedback(feedback) => self.feedback(feedback)?,
            Act::Comment(comment) => self.comment(comment)?,
            Act::Edit { mid, text } => self.edit(mid, text)?,
            Act::Unsend { mid } => self.unsend(mid)?,
            Act::Call { ends } => self.call(ends)?,
            Act::CallPermission { granted } => self.call_permission(granted)?,
            Act::Block => return Ok(self.set_blocked(true)),
            Act::Unblock => return Ok(self.set_blocked(false)),
            Act::Inbox { text, takes } => return self.inbox(text, takes),
            Act::Handover { handover, metadata } => {
                return self.hand_over(handover, metadata.as_deref()).map(Vec::from_iter);
            }
        };
        if is_deed {
            self.chat().add_deed(item.clone());
        }
        Ok(vec![item])
    }

    fn set_blocked(&mut self, blocked: bool) -> Vec<Value> {
        self.chat().blocked = blocked;
        Vec::new()
    }
}
