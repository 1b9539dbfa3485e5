//! What a relay answers: what the bot says, and what it remembers.
//!
//! Errors name what came back, never its text: that is between the bot and the person.

use anyhow::{Context as _, bail, ensure};
use reqwest::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::bot::Observation;
use crate::fetch::Answer;
use crate::message::{Recipient, Request};

/// How much of a content type is repeated: it is the relay's own word.
const LONGEST_TYPE: usize = 60;

/// What a relay wants.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    replies: Vec<Map<String, Value>>,
    /// Absent: as it was. Null: forgotten.
    #[serde(default, deserialize_with = "given")]
    state: Option<Option<Value>>,
}

fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<Value>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// Reads an answer. 200 and 204 are answers; nothing, or `{}`, is nothing to say.
pub(super) fn read(answer: Answer) -> anyhow::Result<Wanted> {
    let status = answer.status;
    if status == StatusCode::NO_CONTENT || (status == StatusCode::OK && answer.body.trim_ascii().is_empty()) {
        return Ok(Wanted::default());
    }
    let kind = kind(&answer);
    ensure!(status == StatusCode::OK, "the relay answered {status} ({kind})");
    // A list would be read field by field.
    ensure!(answer.body.trim_ascii().starts_with(b"{"), "the relay's answer is not a JSON object ({kind})");
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    let wanted: Wanted = match serde_path_to_error::deserialize(&mut json) {
        Ok(wanted) => wanted,
        Err(error) if error.inner().is_data() => {
            bail!("the relay's answer has an unexpected shape at {}", error.path())
        }
        Err(_) => bail!("the relay's answer is not JSON ({kind})"),
    };
    ensure!(json.end().is_ok(), "the relay's answer is not JSON ({kind})");
    Ok(wanted)
}

/// What a body says it is, and what its first byte says.
fn kind(answer: &Answer) -> String {
    let first = match answer.body.trim_ascii().first() {
        None => "empty",
        Some(b'{' | b'[') => "JSON or alike",
        Some(b'<') => "HTML or alike",
        Some(_) => "text",
    };
    match &answer.content_type {
        Some(said) => {
            let said: String = said.split(';').next().unwrap_or_default().trim().chars().take(LONGEST_TYPE).collect();
            format!("{said}, {first}")
        }
        None => first.to_owned(),
    }
}

impl Wanted {
    /// The replies as requests to `recipient`, which is not the relay's to choose.
    pub(super) fn requests(&self, recipient: &Recipient) -> anyhow::Result<Vec<Request>> {
        let to = serde_json::to_value(recipient).context("a recipient can be written")?;
        let requests = self.replies.iter().enumerate().map(|(index, reply)| {
            let mut reply = reply.clone();
            let given = reply.insert("recipient".into(), to.clone());
            ensure!(
                given.is_none_or(|given| given == to),
                "replies[{index}].recipient is not whom this event is from; leave it out"
            );
            Request::try_from(reply).map_err(|_| anyhow::anyhow!("replies[{index}] is no Send API request"))
        });
        requests.collect()
    }

    /// Remembers what the relay wants remembered.
    pub(super) fn remember(&self, observation: &mut Observation) -> anyhow::Result<()> {
        match &self.state {
            None => {}
            Some(None) => observation.clear_state(),
            Some(Some(state)) => observation.set_state(state)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PersonId;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer { status, content_type: Some("text/plain".into()), body: body.to_owned().into() }
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: Result<usize, &str>) {
        let ada = Recipient::Id(PersonId::new("7200000000000011"));
        let read = read(answer(status, body)).and_then(|wanted| wanted.requests(&ada));
        assert_eq!(
            read.map(|requests| requests.len()).map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn what_is_no_answer_is_named_and_never_quoted() {
        check(200, "", Ok(0));
        check(204, "", Ok(0));
        check(200, "{}", Ok(0));
        check(200, r#"{"replies":[{"message":{"text":"Hello"}},{"sender_action":"typing_on"}]}"#, Ok(2));
        check(200, r#"{"replies":[{"recipient":{"id":"7200000000000011"},"message":{"text":"x"}}]}"#, Ok(1));
        check(500, "secret words", Err("the relay answered 500 Internal Server Error (text/plain, text)"));
        check(302, "<html>", Err("the relay answered 302 Found (text/plain, HTML or alike)"));
        check(200, "<html>", Err("the relay's answer is not a JSON object (text/plain, HTML or alike)"));
        check(200, "[]", Err("the relay's answer is not a JSON object (text/plain, JSON or alike)"));
        check(200, "{} {}", Err("the relay's answer is not JSON (text/plain, JSON or alike)"));
        check(200, r#"{"replies":"secret words"}"#, Err("the relay's answer has an unexpected shape at replies"));
        check(200, r#"{"replies":["secret words"]}"#, Err("the relay's answer has an unexpected shape at replies[0]"));
        check(200, r#"{"replies":[{"text":"secret words"}]}"#, Err("replies[0] is no Send API request"));
        // What Meta would refuse is judged send by send.
        check(200, r#"{"replies":[{"message":{"text":7}},{"sender_action":"dance"}]}"#, Ok(2));
        let elsewhere = r#"{"replies":[{"recipient":{"id":"1"},"message":{"text":"x"}}]}"#;
        check(200, elsewhere, Err("replies[0].recipient is not whom this event is from; leave it out"));
    }

    #[test]
    fn a_state_is_kept_set_or_cleared() {
        let state = |body: &str| read(answer(200, body)).expect("an answer").state;
        assert_eq!(state("{}"), None);
        assert_eq!(state(r#"{"state":null}"#), Some(None));
        assert_eq!(state(r#"{"state":{"step":3}}"#), Some(Some(serde_json::json!({"step": 3}))));
    }
}
