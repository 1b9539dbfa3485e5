//! P12: what there is on Messenger alone. On an Instagram account each is refused by a clear word, before any other rule of
//! its own is asked.
//!
//! Meta: <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api>

use super::refusal::{Refusal, refuse};
use super::{Standing, human_agent, news};
use crate::message::{Message, MessagingType, Recipient, Request};

/// Templates that exist, though not on Instagram.
const MESSENGER_TEMPLATES: [&str; 7] =
    ["coupon", "customer_feedback", "customer_information", "image_grid", "instant_form", "media", "receipt"];

/// P12, with P2.4, P4.5, P5.5 and P9.6, of which it is the sum. Sponsored messages (P10.5) are refused by their own chapter.
pub(super) fn check(standing: &Standing, request: &Request) -> Result<(), Refusal> {
    if !standing.platform.is_instagram() {
        return Ok(());
    }
    recipient(&request.recipient)?;
    ground(request)?;
    request.as_message().map_or(Ok(()), content)
}

fn recipient(recipient: &Recipient) -> Result<(), Refusal> {
    match recipient {
        Recipient::Id(_) | Recipient::CommentId(_) => Ok(()),
        Recipient::UserRef(_) => refuse("P12", "the checkbox plugin is not on Instagram"),
        Recipient::PostId(_) => refuse("P4.5", "on Instagram comments are answered in private, posts are not"),
        Recipient::OneTimeNotifToken(_) => refuse("P5.5", "there are no one-time notifications on Instagram"),
        Recipient::NotificationMessagesToken(_) => {
            // The template that asks for the token is listed for both platforms; the token as a recipient for Messenger alone.
            refuse("P12", "marketing messages are not sent on tokens on Instagram")
        }
    }
}

fn ground(request: &Request) -> Result<(), Refusal> {
    match request.tag.as_deref() {
        None | Some(human_agent::TAG) => {}
        Some(news::TAG) => return refuse("P9.6", "there is no news messaging on Instagram"),
        Some(_) => return refuse("P2.4", "HUMAN_AGENT is the only tag on Instagram"),
    }
    if request.messaging_type == MessagingType::Utility {
        return refuse("P12", "there are no utility messages on Instagram");
    }
    if request.field("persona_id").is_some() {
        return refuse("P12", "there are no personas on Instagram");
    }
    Ok(())
}

fn content(message: &Message) -> Result<(), Refusal> {
    match message.template_type() {
        Some("one_time_notif_req") => refuse("P5.5", "there are no one-time notifications on Instagram"),
        Some(template) if MESSENGER_TEMPLATES.contains(&template) => refuse("P12", "this template is not on Instagram"),
        _ if message.field("sticker_id").is_some() => refuse("P12", "stickers are not sent on Instagram"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Right;
    use crate::policy::fixture::{Case, OPENED, template};

    #[track_caller]
    fn check(wish: Value, on_messenger: Option<&str>, on_instagram: Option<&str>) {
        Case::of(wish.clone()).is(0, on_messenger);
        Case::of(wish).on_instagram().is(0, on_instagram);
    }

    #[test]
    fn p12_what_there_is_on_messenger_alone_is_refused_on_instagram() {
        check(json!({}), None, None);
        check(json!({"messaging_type": "UPDATE"}), None, None);
        check(json!({"recipient": {"user_ref": "7200000000000011"}}), None, Some("P12"));
        check(json!({"recipient": {"notification_messages_token": "8012"}}), Some("P11.1"), Some("P12"));
        let utility = json!({"messaging_type": "UTILITY", "message": {"template": {"name": "order_update"}}});
        check(utility, None, Some("P12"));
        check(json!({"persona_id": "31"}), None, Some("P12"));
        check(json!({"message": {"sticker_id": "369"}}), None, Some("P12"));
        for only_there in MESSENGER_TEMPLATES {
            check(template(only_there), None, Some("P12"));
        }
        for everywhere in ["generic", "button", "product", "notification_messages"] {
            check(template(everywhere), None, None);
        }
        check(json!({"sender_action": "typing_on"}), None, None);
    }

    #[test]
    fn p2_4_human_agent_is_the_only_tag_on_instagram() {
        let under = |tag: &str| json!({"messaging_type": "MESSAGE_TAG", "tag": tag});
        for (tag, rule) in [
            ("HUMAN_AGENT", None),
            ("CUSTOMER_FEEDBACK", Some("P2.4")),
            ("ACCOUNT_UPDATE", Some("P2.4")),
            ("RESERVATION_UPDATE", Some("P2.4")),
            ("NON_PROMOTIONAL_SUBSCRIPTION", Some("P9.6")),
        ] {
            Case::of(under(tag)).by_agent().on_instagram().is(0, rule);
        }
    }

    #[test]
    fn p4_5_on_instagram_comments_are_answered_and_posts_are_not() {
        let right = Right::PrivateReply { at: OPENED, live: false, taken_by: None };
        let post = Case::of(json!({"recipient": {"post_id": "104_9"}})).right(right);
        post.is(0, None);
        post.on_instagram().is(0, Some("P4.5"));
        Case::of(json!({"recipient": {"comment_id": "9_77"}})).right(right).on_instagram().is(0, None);
    }

    #[test]
    fn p5_5_there_are_no_one_time_notifications_on_instagram() {
        check(json!({"recipient": {"one_time_notif_token": "4711"}}), Some("P5.1"), Some("P5.5"));
        check(template("one_time_notif_req"), None, Some("P5.5"));
    }
}
