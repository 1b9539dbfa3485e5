//! Attachments that are uploaded first and sent later, by their id.
//!
//! Nothing is fetched: a file by its URL is taken as it is.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api>

use serde_json::json;

use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::fields::file;
use super::frame::Frame;
use super::media;
use super::part::Part;

/// `POST /{page}/message_attachments`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    if ask.verb != Verb::Post {
        return Err(ask.unsupported());
    }
    let message = ask.json("message").ok_or_else(|| GraphError::required("message"))?;
    let file = file(ask.fields);
    let platform = ask.shared.world.accounts[account].platform;
    let (uploads, templates) = (&ask.state.uploads, &ask.state.setup.templates);
    let frame = Frame {
        platform,
        account,
        uploads,
        templates,
        file: file.as_ref(),
        is_utility: false,
        local_media: ask.shared.world.app.local_media,
        now: ask.now,
    };
    let kind = media::check_upload(&Part::new(&message, "message").required("attachment")?, &frame)?;
    let id = ask.state.uploads.add(account, kind, ask.now);
    Ok(json!({"attachment_id": id}))
}
