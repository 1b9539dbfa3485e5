//! Attachments that are uploaded first and sent later, by their id.
//!
//! Nothing is fetched: a file by its URL is taken as it is.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api>

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;

use crate::clock::Timestamp;

use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;

/// How long an attachment can be sent.
const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many are kept; the oldest makes room.
const MOST: usize = 10_000;

const KINDS: [&str; 4] = ["audio", "file", "image", "video"];

/// The uploads of all accounts, oldest first.
#[derive(Default)]
pub(in crate::emulator) struct Uploads {
    kept: VecDeque<Upload>,
}

struct Upload {
    id: String,
    account: usize,
    kind: String,
    at: Timestamp,
}

impl Uploads {
    /// Keeps an attachment that came with a call or by its URL.
    pub(in crate::emulator) fn keep(&mut self, id: String, account: usize, kind: &str, at: Timestamp) {
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Upload { id, account, kind: kind.to_owned(), at });
    }

    /// Of which type the attachment is that the account may send under this id now.
    pub(in crate::emulator) fn kind(&self, id: &str, account: usize, now: Timestamp) -> Option<&str> {
        let lives = |upload: &&Upload| upload.id == id && upload.account == account && now < upload.at + LIFE;
        self.kept.iter().find(lives).map(|upload| upload.kind.as_str())
    }
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
