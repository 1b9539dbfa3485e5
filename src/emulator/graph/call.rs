//! A call of the Send API: from a request in any of the forms Graph takes to a [`Call`] that is well-formed.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use reqwest::Url;
use serde_json::{Map, Value};

use super::error::GraphError;

const RECIPIENTS: [&str; 7] =
    ["id", "user_ref", "comment_id", "post_id", "one_time_notif_token", "notification_messages_token", "phone_number"];

/// Parameters by name, from the query and the body together.
pub(super) type Fields = Map<String, Value>;

/// What is to be sent to whom, and under which rule.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) recipient: Recipient,
    pub(super) content: Content,
    pub(super) messaging_type: MessagingType,
    pub(super) tag: Option<String>,
    /// The mid of the message this one answers.
    pub(super) reply_to: Option<String>,
}

/// Who it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// A PSID or IGSID.
    Id(String),
    /// Somebody who opted in through the checkbox plugin.
    UserRef(String),
}

/// What it is.
#[derive(Debug)]
pub(super) enum Content {
    /// `message`, as it was given.
    Message(Fields),
    /// `sender_action`.
    Action(Action),
}

/// Something the person sees the business do.
#[derive(Debug)]
pub(super) enum Action {
    TypingOn,
    TypingOff,
    MarkSeen,
    React { mid: String, reaction: String },
    Unreact { mid: String },
}

/// Under which rule it is sent; a call that says nothing answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessagingType {
    Response,
    Update,
    MessageTag,
    Utility,
}

/// The parameters of a request: those of the query, then those of the body, which win.
pub(super) fn fields(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Fields, GraphError> {
    let mut fields = query(uri);
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with("multipart/") {
        return Err(GraphError::parameter("The emulator does not read multipart bodies: send JSON or a form"));
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        fields.extend(pairs(&String::from_utf8_lossy(body)));
    } else if !body.is_empty() {
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => fields.extend(object),
            _ => return Err(GraphError::parameter("The body is not a JSON object")),
        }
    }
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

/// The parameters of the query alone.
pub(super) fn query(uri: &Uri) -> Fields {
    uri.query().map(pairs).unwrap_or_default()
}

fn pairs(encoded: &str) -> Fields {
    let mut url = Url::parse("http://graph/").expect("a constant address can be parsed");
    url.set_query(Some(encoded));
    url.query_pairs().map(|(key, value)| (key.into_owned(), Value::String(value.into_owned()))).collect()
}

impl Call {
    /// Reads the parameters, and refuses what no call can be.
    pub(super) fn read(fields: &Fields) -> Result<Call, GraphError> {
        let recipient = Recipient::read(fields)?;
        let messaging_type = MessagingType::read(fields)?;
        one_of(fields, "notification_type", &["REGULAR", "SILENT_PUSH", "NO_PUSH"])?;
        let reply_to = object(fields, "reply_to")?.map(|reply_to| {
            let mid = reply_to.get("mid").and_then(Value::as_str).map(str::to_owned);
            mid.ok_or_else(|| GraphError::parameter("The parameter reply_to[mid] is required"))
        });
        Ok(Call {
            recipient,
            content: Content::read(fields)?,
            messaging_type,
            tag: text(fields, "tag")?.map(str::to_owned),
            reply_to: reply_to.transpose()?,
        })
    }
}

impl Recipient {
    fn read(fields: &Fields) -> Result<Recipient, GraphError> {
        let recipient =
            object(fields, "recipient")?.ok_or_else(|| GraphError::parameter("The parameter recipient is required"))?;
        let given: Vec<&str> = RECIPIENTS.into_iter().filter(|form| recipient.contains_key(*form)).collect();
        let [form] = given[..] else {
            let forms = RECIPIENTS.join(", ");
            return Err(GraphError::parameter(format!("Param recipient must have exactly one of {forms}")));
        };
        let value = match &recipient[form] {
            Value::String(value) => value.clone(),
            Value::Number(value) => value.to_string(),
            _ => return Err(GraphError::parameter(format!("Param recipient[{form}] must be a string"))),
        };
        match form {
            "id" => Ok(Recipient::Id(value)),
            "user_ref" => Ok(Recipient::UserRef(value)),
            form => {
                let message =
                    format!("Param recipient[{form}] names nobody: the emulator does not hand out such recipients yet");
                Err(GraphError::parameter(message))
            }
        }
    }
}

impl MessagingType {
    fn read(fields: &Fields) -> Result<MessagingType, GraphError> {
        let known = ["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"];
        Ok(match one_of(fields, "messaging_type", &known)? {
            Some("UPDATE") => MessagingType::Update,
            Some("MESSAGE_TAG") => MessagingType::MessageTag,
            Some("UTILITY") => MessagingType::Utility,
            _ => MessagingType::Response,
        })
    }
}

impl Content {
    fn read(fields: &Fields) -> Result<Content, GraphError> {
        let known = ["typing_on", "typing_off", "mark_seen", "react", "unreact"];
        let action = one_of(fields, "sender_action", &known)?;
        match (object(fields, "message")?, action) {
            (Some(_), Some(_)) => {
                let message = "You cannot send a message and a sender action in one call";
                Err(GraphError::parameter(message).with(2_018_014))
            }
            (Some(message), None) if !message.is_empty() => Ok(Content::Message(message)),
            (_, None) => Err(GraphError::parameter("param message must be non-empty")),
            (None, Some(action)) => Action::read(action, fields).map(Content::Action),
        }
    }
}

impl Action {
    fn read(name: &str, fields: &Fields) -> Result<Action, GraphError> {
        let payload = object(fields, "payload")?.unwrap_or_default();
        let part = |key: &str| {
            let value = payload.get(key).and_then(Value::as_str).map(str::to_owned);
            value.ok_or_else(|| GraphError::parameter(format!("The parameter payload[{key}] is required")))
        };
        Ok(match name {
            "typing_on" => Action::TypingOn,
            "typing_off" => Action::TypingOff,
            "mark_seen" => Action::MarkSeen,
            "react" => Action::React { mid: part("message_id")?, reaction: part("reaction")? },
            _ => Action::Unreact { mid: part("message_id")? },
        })
    }
}

/// An object, or a text that holds one, as in forms.
fn object(fields: &Fields, key: &str) -> Result<Option<Fields>, GraphError> {
    match fields.get(key) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object.clone())),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Some(object)),
            _ => Err(GraphError::parameter(format!("Param {key} must be a JSON object"))),
        },
        Some(_) => Err(GraphError::parameter(format!("Param {key} must be a JSON object"))),
    }
}

