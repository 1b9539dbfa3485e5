//! A whole Send API request: to whom, on what ground, and what.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Message, TextLimit};
use crate::id::{self, PersonId, Thread, WrittenId};
use crate::json;

/// A request to the Send API, whole but for the token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Wire")]
pub struct Request {
    /// To whom.
    pub recipient: Recipient,
    /// On what ground. `RESPONSE` unless said otherwise.
    pub messaging_type: MessagingType,
    /// The tag, where `messaging_type` is `MESSAGE_TAG`.
    pub tag: Option<String>,
    /// What.
    pub content: Content,
    rest: Map<String, Value>,
}

/// What a request brings about.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A message.
    Message(Message),
    /// Something shown rather than said.
    Action(Action),
    /// A request in form, with a value in it that Meta does not know: it is kept as it was written, and refused.
    Unknown(Unknown),
}

/// What a request carries that Meta would refuse for its form alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// Where the value is: `message.text`.
    pub at: String,
    fields: Map<String, Value>,
}

impl Request {
    /// A message in answer to `recipient`.
    pub fn message(recipient: Recipient, message: Message) -> Request {
        Request::response(recipient, Content::Message(message))
    }

    /// A sender action towards `recipient`.
    pub fn action(recipient: Recipient, action: Action) -> Request {
        Request::response(recipient, Content::Action(action))
    }

    fn response(recipient: Recipient, content: Content) -> Request {
        Request { recipient, messaging_type: MessagingType::Response, tag: None, content, rest: Map::new() }
    }

    /// The request in parts of which each text is within the limit; attachments and quick replies go with the last part. What
    /// goes to a recipient that takes one message stays whole, however long it is.
    pub fn in_parts(self, limit: TextLimit) -> Vec<Request> {
        if self.recipient.takes_one_message() {
            return vec![self];
        }
        let Content::Message(message) = self.content else { return vec![self] };
        let whole = Request { content: Content::Message(Message::default()), ..self };
        let part = |message| Request { content: Content::Message(message), ..whole.clone() };
        message.in_parts(limit).into_iter().map(part).collect()
    }

    /// A field that this type does not name: `persona_id`, `payload`, …. Of a request in which Meta would not know a value,
    /// any field.
    pub fn field(&self, key: &str) -> Option<&Value> {
        match &self.content {
            Content::Unknown(unknown) => unknown.fields.get(key),
            Content::Message(_) | Content::Action(_) => self.rest.get(key),
        }
    }

    /// The message, where it is one.
    pub fn as_message(&self) -> Option<&Message> {
        match &self.content {
            Content::Message(message) => Some(message),
            Content::Action(_) | Content::Unknown(_) => None,
        }
    }

    /// Whether it is a sender action: it is tried once, and not missed.
    pub fn is_action(&self) -> bool {
        matches!(self.content, Content::Action(_))
    }
}

