//! What a person can do, as `POST /emulator/act` asks for it: from loose JSON to an [`Act`] that has all it needs.

use serde::Deserialize;
use serde_json::Value;

use super::refusal::{ActFault, Refusal};
use super::world::{ChatKey, World};

const DEEDS: &str = "message, postback, react, unreact, read, referral, optin, edit, unsend, block, unblock";

/// The request as it comes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    person: Option<String>,
    account: Option<String>,
    #[serde(rename = "do")]
    deed: Option<String>,
    text: Option<String>,
    attachments: Option<Vec<Value>>,
    quick_reply: Option<String>,
    reply_to: Option<String>,
    title: Option<String>,
    payload: Option<String>,
    mid: Option<String>,
    reaction: Option<String>,
    emoji: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    user_ref: Option<String>,
    timestamp: Option<i64>,
}

/// Who does something, and where.
pub(super) struct Asked {
    pub(super) key: ChatKey,
    pub(super) act: Act,
    /// The moment the event is stamped with, where it is not the present one; in milliseconds.
    pub(super) timestamp: Option<i64>,
}

/// Something a person does.
#[derive(Debug)]
pub(super) enum Act {
    Message(Words),
    Postback { title: String, payload: String },
    React { mid: Option<String>, reaction: String, emoji: Option<String> },
    Unreact { mid: Option<String> },
    Read,
    Referral { reference: String },
    Optin { reference: Option<String>, user_ref: Option<String> },
    Edit { mid: Option<String>, text: String },
    Unsend { mid: Option<String> },
    Block,
    Unblock,
}

/// What a message of a person consists of: text, attachments, or both.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) text: Option<String>,
    pub(super) attachments: Vec<Value>,
    /// The payload of the chip that was tapped.
    pub(super) quick_reply: Option<String>,
    pub(super) reply_to: Option<String>,
}

