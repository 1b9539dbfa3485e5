//! What can be done, as `POST /emulator/act` asks for it: from loose JSON to an [`Act`] that has all it needs.

mod acts;
mod request;

use serde_json::Value;

use super::refusal::{ActFault, Refusal};
use super::world::{ChatKey, World};

pub(super) use acts::{Act, Comment, Enforcement, Feedback, Handover, Optin, Place, Ruling, Words};
use request::Request;

/// What is done, and where.
#[derive(Debug)]
pub(super) enum Asked {
    /// In a conversation.
    InChat {
        chat: ChatKey,
        act: Act,
        /// The moment the event is stamped with, where it is not the present one; in milliseconds.
        timestamp: Option<i64>,
    },
    /// To an account, by Meta.
    OnAccount { account: usize, ruling: Ruling },
}

impl Asked {
    /// Reads a request about this world.
    pub(super) fn read(world: &World, body: &[u8]) -> Result<Asked, Refusal> {
        let request: Request = serde_json::from_slice(body).map_err(|error| {
            let hint = r#"for example {"person":"Ada","account":"shop","do":"message","text":"Hello"}"#;
            Refusal::new(format!("this is not an act: {error}"), hint)
        })?;
        if let Some(ruling) = request.ruling()? {
            return Ok(Asked::OnAccount { account: account(world, request.account.as_deref())?, ruling });
        }
        let chat = chat_key(world, request.account.as_deref(), request.person.as_deref())?;
        let timestamp = request.timestamp;
        if timestamp.is_some_and(|at| at < 0) {
            return Err(Refusal::new("a timestamp is not negative", "give milliseconds since 1970, or leave it out"));
        }
        Ok(Asked::InChat { chat, act: request.act()?, timestamp })
    }
}

impl World {
    /// Whether `POST /emulator/act` would know what this act is about. Whether it can be done shows when it is tried.
    ///
    /// # Errors
    ///
    /// Says what is wrong: an unknown name, a wrong `do`, a key that is missing or not known.
    pub fn understands(&self, act: &Value) -> Result<(), ActFault> {
        Asked::read(self, act.to_string().as_bytes()).map(|_| ()).map_err(Refusal::into)
    }
}

/// The conversation of the person and the account of these names or ids.
pub(super) fn chat_key(world: &World, name: Option<&str>, person: Option<&str>) -> Result<ChatKey, Refusal> {
    let account = account(world, name)?;
    let people = || world.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ");
    let who =
        person.and_then(|name| world.person(account, name)).ok_or_else(|| unknown("person", person, &people()))?;
    let key = ChatKey { account, person: who };
    if world.scoped_id(key).is_none() {
        let (person, account) = (&world.people[who].name, &world.accounts[account].name);
        let hint = "give the person an id for this account in the world, or take another account";
        return Err(Refusal::new(format!("{person} cannot write to {account}"), hint));
    }
    Ok(key)
}

fn account(world: &World, name: Option<&str>) -> Result<usize, Refusal> {
    let accounts = || world.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
    name.and_then(|name| world.account(name)).ok_or_else(|| unknown("account", name, &accounts()))
}

fn unknown(what: &str, name: Option<&str>, known: &str) -> Refusal {
    let message = match name {
        Some(name) => format!("there is no {what} {name:?}"),
        None => format!("\"{what}\" is missing"),
    };
    Refusal::new(message, format!("there are: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_refused_with_what_can() {
        let world = World::default();
        let check = |body: &str, message: &str| {
            let refusal = Asked::read(&world, body.as_bytes()).expect_err("the request is refused");
            assert!(format!("{refusal:?}").contains(message), "{body}: {refusal:?}");
        };
        check("", "this is not an act");
        check("[]", "this is not an act");
        check(r#"{"txt":"x"}"#, "unknown field `txt`");
        check(r#"{"person":"Ada","do":"read"}"#, "shop, shop_ig");
        check(r#"{"person":"Eve","account":"shop","do":"read"}"#, "Ada, Ben");
        check(r#"{"person":"Ada","account":"shop"}"#, "unsend");
        check(r#"{"account":"nobody","do":"end_live"}"#, "shop, shop_ig");
        let check =
            |rest: &str, message: &str| check(&format!(r#"{{"person":"Ada","account":"shop",{rest}}}"#), message);
        check(r#""do":"dance""#, "message, postback");
        check(r#""do":"message""#, "empty");
        check(r#""do":"message","attachments":[1]"#, "type");
        check(r#""do":"message","attachments":[{"type":"image"}],"quick_reply":"A""#, "empty");
        check(r#""do":"postback","title":"Go""#, "payload");
        check(r#""do":"read","timestamp":-1"#, "negative");
        check(r#""do":"optin""#, "user_ref");
        check(r#""do":"optin","type":"weekly""#, "one_time");
        check(r#""do":"optin","type":"one_time","action":"stop""#, "marketing");
        check(r#""do":"optin","type":"marketing","action":"pause""#, "stop, resume");
        check(r#""do":"feedback""#, "score");
        check(r#""do":"feedback","response":"fine""#, "good, bad");
        check(r#""do":"account_link","status":"lost""#, "linked, unlinked");
        check(r#""do":"comment""#, "text");
        check(r#""do":"comment","text":"x","post":true,"live":true"#, "one of");
        check(r#""do":"comment","text":"x","edit":true"#, "comment_id");
        check(r#""do":"comment","text":"x","comment_id":"1_2""#, "reply_to");
        check(r#""do":"inbox""#, "text");
        check(r#""do":"handover","action":"keep""#, "take, pass, request, release");
        check(r#""do":"enforce""#, "warning, block, unblock");
    }

    #[test]
    fn names_count_in_any_case_and_ids_do_too() {
        let world = World::default();
        for (person, account) in [("ada", "SHOP"), ("7200000000000011", "104000000000001")] {
            let body = format!(r#"{{"person":"{person}","account":"{account}","do":"message","text":"hi"}}"#);
            let asked = Asked::read(&world, body.as_bytes()).expect("the request is understood");
            assert!(matches!(asked, Asked::InChat { chat: ChatKey { account: 0, person: 0 }, .. }), "{asked:?}");
        }
    }
}
