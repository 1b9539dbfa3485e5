use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::id::{ObjectId, PersonId};

/// `mention` (Instagram: `mentions`): a person mentioned the account in a post or a comment.
///
/// Meta sends it for mentions outside of the account's own posts. Mentions in an Instagram story come as a
/// [`Message`](super::Message) instead, and with Instagram Login those in comments as a [`Comment`](super::Comment).
///
/// **Window:** does not open it, and gives no right to a private reply.
///
/// Meta: <https://developers.facebook.com/docs/graph-api/webhooks/reference/page#mention>,
/// <https://developers.facebook.com/docs/instagram-platform/webhooks>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Mention {
    /// Facebook: the post.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub post_id: Option<ObjectId>,
    /// Instagram: the media.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub media_id: Option<ObjectId>,
    /// The comment, where it is in one.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub comment_id: Option<ObjectId>,
    /// Facebook: who mentioned the account.
    #[serde(default, deserialize_with = "lenient::person")]
    pub sender_id: Option<PersonId>,
    /// Facebook: their name.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub sender_name: Option<String>,
    /// Facebook: what was written.
    #[serde(default, rename = "message", deserialize_with = "lenient::or_absent")]
    pub text: Option<String>,
    /// Facebook: what was done.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub verb: Option<MentionVerb>,
}

words! {
    /// What was done about a mention.
    MentionVerb {
        /// It was made.
        Add = "add",
        /// It was changed.
        Edited = "edited" | "edit",
        /// It was removed.
        Remove = "remove",
    }
}
