//! `customer_feedback`: one question, answered on a screen of its own.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::{TITLE, only};

const HEADING: usize = 65;
const BUTTON: usize = 20;
const PLACEHOLDER: usize = 65;
const QUESTION_ID: usize = 80;
const QUESTION_LEAST: usize = 5;
const QUESTION_MOST: usize = 85;

const LABELS: [&str; 6] = ["neg_pos", "hard_easy", "dis_sat", "unlike_like", "poor_great", "none"];

const KEYS: [&str; 6] =
    ["title", "subtitle", "button_title", "feedback_screens", "business_privacy", "expires_in_days"];

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &KEYS)?;
    for (key, most) in [("title", HEADING), ("subtitle", TITLE), ("button_title", BUTTON)] {
        if payload.required_text(key, most)?.contains("://") {
            return Err(payload.required(key)?.refuse("must not contain a URL"));
        }
    }
    for screen in payload.required_objects("feedback_screens", 1..=1)? {
        screen.required_objects("questions", 1..=1)?.iter().try_for_each(check_question)?;
    }
    payload.required("business_privacy")?.required_url("url")?;
    payload.check_whole("expires_in_days", 1..=7)
}

fn check_question(question: &Part<'_>) -> Result<(), GraphError> {
    question.only(&["id", "type", "title", "score_label", "score_option", "follow_up"])?;
    let id = question.required_text("id", QUESTION_ID)?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(question.required("id")?.refuse("must consist of letters, digits and underscores"));
    }
    let kind = question.required_one_of("type", &["csat", "nps", "ces", "free_form"])?;
    if question.optional_text("title", QUESTION_MOST)?.is_some_and(|title| title.chars().count() < QUESTION_LEAST) {
        return Err(question.required("title")?.refuse(format!("must have at least {QUESTION_LEAST} characters")));
    }
    question.one_of("score_label", &LABELS)?;
    let options: &[&str] = match kind {
        "csat" => &["one_to_five", "five_stars", "five_emojis"],
        "nps" => &["zero_to_ten"],
        "ces" => &["one_to_seven"],
        _ => &[],
    };
    question.one_of("score_option", options)?;
    let Some(follow_up) = question.get("follow_up") else { return Ok(()) };
    follow_up.required_one_of("type", &["free_form"])?;
    follow_up.optional_text("placeholder", PLACEHOLDER).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    fn feedback() -> Value {
        json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
            "button_title": "Rate", "feedback_screens": [{"questions": [question()]}],
            "business_privacy": {"url": "https://shop.example/privacy"}, "expires_in_days": 3})
    }

    fn question() -> Value {
        json!({"id": "q1", "type": "csat", "title": "How was it?", "score_label": "neg_pos",
            "score_option": "five_stars", "follow_up": {"type": "free_form", "placeholder": "Tell us more"}})
    }

    #[test]
    fn the_frame_of_the_question() {
        let check = |key: &str, value: Value, expected: Option<&str>| {
            judge_on_messenger(&changed(&feedback(), key, value), expected);
        };
        check("title", json!("t".repeat(65)), None);
        check("title", json!("t".repeat(66)), Some("[title]"));
        check("title", json!("see https://shop.example"), Some("[title] must not contain a URL"));
        check("subtitle", json!("t".repeat(81)), Some("[subtitle]"));
        check("button_title", json!("t".repeat(21)), Some("[button_title]"));
        check("business_privacy", Value::Null, Some("[business_privacy]"));
        check("expires_in_days", json!(7), None);
        check("expires_in_days", json!(8), Some("1 to 7"));
        check("feedback_screens", json!([]), Some("1 to 1"));
        check("feedback_screens", json!([{"questions": [question(), question()]}]), Some("1 to 1"));
    }

    #[test]
    fn the_question() {
        let check = |key: &str, value: Value, expected: Option<&str>| {
            let screens = json!([{"questions": [changed(&question(), key, value)]}]);
            judge_on_messenger(&changed(&feedback(), "feedback_screens", screens), expected);
        };
        check("id", json!("q".repeat(80)), None);
        check("id", json!("q".repeat(81)), Some("[id]"));
        check("id", json!("q-1"), Some("letters, digits"));
        check("type", json!("stars"), Some("[type]"));
        check("title", json!("How?"), Some("at least 5"));
        check("title", json!("t".repeat(86)), Some("[questions][0][title]"));
        check("score_label", json!("bad_good"), Some("[score_label]"));
        check("score_option", json!("zero_to_ten"), Some("[score_option]"));
        check("follow_up", json!({"type": "free_form", "placeholder": "t".repeat(66)}), Some("[placeholder]"));
        check("follow_up", json!({"type": "csat"}), Some("[follow_up][type]"));
    }
}