impl Asked {
    /// Reads a request about this world.
    pub(super) fn read(world: &World, body: &[u8]) -> Result<Asked, Refusal> {
        let request: Request = serde_json::from_slice(body).map_err(|error| {
            let hint = r#"for example {"person":"Ada","account":"shop","do":"message","text":"Hello"}"#;
            Refusal::new(format!("this is not an act: {error}"), hint)
        })?;
        let key = chat_key(world, request.account.as_deref(), request.person.as_deref())?;
        let timestamp = request.timestamp;
        if timestamp.is_some_and(|at| at < 0) {
            return Err(Refusal::new("a timestamp is not negative", "give milliseconds since 1970, or leave it out"));
        }
        Ok(Asked { key, act: Act::of(request)?, timestamp })
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
pub(super) fn chat_key(world: &World, account: Option<&str>, person: Option<&str>) -> Result<ChatKey, Refusal> {
    let accounts = || world.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
    let people = || world.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ");
    let unknown = |what: &str, name: Option<&str>, known: String| {
        let message = match name {
            Some(name) => format!("there is no {what} {name:?}"),
            None => format!("\"{what}\" is missing"),
        };
        Refusal::new(message, format!("there are: {known}"))
    };
    let at = account.and_then(|name| world.account(name)).ok_or_else(|| unknown("account", account, accounts()))?;
    let who = person.and_then(|name| world.person(at, name)).ok_or_else(|| unknown("person", person, people()))?;
    let key = ChatKey { account: at, person: who };
    if world.scoped_id(key).is_none() {
        let (person, account) = (&world.people[who].name, &world.accounts[at].name);
        let hint = "give the person an id for this account in the world, or take another account";
        return Err(Refusal::new(format!("{person} cannot write to {account}"), hint));
    }
    Ok(key)
}

impl Act {
    fn of(request: Request) -> Result<Act, Refusal> {
        let deed = needed("do", request.deed, DEEDS)?;
        let mid = request.mid;
        Ok(match deed.as_str() {
            "message" => Act::Message(
                Words {
                    text: request.text.filter(|text| !text.is_empty()),
                    attachments: request.attachments.unwrap_or_default(),
                    quick_reply: request.quick_reply,
                    reply_to: request.reply_to,
                }
                .checked()?,
            ),
            "postback" => Act::Postback {
                title: needed("title", request.title, "the button's title")?,
                payload: needed("payload", request.payload, "the button's payload, as GET_STARTED")?,
            },
            "react" => {
                // Who names an emoji alone wants that emoji, not a heart.
                let reaction = if request.emoji.is_some() { "other" } else { "love" };
                Act::React { mid, reaction: request.reaction.unwrap_or(reaction.into()), emoji: request.emoji }
            }
            "unreact" => Act::Unreact { mid },
            "read" => Act::Read,
            "referral" => Act::Referral { reference: needed("ref", request.reference, "the link's ref parameter")? },
            "optin" => Act::Optin { reference: request.reference, user_ref: request.user_ref },
            "edit" => Act::Edit { mid, text: needed("text", request.text, "the new text")? },
            "unsend" => Act::Unsend { mid },
            "block" => Act::Block,
            "unblock" => Act::Unblock,
            other => return Err(Refusal::new(format!("nobody can {other:?}"), format!("\"do\" is one of: {DEEDS}"))),
        })
    }
}

impl Words {
    fn checked(self) -> Result<Words, Refusal> {
        if self.text.is_none() && (self.attachments.is_empty() || self.quick_reply.is_some()) {
            let hint = "give \"text\", or \"attachments\"; a \"quick_reply\" needs its title as \"text\"";
            return Err(Refusal::new("the message is empty", hint));
        }
        if !self.attachments.iter().all(|attachment| attachment["type"].is_string()) {
            let hint = r#"as received from Meta: [{"type":"image","payload":{"url":"https://…"}}]"#;
            return Err(Refusal::new("an attachment has no \"type\"", hint));
        }
        Ok(self)
    }
}

fn needed(name: &str, value: Option<String>, what: &str) -> Result<String, Refusal> {
    value.ok_or_else(|| Refusal::new(format!("\"{name}\" is missing"), format!("give \"{name}\": {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_refused_with_what_can() {
        let world = World::default();
        let check = |body: &str, message: &str| {
            let refusal = Asked::read(&world, body.as_bytes()).err().expect("the request is refused");
            assert!(format!("{refusal:?}").contains(message), "{body}: {refusal:?}");
        };
        check("", "this is not an act");
        check("[]", "this is not an act");
        check(r#"{"txt":"x"}"#, "unknown field `txt`");
        check(r#"{"person":"Ada","do":"read"}"#, "shop, shop_ig");
        check(r#"{"person":"Eve","account":"shop","do":"read"}"#, "Ada, Ben");
        check(r#"{"person":"Ada","account":"shop"}"#, "unsend");
        check(r#"{"person":"Ada","account":"shop","do":"dance"}"#, "message, postback");
        check(r#"{"person":"Ada","account":"shop","do":"message"}"#, "empty");
        check(r#"{"person":"Ada","account":"shop","do":"message","attachments":[1]}"#, "type");
        check(
            r#"{"person":"Ada","account":"shop","do":"message","attachments":[{"type":"image"}],"quick_reply":"A"}"#,
            "empty",
        );
        check(r#"{"person":"Ada","account":"shop","do":"postback","title":"Go"}"#, "payload");
        check(r#"{"person":"Ada","account":"shop","do":"read","timestamp":-1}"#, "negative");
    }

    #[test]
    fn names_count_in_any_case_and_ids_do_too() {
        let world = World::default();
        for (person, account) in [("ada", "SHOP"), ("7200000000000011", "104000000000001")] {
            let body = format!(r#"{{"person":"{person}","account":"{account}","do":"message","text":"hi"}}"#);
            let asked = Asked::read(&world, body.as_bytes()).expect("the request is understood");
            assert_eq!(asked.key, ChatKey { account: 0, person: 0 });
        }
    }
}
