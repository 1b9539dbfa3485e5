//! For whom a call is, in all the forms a recipient has.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api#recipient>

use super::super::rates::Pace;
use super::super::rights::{Rights, TokenKind};
use super::super::state::{Shared, State};
use super::super::world::ChatKey;
use super::error::GraphError;
use super::fields::Fields;
use super::part::{Part, part};

const FORMS: [&str; 7] =
    ["id", "user_ref", "comment_id", "post_id", "one_time_notif_token", "notification_messages_token", "phone_number"];

/// Who it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// A PSID or IGSID.
    Id(String),
    /// Somebody who opted in through the checkbox plugin.
    UserRef(String),
    /// Who wrote a comment.
    Comment(String),
    /// Who wrote a post on the Page.
    Post(String),
    /// Who asked for one notification, or for marketing messages.
    Token(String, TokenKind),
    /// Somebody by their number.
    PhoneNumber,
}

impl Recipient {
    /// Reads the one form that is given.
    pub(super) fn read(fields: &Fields) -> Result<Recipient, GraphError> {
        let missing = || GraphError::parameter("The parameter recipient is required");
        part(fields, "recipient", Recipient::of)?.ok_or_else(missing)
    }

    fn of(recipient: &Part<'_>) -> Result<Recipient, GraphError> {
        let of_a_number: &[&str] = if recipient.get("phone_number").is_some() { &["name"] } else { &[] };
        recipient.only(&[&FORMS, of_a_number].concat())?;
        let given: Vec<&str> = FORMS.into_iter().filter(|form| recipient.get(form).is_some()).collect();
        let [form] = given[..] else {
            let forms = FORMS.join(", ");
            return Err(GraphError::parameter(format!("Param recipient must have exactly one of {forms}")));
        };
        let part = recipient.required(form)?;
        if form == "id" {
            return part.id().map(Recipient::Id);
        }
        let id = part.name()?;
        Ok(match form {
            "user_ref" => Recipient::UserRef(id),
            "comment_id" => Recipient::Comment(id),
            "post_id" => Recipient::Post(id),
            "one_time_notif_token" => Recipient::Token(id, TokenKind::OneTime),
            "notification_messages_token" => Recipient::Token(id, TokenKind::Marketing),
            _ => Recipient::PhoneNumber,
        })
    }

    /// Whether it names the person rather than something that the person did.
    pub(super) fn is_person(&self) -> bool {
        matches!(self, Recipient::Id(_) | Recipient::UserRef(_))
    }

    /// Whether the app is told who it was: by the answer, by the echo, by the delivery. Who is reached by a reference stays unknown to the app until they write.
    pub(super) fn is_told(&self) -> bool {
        !matches!(self, Recipient::UserRef(_) | Recipient::PhoneNumber)
    }

    /// The conversation of the recipient with one of the accounts.
    pub(super) fn find(&self, shared: &Shared, state: &State, accounts: &[usize]) -> Result<ChatKey, GraphError> {
        let people = 0..shared.world.people.len();
        let mut keys =
            accounts.iter().flat_map(|&account| people.clone().map(move |person| ChatKey { account, person }));
        let instagram = accounts.iter().all(|&at| shared.world.accounts[at].platform.is_instagram());
        let own = |key: &ChatKey| accounts.contains(&key.account);
        match self {
            Recipient::Id(id) => {
                let found = keys.find(|key| shared.world.scoped_id(*key) == Some(id));
                found.ok_or_else(|| GraphError::no_user(instagram))
            }
            Recipient::UserRef(user_ref) => {
                let is_theirs = |key: &ChatKey| state.chats.get(key)?.user_ref.as_deref().map(|own| own == user_ref);
                keys.find(|key| is_theirs(key) == Some(true)).ok_or_else(|| GraphError::no_user(instagram))
            }
            Recipient::Comment(id) => {
                written(&state.rights, id, false).filter(own).ok_or_else(|| no_writing(instagram))
            }
            Recipient::Post(id) => written(&state.rights, id, true).filter(own).ok_or_else(|| no_writing(instagram)),
            Recipient::Token(id, kind) => {
                let token = state.rights.tokens.get(id).filter(|token| token.kind == *kind);
                let found = token.map(|token| token.chat).filter(own);
                found.ok_or_else(|| GraphError::parameter("The token is invalid or has expired"))
            }
            Recipient::PhoneNumber => {
                let message = "The app has no permission to send messages to phone numbers";
                Err(GraphError::api(200, message).with(2_018_027))
            }
        }
    }

    /// As what a message to this recipient is counted, where it does not depend on the message.
    pub(super) fn pace(&self, rights: &Rights) -> Option<Pace> {
        match self {
            Recipient::Comment(id) if rights.writings.get(id).is_some_and(|comment| comment.is_live) => {
                Some(Pace::LiveReply)
            }
            Recipient::Comment(_) | Recipient::Post(_) => Some(Pace::PrivateReply),
            _ => None,
        }
    }
}

fn written(rights: &Rights, id: &str, is_post: bool) -> Option<ChatKey> {
    rights.writings.get(id).filter(|writing| writing.is_post == is_post).map(|writing| writing.chat)
}

fn no_writing(instagram: bool) -> GraphError {
    let error = GraphError::parameter("The comment or post does not exist, or cannot be answered privately");
    if instagram { error.with(2_534_025) } else { error }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(recipient: Value) -> Result<Recipient, GraphError> {
        Recipient::read(&Fields::from_iter([("recipient".to_owned(), recipient)]))
    }

    #[test]
    fn a_recipient_has_exactly_one_form() {
        let check = |recipient: Value, expected: Recipient| assert_eq!(read(recipient), Ok(expected));
        check(json!({"id": "72"}), Recipient::Id("72".into()));
        check(json!({"id": 7_200_000_000_000_011_u64}), Recipient::Id("7200000000000011".into()));
        check(json!({"user_ref": "u"}), Recipient::UserRef("u".into()));
        check(json!({"comment_id": "9_7"}), Recipient::Comment("9_7".into()));
        check(json!({"post_id": "104_9"}), Recipient::Post("104_9".into()));
        check(json!({"one_time_notif_token": "t"}), Recipient::Token("t".into(), TokenKind::OneTime));
        check(json!({"notification_messages_token": "t"}), Recipient::Token("t".into(), TokenKind::Marketing));
        check(json!({"phone_number": "+1(212)555-2368", "name": {"first_name": "Ada"}}), Recipient::PhoneNumber);
        check(json!("{'id':'72'}"), Recipient::Id("72".into()));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let check = |recipient: Value, message: &str| {
            let error = format!("{:?}", read(recipient).expect_err("the recipient is refused"));
            assert!(error.contains(message), "{error}");
        };
        check(Value::Null, "recipient is required");
        check(json!(72), "recipient must be a JSON object");
        check(json!({}), "exactly one");
        check(json!({"id": "72", "user_ref": "u"}), "exactly one");
        check(json!({"id": {}}), "recipient[id]");
        check(json!({"id": ""}), "recipient[id]");
        check(json!({"id": "undefined"}), "valid ID string");
        check(json!({"notification_message_token": "t"}), "Invalid keys");
    }
}
