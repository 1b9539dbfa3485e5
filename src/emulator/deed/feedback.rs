//! A person links an account of their own, or tells what they think.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/templates/customer-feedback-template>

use serde_json::{Map, Value, json};

use super::super::act::Feedback;
use super::super::chat::Side;
use super::super::refusal::Refusal;
use super::message::no_message;
use super::scene::Scene;

/// The scores of each type of question.
const SCORES: [(&str, std::ops::RangeInclusive<u8>); 3] = [("csat", 1..=5), ("nps", 0..=10), ("ces", 1..=7)];

impl Scene<'_> {
    pub(super) fn account_link(&mut self, code: Option<String>) -> Result<Value, Refusal> {
        self.on_messenger("no account is linked")?;
        let content = match code {
            Some(code) => json!({"status": "linked", "authorization_code": code}),
            None => json!({"status": "unlinked"}),
        };
        Ok(self.ends.by_person("account_linking", content))
    }

    pub(super) fn feedback(&mut self, feedback: Feedback) -> Result<Value, Refusal> {
        match feedback {
            Feedback::Form { score, text } => self.form(&score, text.as_deref()),
            Feedback::Thumb { is_good, mid } => self.thumb(is_good, mid),
        }
    }

    /// The last feedback template is answered: each of its questions with the same score.
    fn form(&mut self, score: &str, text: Option<&str>) -> Result<Value, Refusal> {
        self.on_messenger("there is no feedback template")?;
        let template = self.chat().template("customer_feedback").cloned().ok_or_else(|| {
            let hint = "let the account ask first, with a template of type customer_feedback";
            Refusal::new("nobody has asked this person", hint)
        })?;
        let mut screens = Vec::new();
        for (number, screen) in template["feedback_screens"].as_array().into_iter().flatten().enumerate() {
            let mut answers = Map::new();
            for question in screen["questions"].as_array().into_iter().flatten() {
                let id = question["id"].as_str().unwrap_or_default();
                answers.insert(id.to_owned(), answer(question, score, text)?);
            }
            screens.push(json!({"screen_id": number, "questions": answers}));
        }
        Ok(self.ends.by_person("messaging_feedback", json!({"feedback_screens": screens})))
    }

    fn thumb(&mut self, is_good: bool, mid: Option<String>) -> Result<Value, Refusal> {
        let message = match &mid {
            Some(mid) => self.chat().find(mid).filter(|message| message.from == Side::Business),
            None => self.chat().last(|message| message.from == Side::Business),
        };
        let message = message.ok_or_else(|| match &mid {
            Some(mid) => no_message(mid),
            None => Refusal::new("there is nothing to judge", "let the account write first"),
        })?;
        let feedback = if is_good { "Good response" } else { "Bad response" };
        let content = json!({"feedback": feedback, "mid": message.mid});
        Ok(self.ends.by_person("response_feedback", content))
    }
}

fn answer(question: &Value, score: &str, text: Option<&str>) -> Result<Value, Refusal> {
    let kind = question["type"].as_str().unwrap_or_default();
    if let Some((_, scores)) = SCORES.iter().find(|(known, _)| *known == kind)
        && !score.parse().is_ok_and(|score: u8| scores.contains(&score))
    {
        let hint = format!("\"score\" is a number from {} to {} for a {kind} question", scores.start(), scores.end());
        return Err(Refusal::new(format!("{score:?} is no score"), hint));
    }
    let mut answer = json!({"type": kind, "payload": score});
    if let Some(text) = text.filter(|_| question["follow_up"].is_object()) {
        answer["follow_up"] = json!({"type": "free_form", "payload": text});
    }
    Ok(answer)
}
