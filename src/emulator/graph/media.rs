//! The attachments of a message: pictures, sounds, films and files, and what only Instagram has. Pure.
//!
//! An address is looked at and never called: what stands behind it is between Meta and that server.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets>

use super::super::uploads::MediaKind;
use super::attachment_id::{check_id, mismatch};
use super::error::GraphError;
use super::fetched;
use super::fields::File;
use super::frame::Frame;
use super::part::Part;
use super::template;

const ON_MESSENGER: [&str; 5] = ["audio", "file", "image", "template", "video"];
const ON_INSTAGRAM: [&str; 7] = ["audio", "file", "image", "template", "video", "MEDIA_SHARE", "like_heart"];

const UPLOADED: [&str; 4] = ["audio", "file", "image", "video"];

const MESSENGER_IMAGES: usize = 30;
const INSTAGRAM_IMAGES: usize = 10;

const MEGABYTE: usize = 1024 * 1024;
const LARGEST_FILE: usize = 25 * MEGABYTE;
const LARGEST_INSTAGRAM_IMAGE: usize = 8 * MEGABYTE;

/// Refuses an attachment that Meta would refuse.
pub(super) fn check(attachment: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    let known: &[&str] = if frame.platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER };
    let kind = attachment.required_one_of("type", known)?;
    attachment.only(&["type", "payload"])?;
    match (kind, MediaKind::named(kind)) {
        (_, Some(kind)) => check_media(&attachment.required("payload")?, kind, frame),
        ("template", _) => template::check(&attachment.required("payload")?, frame),
        ("MEDIA_SHARE", _) => check_share(&attachment.required("payload")?),
        _ => Ok(()),
    }
}

/// Refuses a list of attachments that Meta would refuse. Pictures alone come in a list.
pub(super) fn check_many(list: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    let most = if frame.platform.is_instagram() { INSTAGRAM_IMAGES } else { MESSENGER_IMAGES };
    for attachment in list.objects(1..=most)? {
        attachment.required_one_of("type", &["image"])?;
        attachment.only(&["type", "payload"])?;
        check_media(&attachment.required("payload")?, MediaKind::Image, frame)?;
    }
    Ok(())
}

/// Refuses an upload that Meta would refuse. Returns as what the file can be sent.
pub(super) fn check_upload(attachment: &Part<'_>, frame: &Frame<'_>) -> Result<MediaKind, GraphError> {
    let name = attachment.required_one_of("type", &UPLOADED)?;
    let kind = MediaKind::named(name).expect("what is uploaded is media");
    attachment.only(&["type", "payload"])?;
    let payload = attachment.required("payload")?;
    if payload.get("url").is_none() && frame.file.is_none() {
        return Err(not_one_file());
    }
    check_media(&payload, kind, frame).map(|()| kind)
}

/// Media comes by address, by the id of an earlier upload, or as the file in the body.
fn check_media(payload: &Part<'_>, kind: MediaKind, frame: &Frame<'_>) -> Result<(), GraphError> {
    payload.only(&["url", "attachment_id", "is_reusable"])?;
    payload.check_bool("is_reusable")?;
    match (payload.get("url"), payload.get("attachment_id"), frame.file) {
        (None, None, None) => Err(not_one_file()),
        (None, None, Some(file)) if file.count != 1 => Err(not_one_file()),
        (Some(url), None, None) => fetched::check(&url, frame.local_media),
        (None, Some(id), None) => check_id(&id, kind, frame),
        (None, None, Some(file)) => check_file(file, kind, payload, frame),
        _ => Err(payload.refuse("must have exactly one of url, attachment_id, or a file in filedata")),
    }
}

/// A post of the account's own.
fn check_share(payload: &Part<'_>) -> Result<(), GraphError> {
    payload.only(&["id"])?;
    payload.required("id")?.id().map(drop)
}

fn not_one_file() -> GraphError {
    GraphError::parameter("Incorrect number of files uploaded. Must upload exactly one file.").with(2_018_005)
}