fn text<'a>(fields: &'a Fields, key: &str) -> Result<Option<&'a str>, GraphError> {
    match fields.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(GraphError::parameter(format!("Param {key} must be a string"))),
    }
}

fn one_of<'a>(fields: &'a Fields, key: &str, known: &[&str]) -> Result<Option<&'a str>, GraphError> {
    match text(fields, key)? {
        Some(value) if !known.contains(&value) => {
            Err(GraphError::parameter(format!("Param {key} must be one of {{{}}}", known.join(", "))))
        }
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: Value) -> Result<Call, GraphError> {
        Call::read(fields.as_object().expect("the case is an object"))
    }

    #[test]
    fn what_no_call_can_be_is_refused() {
        let check = |fields: Value, subcode: Option<u32>, message: &str| {
            let error = read(fields).expect_err("the call is refused");
            assert_eq!((error.code, error.subcode), (100, subcode), "{error:?}");
            assert!(format!("{error:?}").contains(message), "{error:?}");
        };
        let to = json!({"id": "72"});
        check(json!({}), None, "recipient is required");
        check(json!({"recipient": 72, "message": {"text": "x"}}), None, "recipient must be a JSON object");
        check(json!({"recipient": {}, "message": {"text": "x"}}), None, "exactly one");
        check(json!({"recipient": {"id": "72", "user_ref": "u"}, "message": {"text": "x"}}), None, "exactly one");
        check(json!({"recipient": {"comment_id": "9_7"}, "message": {"text": "x"}}), None, "recipient[comment_id]");
        check(json!({"recipient": to}), None, "param message must be non-empty");
        check(json!({"recipient": to, "message": {}}), None, "param message must be non-empty");
        check(
            json!({"recipient": to, "message": {"text": "x"}, "sender_action": "typing_on"}),
            Some(2_018_014),
            "one call",
        );
        check(json!({"recipient": to, "sender_action": "dance"}), None, "sender_action must be one of");
        check(json!({"recipient": to, "sender_action": "react"}), None, "payload[message_id]");
        check(
            json!({"recipient": to, "message": {"text": "x"}, "messaging_type": "CHAT"}),
            None,
            "messaging_type must be one of",
        );
        check(json!({"recipient": to, "message": {"text": "x"}, "tag": 1}), None, "tag must be a string");
        check(json!({"recipient": to, "message": {"text": "x"}, "reply_to": {}}), None, "reply_to[mid]");
    }

    #[test]
    fn a_form_carries_json_and_the_query_counts_too() {
        let uri: Uri = "/me/messages?messaging_type=UPDATE&access_token=EAA1".parse().expect("an address");
        let form =
            HeaderMap::from_iter([(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().expect("a value"))]);
        let body = "recipient=%7B%22id%22%3A%2272%22%7D&message=%7B%22text%22%3A%22a+b%26%22%7D";
        let fields = fields(&uri, &form, body.as_bytes()).expect("the form is read");
        assert_eq!(fields["access_token"], "EAA1");
        let call = Call::read(&fields).expect("the call is read");
        assert_eq!((call.recipient, call.messaging_type), (Recipient::Id("72".into()), MessagingType::Update));
        assert!(matches!(call.content, Content::Message(message) if message["text"] == "a b&"));
    }

    #[test]
    fn an_id_may_be_a_number() {
        let call = read(json!({"recipient": {"id": 7_200_000_000_000_011_u64}, "sender_action": "mark_seen"}));
        assert_eq!(call.expect("the call is read").recipient, Recipient::Id("7200000000000011".into()));
    }
}
