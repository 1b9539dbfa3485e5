//! What a relay answers: what the bot says, and what it remembers.
//!
//! Errors name what came back, never its text: that is between the bot and the person.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail, ensure};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::bot::Observation;
use crate::fetch::Answer;
use crate::json;
use crate::message::{Recipient, Reply, Request};

/// How much of a content type is repeated: it is the relay's own word.
const LONGEST_TYPE: usize = 60;

/// The keys of an answer.
const KEYS: [&str; 2] = ["replies", "state"];

/// How alike a key must be to one of these to be a likely misspelling of it.
const ALIKE: f64 = 0.8;

/// What a bot says, and what it remembers. Any 2xx with no body, with `null` or with `{}` says nothing. A key that is not
/// described here means nothing; the log tells of it once.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Answer)]
pub(super) struct Wanted {
    /// What is said, in order; null is nothing, and so is a reply that is null. What is said of an event that is only observed
    /// is ignored.
    // Some languages write a list without entries as null.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Option<Reply>>>)]
    replies: Option<Vec<Option<Map<String, Value>>>>,
    /// What the bot remembers of this conversation. Absent: as it was. Null: forgotten.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Value)]
    state: Option<Option<Value>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: BTreeMap<String, IgnoredAny>,
}

fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<Value>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// Reads an answer. Any 2xx is one; nothing, `null` or `{}` is nothing to say.
pub(super) fn read(answer: Answer) -> anyhow::Result<Wanted> {
    let (status, kind) = (answer.status, kind(&answer));
    ensure!(status.is_success(), "the relay answered {status} ({kind})");
    if matches!(answer.body.trim_ascii(), b"" | b"null") {
        return Ok(Wanted::default());
    }
    // A list would be read field by field.
    ensure!(answer.body.trim_ascii().starts_with(b"{"), "the relay's answer is not a JSON object ({kind})");
    let body = json::mended_bytes(&answer.body);
    let mut json = serde_json::Deserializer::from_slice(&body);
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
        let replies = self.replies.iter().flatten().enumerate();
        let requests = replies.filter_map(|(index, reply)| Some((index, reply.clone()?))).map(|(index, mut reply)| {
            let given = reply.insert("recipient".into(), to.clone()).filter(|given| !given.is_null());
            ensure!(
                given.is_none_or(|given| Recipient::read(given).as_ref() == Some(recipient)),
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

/// Tells once of keys that no answer has: their author means something by them, and nothing comes of it.
#[derive(Debug, Default)]
pub(super) struct UnknownKeys(AtomicBool);

impl UnknownKeys {
    pub(super) fn tell(&self, wanted: &Wanted) {
        if wanted.unknown.is_empty() || self.0.swap(true, Ordering::Relaxed) {
            return;
        }
        let keys: Vec<_> = wanted.unknown.keys().map(|key| shown(key)).collect();
        let known = KEYS.join(", ");
        let hint = match keys.iter().find_map(|key| Some((key, nearest(key)?))) {
            Some((key, nearest)) => format!("did you mean {nearest} by {key}?"),
            None => format!("an answer has the keys {known}"),
        };
        let keys = keys.join(", ");
        tracing::warn!(keys, hint, "the relay's answer has keys that mean nothing; this is told once");
    }
}

/// A key, where it looks like a name. One that does not may be a person's words, which the log must not hold.
fn shown(key: &str) -> String {
    let is_name = key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if is_name { key.to_owned() } else { "(no name)".to_owned() }
}

/// The key that this one is a likely misspelling of.
fn nearest(key: &str) -> Option<&'static str> {
    let alike = KEYS.map(|known| (strsim::jaro_winkler(&key.to_lowercase(), known), known));
    let (likeness, nearest) = alike.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness >= ALIKE).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

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
        check(201, r#"{"replies":[{"message":{"text":"201"}}]}"#, Ok(1));
        check(202, "", Ok(0));
        check(200, " null\n", Ok(0));
        check(200, r#"{"replies":null}"#, Ok(0));
        check(200, r#"{"replies":[null,{"message":{"text":"x"}}]}"#, Ok(1));
        check(200, r#"{"replies":[{"message":{"text":"cut \ud83c"}}]}"#, Ok(1));
        check(200, r#"{"reply":"hello","text":"hello"}"#, Ok(0));
        check(200, "{}", Ok(0));
        check(200, r#"{"replies":[{"message":{"text":"Hello"}},{"sender_action":"typing_on"}]}"#, Ok(2));
        check(200, r#"{"replies":[{"recipient":{"id":"7200000000000011"},"message":{"text":"x"}}]}"#, Ok(1));
        check(200, r#"{"replies":[{"recipient":{"id":7200000000000011},"message":{"text":"x"}}]}"#, Ok(1));
        check(200, r#"{"replies":[{"recipient":null,"message":{"text":"x"}}]}"#, Ok(1));
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
    fn a_likely_misspelling_is_named_and_words_are_not() {
        assert_eq!(
            ["reply", "Replies", "states", "text", "wake"].map(nearest),
            [Some("replies"), Some("replies"), Some("state"), None, None]
        );
        assert_eq!((shown("reply").as_str(), shown("hello Ada").as_str()), ("reply", "(no name)"));
    }

    #[test]
    fn a_state_is_kept_set_or_cleared() {
        let state = |body: &str| read(answer(200, body)).expect("an answer").state;
        assert_eq!(state("{}"), None);
        assert_eq!(state(r#"{"state":null}"#), Some(None));
        assert_eq!(state(r#"{"state":{"step":3}}"#), Some(Some(serde_json::json!({"step": 3}))));
    }
}
