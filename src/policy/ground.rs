//! On what ground a request is sent, where its fields agree on one.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages#messaging_types>

use super::refusal::{Refusal, refuse};
use super::tags::Tag;
use super::utility;
use crate::message::{MessagingType, Request};

/// What a request leans on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ground {
    /// `RESPONSE` or `UPDATE`: what the recipient itself gives, be it the window, a comment or a token. The two may say the
    /// same, promotion included (P1.15).
    Recipient,
    /// `MESSAGE_TAG`.
    Tag(Tag),
    /// `UTILITY`.
    Utility,
}

impl Ground {
    /// P1.16, P8.3. A tag and its type go together, and excuse a message: a sender action is none. A utility template and its
    /// type go together too.
    pub(super) fn of(request: &Request) -> Result<Ground, Refusal> {
        let ground = match (request.messaging_type, request.tag.as_deref()) {
            (MessagingType::Response | MessagingType::Update, None) => Ground::Recipient,
            (MessagingType::MessageTag, Some(tag)) => Ground::Tag(Tag::named(tag)?),
            (MessagingType::MessageTag, None) => return refuse("P1.16", "messaging_type MESSAGE_TAG needs a tag"),
            (_, Some(_)) => return refuse("P1.16", "a tag needs messaging_type MESSAGE_TAG"),
            (MessagingType::Utility, None) => Ground::Utility,
        };
        match ground {
            Ground::Tag(_) if request.is_action() => refuse("P1.16", "a tag excuses a message, not a sender action"),
            Ground::Recipient | Ground::Tag(_) if utility::template(request) => {
                refuse("P8.3", "a utility template needs messaging_type UTILITY")
            }
            ground => Ok(ground),
        }
    }

    /// Refuses a second ground beside the right that the recipient names.
    pub(super) fn is_the_right_alone(self) -> Result<(), Refusal> {
        match self {
            Ground::Recipient => Ok(()),
            Ground::Tag(Tag::HumanAgent) => refuse("P3.3", "a private reply or a token takes no HUMAN_AGENT tag"),
            Ground::Tag(_) => refuse("P1.16", "a private reply or a token takes no tag"),
            Ground::Utility => refuse("P8.3", "a utility message goes to a person, not to a comment or token"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::Right;
    use crate::policy::fixture::{Case, OPENED, right_of_a_token};

    #[test]
    fn p1_16_a_tag_and_its_type_go_together() {
        let action = |tag: &str| json!({"sender_action": "typing_on", "messaging_type": "MESSAGE_TAG", "tag": tag});
        for (wish, rule) in [
            (json!({"messaging_type": "MESSAGE_TAG"}), Some("P1.16")),
            (json!({"messaging_type": "RESPONSE", "tag": "HUMAN_AGENT"}), Some("P1.16")),
            (json!({"messaging_type": "UPDATE", "tag": "HUMAN_AGENT"}), Some("P1.16")),
            (json!({"messaging_type": "UTILITY", "tag": "HUMAN_AGENT"}), Some("P1.16")),
            (json!({"tag": "HUMAN_AGENT"}), Some("P1.16")),
            (action("HUMAN_AGENT"), Some("P1.16")),
            (json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}), None),
        ] {
            Case::of(wish).by_agent().is(0, rule);
        }
    }

    #[test]
    fn p3_3_the_right_of_a_comment_or_token_is_a_ground_of_its_own() {
        let reply = Right::PrivateReply { at: OPENED, live: false, taken_by: None };
        let (one_time, marketing) = right_of_a_token();
        for (recipient, right) in [
            (json!({"comment_id": "9_77"}), reply),
            (json!({"post_id": "104_9"}), reply),
            (json!({"one_time_notif_token": "4711"}), one_time),
            (json!({"notification_messages_token": "8012"}), marketing),
        ] {
            let check = |mut wish: Value, rule| {
                wish["recipient"] = recipient.clone();
                Case::of(wish).by_agent().right(right).is(0, rule);
            };
            check(json!({}), None);
            check(json!({"messaging_type": "UPDATE"}), None);
            check(json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}), Some("P3.3"));
            check(json!({"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"}), Some("P1.16"));
            check(json!({"messaging_type": "MESSAGE_TAG", "tag": "NON_PROMOTIONAL_SUBSCRIPTION"}), Some("P1.16"));
            check(json!({"messaging_type": "UTILITY", "message": {"template": {}}}), Some("P8.3"));
            check(json!({"message": {"template": {}}}), Some("P8.3"));
        }
    }
}