/// The forms of `recipient`. Exactly one is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recipient {
    /// A person who spoke first: a PSID or an IGSID.
    #[schema(value_type = WrittenId)]
    Id(PersonId),
    /// A person known by a checkbox plugin.
    #[schema(value_type = WrittenId)]
    UserRef(PersonId),
    /// The author of a comment, once, in private.
    #[schema(value_type = WrittenId)]
    CommentId(#[serde(deserialize_with = "id::text")] String),
    /// The author of a visitor post, once, in private.
    #[schema(value_type = WrittenId)]
    PostId(#[serde(deserialize_with = "id::text")] String),
    /// The person who gave this token for one notification.
    #[schema(value_type = WrittenId)]
    OneTimeNotifToken(#[serde(deserialize_with = "id::text")] String),
    /// The person who gave this token for marketing messages.
    #[schema(value_type = WrittenId)]
    NotificationMessagesToken(#[serde(deserialize_with = "id::text")] String),
}

impl Recipient {
    /// Whether what goes there must be one message, however long: a private reply, or a message on a token.
    pub fn takes_one_message(&self) -> bool {
        match self {
            Recipient::Id(_) | Recipient::UserRef(_) => false,
            Recipient::CommentId(_)
            | Recipient::PostId(_)
            | Recipient::OneTimeNotifToken(_)
            | Recipient::NotificationMessagesToken(_) => true,
        }
    }

    /// The recipient of this form; `None` for what is none that the Send API has. Ids may be numbers, null is absent.
    pub fn read(mut written: Value) -> Option<Recipient> {
        json::without_nulls(&mut written);
        serde_json::from_value(written).ok()
    }

    /// Which of the conversations under a person's name it belongs to.
    pub fn thread(&self) -> Thread {
        match self {
            Recipient::Id(_) | Recipient::OneTimeNotifToken(_) | Recipient::NotificationMessagesToken(_) => {
                Thread::Chat
            }
            Recipient::UserRef(_) => Thread::UserRef,
            Recipient::CommentId(_) | Recipient::PostId(_) => Thread::Comments,
        }
    }
}

/// On what ground something is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum MessagingType {
    /// In answer to the person.
    #[default]
    Response,
    /// Unasked, inside the window.
    Update,
    /// Under a tag, outside the window.
    MessageTag,
    /// By an approved utility template.
    Utility,
}

/// The sender actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The typing indicator appears, for up to 20 seconds or until a message is sent.
    TypingOn,
    /// The typing indicator goes.
    TypingOff,
    /// What the person wrote is marked as seen.
    MarkSeen,
    /// A reaction to a message of the person; `payload` names it.
    React,
    /// A reaction taken back; `payload` names the message.
    Unreact,
}

/// Not a Send API request at all.
#[derive(Debug, thiserror::Error)]
pub enum NotARequest {
    /// It names no recipient, or in a form that the Send API does not have.
    #[error("recipient: is missing, or not of a form that Meta knows")]
    Recipient,
    /// It carries neither a message nor a sender action.
    #[error("message: is missing, and so is sender_action")]
    Content,
}

/// A Send API request in Meta's own words. Null means absent, wherever it stands; ids may be numbers.
// `message` and `sender_action` stand side by side here, though never both are given.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct Wire {
    /// To whom: exactly one form.
    recipient: Recipient,
    // Sender actions go without it: they answer nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = MessagingType::default)]
    messaging_type: Option<MessagingType>,
    /// With messaging_type MESSAGE_TAG: HUMAN_AGENT, CUSTOMER_FEEDBACK or NON_PROMOTIONAL_SUBSCRIPTION; on
    /// Instagram HUMAN_AGENT alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// The message, unless it is a sender action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_action: Option<Action>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

impl TryFrom<Map<String, Value>> for Request {
    type Error = NotARequest;

    /// Reads what a relay or a caller of the API wrote: null is absent, wherever it stands. Fails only for what is no request at
    /// all; what Meta would refuse is [`Content::Unknown`].
    fn try_from(mut fields: Map<String, Value>) -> Result<Request, NotARequest> {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(json::without_nulls);
        let recipient = fields.get("recipient").cloned().and_then(Recipient::read).ok_or(NotARequest::Recipient)?;
        let message = fields.get("message").is_some_and(Value::is_object);
        let action = fields.get("sender_action").is_some_and(Value::is_string);
        if !message && !action {
            return Err(NotARequest::Content);
        }
        let at = match serde_path_to_error::deserialize::<_, Wire>(Value::Object(fields.clone())) {
            Ok(Wire { message: Some(_), sender_action: Some(_), .. }) => "sender_action".to_owned(),
            Ok(wire) => {
                let content = match (wire.message, wire.sender_action) {
                    (Some(message), _) => Content::Message(message),
                    (None, Some(action)) => Content::Action(action),
                    (None, None) => return Err(NotARequest::Content),
                };
                let messaging_type = wire.messaging_type.unwrap_or_default();
                return Ok(Request { recipient, messaging_type, tag: wire.tag, content, rest: wire.rest });
            }
            Err(error) => error.path().to_string(),
        };
        let content = Content::Unknown(Unknown { at, fields });
        Ok(Request { recipient, messaging_type: MessagingType::Response, tag: None, content, rest: Map::new() })
    }
}

impl From<Request> for Wire {
    fn from(request: Request) -> Wire {
        let (message, sender_action) = match request.content {
            Content::Message(message) => (Some(message), None),
            Content::Action(action) => (None, Some(action)),
            Content::Unknown(Unknown { mut fields, .. }) => {
                fields.remove("recipient");
                let (messaging_type, tag, message, sender_action) = (None, None, None, None);
                return Wire {
                    recipient: request.recipient,
                    messaging_type,
                    tag,
                    message,
                    sender_action,
                    rest: fields,
                };
            }
        };
        Wire {
            recipient: request.recipient,
            messaging_type: message.is_some().then_some(request.messaging_type),
            tag: request.tag,
            message,
            sender_action,
            rest: request.rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_written_as_meta_prints_it() {
        let ada = || Recipient::Id(PersonId::new("7200000000000011"));
        let text = Request::message(ada(), Message::text("Red?").quick_reply("Yes", "Y"));
        assert_eq!(
            serde_json::to_value(text).expect("json"),
            json!({"recipient": {"id": "7200000000000011"}, "messaging_type": "RESPONSE", "message": {"text": "Red?",
                "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "Y"}]}})
        );
        assert_eq!(
            serde_json::to_value(Request::action(ada(), Action::TypingOn)).expect("json"),
            json!({"recipient": {"id": "7200000000000011"}, "sender_action": "typing_on"})
        );
    }

    #[test]
    fn what_is_not_named_here_passes_through() {
        let wire = json!({"recipient": {"comment_id": "9_77"}, "messaging_type": "UPDATE", "persona_id": "31",
            "message": {"sticker_id": 369_239_263_222_822_i64, "quick_replies": [
                {"content_type": "text", "title": "A", "payload": 7, "image_url": "https://shop.example/a.png"}]}});
        let request: Request = serde_json::from_value(wire.clone()).expect("a request");
        assert_eq!(serde_json::to_value(request).expect("json"), wire);
    }

    #[test]
    fn ids_may_be_numbers_and_null_is_absent_wherever_it_stands() {
        let wire = json!({"recipient": {"comment_id": 1_790_001, "id": null}, "tag": null, "messaging_type": null,
            "sender_action": null, "persona_id": null, "message": {"text": "nulls", "quick_replies": null, "attachment": null,
            "metadata": null, "sticker_id": null}});
        let request: Request = serde_json::from_value(wire).expect("a request");
        let plain =
            json!({"recipient": {"comment_id": "1790001"}, "messaging_type": "RESPONSE", "message": {"text": "nulls"}});
        assert_eq!(serde_json::to_value(request).expect("json"), plain);
        let action =
            json!({"recipient": {"id": 73_100_000_000_000_011_i64}, "message": null, "sender_action": "typing_on"});
        let action: Request = serde_json::from_value(action).expect("a request");
        assert_eq!(action.recipient, Recipient::Id(PersonId::new("73100000000000011")));
        assert!(action.is_action());
        let template = json!({"recipient": {"id": "1"}, "message": {"attachment": {"type": "template", "payload":
            {"template_type": "generic", "elements": [{"title": "A", "subtitle": null, "default_action": null}]}}}});
        let template: Request = serde_json::from_value(template).expect("a request");
        let elements = &serde_json::to_value(template).expect("json")["message"]["attachment"]["payload"]["elements"];
        assert_eq!(*elements, json!([{"title": "A"}]));
    }

    #[test]
    fn an_empty_id_is_no_recipient() {
        for recipient in [json!({"id": ""}), json!({"id": null}), json!({}), json!({"comment_id": ""}), json!(null)] {
            let wire = json!({"recipient": recipient, "message": {"text": "x"}});
            let error = serde_json::from_value::<Request>(wire).expect_err("no request");
            assert!(error.to_string().contains("recipient"), "{error}");
        }
    }

    #[test]
    fn what_is_no_request_says_why() {
        let read = |wire| serde_json::from_value::<Request>(wire).expect_err("no request").to_string();
        let to = json!({"id": "1"});
        assert!(read(json!({"recipient": to})).contains("message: is missing"));
        assert!(read(json!({"recipient": {"fax": "1"}, "message": {"text": "x"}})).contains("recipient"));
        assert!(read(json!({"message": {"text": "x"}})).contains("recipient"));
    }

    #[test]
    fn what_meta_would_refuse_is_kept_as_it_was_written() {
        let to = json!({"id": "1"});
        for (wire, at) in [
            (json!({"recipient": to, "message": {"text": 7}}), "message.text"),
            (json!({"recipient": to, "message": {"text": "x"}, "messaging_type": "SHOUT"}), "messaging_type"),
            (json!({"recipient": to, "message": {"text": "x"}, "sender_action": "typing_on"}), "sender_action"),
            (json!({"recipient": to, "sender_action": "dance"}), "sender_action"),
        ] {
            let request: Request = serde_json::from_value(wire.clone()).expect("a request in form");
            let Content::Unknown(unknown) = &request.content else { panic!("{request:?}") };
            assert_eq!(unknown.at, at);
            assert_eq!(serde_json::to_value(request).expect("json"), wire);
        }
    }
}
