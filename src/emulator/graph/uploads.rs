//! Attachments that are uploaded first and sent later, by their id.
//!
//! Nothing is fetched: a file by its URL is taken as it is.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api>

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::ask::{Answer, Ask, Verb};
use super::call::Fields;
use super::error::GraphError;

/// How long an attachment can be sent.
const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many are kept; the oldest makes room.
const MOST: usize = 10_000;

const KINDS: [&str; 4] = ["audio", "file", "image", "video"];

/// The uploads of all accounts, oldest first.
#[derive(Default)]
pub(super) struct Uploads {
    kept: VecDeque<Upload>,
}

struct Upload {
    id: String,
    account: usize,
    kind: String,
    at: Timestamp,
}

impl Uploads {
    /// Refuses a message with an attachment that is not the account's, any more or at all, or is of another type.
    pub(super) fn check(&self, message: &Fields, account: usize, now: Timestamp) -> Result<(), GraphError> {
        let one = message.get("attachment").into_iter();
        let many = message.get("attachments").and_then(Value::as_array).into_iter().flatten();
        for attachment in one.chain(many) {
            let given = attachment["type"].as_str().unwrap_or_default();
            for (id, wanted) in ids(given, &attachment["payload"]) {
                let kind = self
                    .kind(&id, account, now)
                    .ok_or_else(|| GraphError::parameter(format!("Invalid attachment id: {id}")).with(2_018_074))?;
                if kind != wanted {
                    return Err(GraphError::parameter(format!("Attachment {id} is of type {kind}")).with(2_018_047));
                }
            }
        }
        Ok(())
    }

    /// Keeps what was sent to be sent again, under the id that the answer names.
    pub(super) fn keep_sent(&mut self, message: &Fields, answer: &Fields, account: usize, at: Timestamp) {
        let kind = message.get("attachment").and_then(|attachment| attachment["type"].as_str());
        if let (Some(kind), Some(id)) = (kind, answer.get("attachment_id").and_then(Value::as_str)) {
            self.keep(id.to_owned(), account, kind, at);
        }
    }

    fn keep(&mut self, id: String, account: usize, kind: &str, at: Timestamp) {
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Upload { id, account, kind: kind.to_owned(), at });
    }

    /// Of which type the attachment is that the account may send under this id now.
    fn kind(&self, id: &str, account: usize, now: Timestamp) -> Option<&str> {
        let lives = |upload: &&Upload| upload.id == id && upload.account == account && now < upload.at + LIFE;
        self.kept.iter().find(lives).map(|upload| upload.kind.as_str())
    }
}

/// The ids that an attachment refers to, with the type that each must be of.
fn ids<'a>(kind: &'a str, payload: &'a Value) -> Vec<(String, &'a str)> {
    let elements = payload["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    let in_template = elements.iter().map(|element| (&element["attachment_id"], element["media_type"].as_str()));
    let whole = (&payload["attachment_id"], Some(kind));
    let written = |id: &Value| id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()));
    let all = in_template.chain([whole]);
    all.filter_map(|(id, kind)| Some((written(id)?, kind.unwrap_or_default()))).collect()
}

/// `POST /{page}/message_attachments`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    let message = ask.json("message").ok_or_else(|| GraphError::required("message"))?;
    let attachment = &message["attachment"];
    let kind = attachment["type"].as_str().filter(|kind| KINDS.contains(kind)).ok_or_else(|| {
        GraphError::parameter(format!("Param message[attachment][type] must be one of {{{}}}", KINDS.join(", ")))
    })?;
    let url = attachment["payload"]["url"].as_str();
    match url {
        Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            return Err(GraphError::parameter("Param message[attachment][payload][url] must be a valid URI"));
        }
        None if !ask.fields.contains_key("filedata") => {
            return Err(GraphError::parameter("Upload attachment failure.").with(2_018_047));
        }
        _ => {}
    }
    let id = ask.new_id();
    ask.state.setup.uploads.keep(id.clone(), account, kind, ask.now);
    Ok(json!({"attachment_id": id}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_sent_by_their_account_while_they_live() {
        let mut uploads = Uploads::default();
        uploads.keep("11".into(), 0, "image", Timestamp(0));
        let check = |message: Value, account: usize, now: Timestamp, expected: Option<u32>| {
            let checked = uploads.check(message.as_object().expect("an object"), account, now);
            assert_eq!(checked.err().and_then(|error| error.subcode), expected, "{message} at {now}");
        };
        let by_id = |kind: &str, id: Value| json!({"attachment": {"type": kind, "payload": {"attachment_id": id}}});
        check(by_id("image", json!("11")), 0, Timestamp(0), None);
        check(by_id("image", json!(11)), 0, Timestamp(0), None);
        check(by_id("video", json!("11")), 0, Timestamp(0), Some(2_018_047));
        check(by_id("image", json!("12")), 0, Timestamp(0), Some(2_018_074));
        check(by_id("image", json!("11")), 1, Timestamp(0), Some(2_018_074));
        check(by_id("image", json!("11")), 0, Timestamp(0) + LIFE, Some(2_018_074));
        let many = json!({"attachments": [{"type": "image", "payload": {"attachment_id": "12"}}]});
        check(many, 0, Timestamp(0), Some(2_018_074));
        let media = json!({"template_type": "media", "elements": [{"media_type": "image", "attachment_id": "12"}]});
        check(json!({"attachment": {"type": "template", "payload": media}}), 0, Timestamp(0), Some(2_018_074));
        check(json!({"text": "hi"}), 0, Timestamp(0), None);
        let answer = json!({"attachment_id": "13"});
        let sent = by_id("image", Value::Null);
        uploads.keep_sent(sent.as_object().expect("one"), answer.as_object().expect("one"), 0, Timestamp(0));
        assert_eq!(uploads.kind("13", 0, Timestamp(1)), Some("image"));
    }
}