fn check_file(file: &File, kind: MediaKind, payload: &Part<'_>, frame: &Frame<'_>) -> Result<(), GraphError> {
    let instagram = frame.platform.is_instagram();
    let is_image = kind == MediaKind::Image;
    let most = if instagram && is_image { LARGEST_INSTAGRAM_IMAGE } else { LARGEST_FILE };
    if file.size > most {
        let message = format!("The attachment is larger than {} MB", most / MEGABYTE);
        return Err(GraphError::parameter(message).with(2_018_109));
    }
    let content_type = file.content_type.as_str();
    let fits = match kind {
        MediaKind::Image => content_type.starts_with("image/"),
        MediaKind::Audio => content_type.starts_with("audio/"),
        MediaKind::Video => content_type.starts_with("video/"),
        MediaKind::File => !instagram || content_type == "application/pdf",
    };
    if fits && file.size > 0 { Ok(()) } else { Err(mismatch(payload)) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::limits::tests::judge;
    use super::*;
    use crate::clock::Timestamp;
    use crate::emulator::Platform;
    use crate::emulator::setup::Templates;
    use crate::emulator::uploads::Uploads;

    #[test]
    fn attachments_by_address() {
        let media = |kind: &str, payload: Value| json!({"attachment": {"type": kind, "payload": payload}});
        let url = || json!({"url": "https://shop.example/a.jpg"});
        for kind in ["image", "audio", "video", "file"] {
            judge(&media(kind, url()), None, None);
        }
        judge(&media("gif", url()), Some("attachment][type]"), Some("attachment][type]"));
        judge(&media("image", json!({"url": "a.jpg"})), Some("valid URL"), Some("valid URL"));
        judge(&media("image", json!({"url": "ftp://shop.example/a"})), Some("valid URL"), Some("valid URL"));
        judge(&media("image", json!({})), Some("2018005"), Some("2018005"));
        judge(&media("image", json!({"url": "http://localhost/a"})), Some("2018008"), Some("2018008"));
        judge(&media("image", json!({"link": "https://shop.example"})), Some("Invalid keys"), Some("Invalid keys"));
        judge(&media("image", json!({"url": "https://a.example", "attachment_id": "1"})), Some("one"), Some("one"));
        judge(&json!({"attachment": {"type": "image"}}), Some("[payload] is required"), Some("[payload] is required"));
        judge(&json!({"attachment": {"type": "like_heart"}}), Some("attachment][type]"), None);
        judge(&media("MEDIA_SHARE", json!({"id": "179"})), Some("attachment][type]"), None);
        judge(&media("MEDIA_SHARE", json!({})), Some("attachment][type]"), Some("payload][id]"));
    }

    #[test]
    fn pictures_come_in_lists_too() {
        let images = |count| {
            let image = json!({"type": "image", "payload": {"url": "https://shop.example/a.jpg"}});
            json!({"attachments": vec![image; count]})
        };
        judge(&images(10), None, None);
        judge(&images(11), None, Some("1 to 10"));
        judge(&images(31), Some("1 to 30"), Some("1 to 10"));
        judge(&images(0), Some("1 to 30"), Some("1 to 10"));
        let video = json!({"type": "video", "payload": {"url": "https://shop.example/a.mp4"}});
        judge(&json!({"attachments": [video]}), Some("one of {image}"), Some("one of {image}"));
    }

    #[test]
    fn files_and_ids_are_of_the_kind_they_are_sent_as() {
        let mut uploads = Uploads::default();
        let id = uploads.add(1, MediaKind::Video, Timestamp(0));
        let judge = |platform, kind: &str, payload: Value, file: Option<(&str, usize)>, expected: Option<u32>| {
            let file = file.map(|(kind, size)| File { content_type: kind.into(), size, count: 1 });
            let attachment = json!({"type": kind, "payload": payload});
            let (file, now) = (file.as_ref(), Timestamp(0));
            let (uploads, templates) = (&uploads, &Templates::default());
            let (is_utility, local_media) = (false, false);
            let frame = Frame { platform, account: 1, uploads, file, templates, is_utility, local_media, now };
            let error = check(&Part::new(&attachment, "message[attachment]"), &frame).err();
            assert_eq!(error.and_then(|error| error.subcode), expected, "{attachment} {file:?}");
        };
        use Platform::{Instagram, Messenger};
        judge(Messenger, "video", json!({"attachment_id": id}), None, None);
        judge(Messenger, "image", json!({"attachment_id": id}), None, Some(2_018_047));
        judge(Messenger, "video", json!({"attachment_id": "1"}), None, Some(2_018_074));
        judge(Messenger, "image", json!({"is_reusable": true}), Some(("image/png", 1)), None);
        judge(Messenger, "image", json!({}), Some(("audio/mpeg", 1)), Some(2_018_047));
        judge(Messenger, "audio", json!({}), Some(("audio/mpeg", 0)), Some(2_018_047));
        judge(Messenger, "image", json!({}), Some(("image/png", LARGEST_FILE)), None);
        judge(Messenger, "image", json!({}), Some(("image/png", LARGEST_FILE + 1)), Some(2_018_109));
        judge(Instagram, "image", json!({}), Some(("image/png", LARGEST_INSTAGRAM_IMAGE + 1)), Some(2_018_109));
        judge(Messenger, "file", json!({}), Some(("text/plain", 1)), None);
        judge(Instagram, "file", json!({}), Some(("text/plain", 1)), Some(2_018_047));
        judge(Instagram, "file", json!({}), Some(("application/pdf", 1)), None);
    }
}
