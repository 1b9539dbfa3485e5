//! P2: message tags, under which a message may come after the window.
//!
//! What a text says is not guessed from its words: the tag is its author's declaration, and is kept with the send. What the
//! form tells is checked.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/message-tags>

use super::refusal::{Refusal, refuse};
use super::{Facts, Intent, Standing, human_agent, news, start, window};
use crate::clock::Timestamp;
use crate::message::Message;

/// The tags that are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// A person answers.
    HumanAgent,
    /// How was it?
    CustomerFeedback,
    /// News, from a news Page.
    News,
}

impl Tag {
    /// P2.1, P2.5. Meta's guide to sending still shows the three tags of before 27 April 2026; its changelog of that day, which
    /// is newer, ends them, and it decides.
    pub(super) fn named(name: &str) -> Result<Tag, Refusal> {
        match name {
            human_agent::TAG => Ok(Tag::HumanAgent),
            "CUSTOMER_FEEDBACK" => Ok(Tag::CustomerFeedback),
            news::TAG => Ok(Tag::News),
            "ACCOUNT_UPDATE" | "CONFIRMED_EVENT_UPDATE" | "POST_PURCHASE_UPDATE" => {
                refuse("P2.5", "Meta ended this tag on 27 April 2026: use a utility template")
            }
            _ => refuse("P2.1", "Meta knows no such tag, or no longer"),
        }
    }
}

/// Whether a message may go to a person under a tag.
pub(super) fn check(
    tag: Tag,
    standing: &Standing,
    facts: &Facts,
    intent: Intent<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(message) = intent.request.as_message() else { return Ok(()) };
    match tag {
        Tag::HumanAgent => {
            no_coupon(message)?;
            human_agent::check(standing, facts, intent.origin, now)?;
        }
        Tag::CustomerFeedback => {
            no_coupon(message)?;
            customer_feedback(message, facts, now)?;
        }
        Tag::News => news::check(standing, facts, message)?,
    }
    // Stickers are sent inside the window only, whatever excuses a message.
    if message.field("sticker_id").is_some() {
        return window::check(start::opened(facts)?, now);
    }
    Ok(())
}

/// P2.2. Nothing that promotes goes under a tag.
fn no_coupon(message: &Message) -> Result<(), Refusal> {
    if message.template_type() == Some("coupon") {
        return refuse("P2.2", "a coupon promotes, and nothing that promotes goes under a tag");
    }
    Ok(())
}

/// P2.6. `CUSTOMER_FEEDBACK` is for the feedback template, within seven days of the person's last message.
fn customer_feedback(message: &Message, facts: &Facts, now: Timestamp) -> Result<(), Refusal> {
    if message.template_type() != Some("customer_feedback") {
        return refuse("P2.6", "the tag CUSTOMER_FEEDBACK is for the customer_feedback template alone");
    }
    start::wrote_within_seven_days(facts, "P2.6", now)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::fixture::{Case, DAY, SECOND, template};

    fn under(tag: &str, mut wish: Value) -> Value {
        wish["messaging_type"] = json!("MESSAGE_TAG");
        wish["tag"] = json!(tag);
        wish
    }

    #[test]
    fn p2_1_a_tag_is_one_that_meta_knows() {
        for retired in
            ["SHIPPING_UPDATE", "RESERVATION_UPDATE", "ISSUE_RESOLUTION", "APPOINTMENT_UPDATE", "", "human_agent"]
        {
            Case::of(under(retired, json!({}))).by_agent().is(0, Some("P2.1"));
        }
    }

    #[test]
    fn p2_5_three_tags_ended_on_27_april_2026() {
        for ended in ["ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE"] {
            Case::of(under(ended, json!({}))).is(0, Some("P2.5"));
            Case::of(under(ended, json!({}))).never_opened().is(0, Some("P2.5"));
        }
    }

    #[test]
    fn p2_2_no_coupon_goes_under_a_tag() {
        Case::of(template("coupon")).is(0, None);
        Case::of(under("HUMAN_AGENT", template("coupon"))).by_agent().is(0, Some("P2.2"));
        Case::of(under("CUSTOMER_FEEDBACK", template("coupon"))).is(0, Some("P2.2"));
        Case::of(under("HUMAN_AGENT", template("generic"))).by_agent().is(0, None);
    }

    #[test]
    fn p2_6_feedback_is_asked_by_its_template_within_seven_days() {
        let feedback = Case::of(under("CUSTOMER_FEEDBACK", template("customer_feedback")));
        feedback.is(0, None);
        feedback.is(DAY + SECOND, None);
        feedback.is(7 * DAY - 1, None);
        feedback.is(7 * DAY, Some("P2.6"));
        feedback.is(7 * DAY + SECOND, Some("P2.6"));
        feedback.never_opened().is(0, Some("P0.1"));
        Case::of(under("CUSTOMER_FEEDBACK", json!({}))).is(0, Some("P2.6"));
        Case::of(under("CUSTOMER_FEEDBACK", template("generic"))).is(0, Some("P2.6"));
        let without_a_word = Case::of(under("CUSTOMER_FEEDBACK", template("customer_feedback")));
        without_a_word.facts(|facts| facts.last_message_at = None).is(0, Some("P2.6"));
    }

    #[test]
    fn p1_1_a_sticker_is_for_the_window_whatever_its_tag() {
        let sticker = Case::of(under("HUMAN_AGENT", json!({"message": {"sticker_id": "369"}}))).by_agent();
        sticker.is(DAY - 1, None);
        sticker.is(DAY, Some("P1.1"));
    }
}
