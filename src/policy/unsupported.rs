//! Rights other than the window: each has a rule of its own, none of them is granted here.
//!
//! Fail closed: a request that leans on such a right is refused by that rule's number, whatever the window says.

use super::Refusal;
use crate::message::{Content, MessagingType, Recipient, Request};

pub(super) fn check(request: &Request) -> Result<(), Refusal> {
    if let Content::Unknown(_) = request.content {
        return refuse("100", "Meta does not know a value in this request");
    }
    if request.carries_credentials() {
        return refuse("P0.9", "the request carries credentials; the account's own are used");
    }
    recipient(&request.recipient)?;
    ground(request.messaging_type, request.tag.as_deref())
}

fn recipient(recipient: &Recipient) -> Result<(), Refusal> {
    match recipient {
        Recipient::Id(_) | Recipient::UserRef(_) => Ok(()),
        Recipient::CommentId(_) | Recipient::PostId(_) => {
            refuse("P4.1", "no right to a private reply is known for this comment or post")
        }
        Recipient::OneTimeNotifToken(_) => refuse("P5.6", "one-time notifications are not enabled for this account"),
        Recipient::NotificationMessagesToken(_) => {
            refuse("P11.1", "marketing messages are not enabled for this account")
        }
    }
}

fn ground(messaging_type: MessagingType, tag: Option<&str>) -> Result<(), Refusal> {
    match (messaging_type, tag) {
        (MessagingType::Response | MessagingType::Update, None) => Ok(()),
        (MessagingType::MessageTag, None) => refuse("P1.16", "messaging_type MESSAGE_TAG needs a tag"),
        (MessagingType::MessageTag, Some(_)) => refuse("P2.1", "no message tag is enabled for this account"),
        (_, Some(_)) => refuse("P1.16", "a tag needs messaging_type MESSAGE_TAG"),
        (MessagingType::Utility, None) => refuse("P8.3", "utility messages are not enabled for this account"),
    }
}

fn refuse(rule: &'static str, reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal { rule, reason })
}
