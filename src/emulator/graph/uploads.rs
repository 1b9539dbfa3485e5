//! Attachments that are uploaded first and sent later, by their id.
//!
//! Nothing is fetched: a file by its URL is taken as it is.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api>

use serde_json::json;

use super::super::uploads::MediaKind;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;

const KINDS: [&str; 4] = ["audio", "file", "image", "video"];

/// `POST /{page}/message_attachments`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    let message = ask.json("message").ok_or_else(|| GraphError::required("message"))?;
    let attachment = &message["attachment"];
    let kind = attachment["type"].as_str().and_then(MediaKind::named).ok_or_else(|| {
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
    let id = ask.state.uploads.add(account, kind, ask.now);
    Ok(json!({"attachment_id": id}))
}
