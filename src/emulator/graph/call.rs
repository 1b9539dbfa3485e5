//! A call of the Send API: from parameters to a [`Call`] that is well-formed.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use serde_json::Value;

use super::action::Action;
use super::constant::constant;
use super::error::GraphError;
use super::fields::{File, file, object};
use super::limits;
use super::part::{Part, part};
use super::recipient::Recipient;

pub(super) use super::fields::{Fields, fields, query};

/// What is to be sent to whom, and under which rule.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) recipient: Recipient,
    pub(super) content: Content,
    pub(super) messaging_type: MessagingType,
    pub(super) tag: Option<String>,
    /// The mid of the message this one answers.
    pub(super) reply_to: Option<String>,
    /// As whom the Page speaks.
    pub(super) persona_id: Option<String>,
    /// To whom the conversation goes after the message.
    pub(super) thread_control: Option<ThreadControl>,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Content {
    /// `message`, as it was given, and the file that came with it.
    Message(Value, Option<File>),
    /// `sender_action`.
    Action(Action),
}

/// Under which rule it is sent; a call that says nothing answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessagingType {
    Response,
    Update,
    MessageTag,
    Utility,
}

/// What becomes of the conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ThreadControl {
    /// Another app has it; where none is named, the default one.
    Pass { app_id: Option<String> },
    /// Nobody has it.
    Release,
}

impl Call {
    /// Reads the parameters, and refuses what no call can be.
    pub(super) fn read(fields: &Fields) -> Result<Call, GraphError> {
        let recipient = Recipient::read(fields)?;
        let messaging_type = MessagingType::read(fields)?;
        one_of(fields, "notification_type", &["REGULAR", "SILENT_PUSH", "NO_PUSH"])?;
        let content = Content::read(fields)?;
        if matches!(content, Content::Action(_)) && !recipient.is_person() {
            return Err(GraphError::parameter(
                "Param sender_action goes with recipient[id] or recipient[user_ref] only",
            ));
        }
        Ok(Call {
            recipient,
            content,
            messaging_type,
            tag: text(fields, "tag")?.map(str::to_owned),
            reply_to: part(fields, "reply_to", |reply_to| {
                reply_to.only(&["mid"])?;
                reply_to.required("mid")?.name()
            })?,
            persona_id: fields.get("persona_id").map(|id| Part::new(id, "persona_id").id()).transpose()?,
            thread_control: part(fields, "thread_control", ThreadControl::read)?,
        })
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
        let mut message = object(fields, "message")?;
        // A property that is null counts as absent everywhere after this.
        message.iter_mut().for_each(|message| message.retain(|_, value| !value.is_null()));
        match (message, action) {
            (Some(_), Some(_)) => {
                let message = "You cannot send a message and a sender action in one call";
                Err(GraphError::parameter(message).with(2_018_014))
            }
            (Some(message), None) if !message.is_empty() => {
                let message = Value::Object(message);
                limits::check_form(&message)?;
                Ok(Content::Message(message, file(fields)))
            }
            (_, None) => Err(GraphError::parameter("param message must be non-empty")),
            (None, Some(action)) => Action::read(action, fields).map(Content::Action),
        }
    }
}

impl ThreadControl {
    fn read(control: &Part<'_>) -> Result<ThreadControl, GraphError> {
        match control.one_of("control_type", &["pass", "release"])? {
            Some("pass") => {
                let app_id = control.get("app_id").map(|app_id| app_id.id()).transpose()?;
                Ok(ThreadControl::Pass { app_id })
            }
            _ => Ok(ThreadControl::Release),
        }
    }
}

fn text<'a>(fields: &'a Fields, key: &str) -> Result<Option<&'a str>, GraphError> {
    match fields.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(GraphError::parameter(format!("Param {key} must be a string"))),
    }
}

fn one_of(fields: &Fields, key: &str, known: &[&'static str]) -> Result<Option<&'static str>, GraphError> {
    let Some(given) = text(fields, key)? else { return Ok(None) };
    let refused = || GraphError::parameter(format!("Param {key} must be one of {{{}}}", known.join(", ")));
    constant(given, known).map(Some).ok_or_else(refused)
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
        let text = json!({"text": "x"});
        check(json!({"recipient": to}), None, "param message must be non-empty");
        check(json!({"recipient": to, "message": {}}), None, "param message must be non-empty");
        check(json!({"recipient": to, "message": text, "sender_action": "typing_on"}), Some(2_018_014), "one call");
        check(json!({"recipient": to, "sender_action": "dance"}), None, "sender_action must be one of");
        check(json!({"recipient": {"comment_id": "9_7"}, "sender_action": "typing_on"}), None, "recipient[id]");
        check(json!({"recipient": to, "message": text, "messaging_type": "CHAT"}), None, "messaging_type must be");
        check(
            json!({"recipient": to, "message": text, "notification_type": "LOUD"}),
            None,
            "notification_type must be",
        );
        check(json!({"recipient": to, "message": text, "tag": 1}), None, "tag must be a string");
        check(json!({"recipient": to, "message": text, "reply_to": {}}), None, "reply_to[mid]");
        check(json!({"recipient": to, "message": text, "persona_id": {}}), None, "persona_id");
        check(
            json!({"recipient": to, "message": text, "thread_control": {"control_type": "take"}}),
            None,
            "thread_control[control_type]",
        );
    }

    #[test]
    fn thread_control_without_a_type_releases() {
        let control = |control: Value| {
            let call = read(json!({"recipient": {"id": "72"}, "message": {"text": "x"}, "thread_control": control}));
            call.expect("the call is read").thread_control
        };
        assert_eq!(control(json!({})), Some(ThreadControl::Release));
        assert_eq!(control(json!({"control_type": "pass"})), Some(ThreadControl::Pass { app_id: None }));
        assert_eq!(
            control(json!({"control_type": "pass", "app_id": 26})),
            Some(ThreadControl::Pass { app_id: Some("26".into()) })
        );
    }
}
