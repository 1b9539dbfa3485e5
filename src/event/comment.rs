use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::clock::Timestamp;
use crate::id::{AccountId, ObjectId, PersonId};

/// `feed`, `group_feed`, and Instagram's `comments` and `live_comments`: a person commented on a post, or wrote a post of their
/// own on the Page.
///
/// Meta sends it for new comments and visitor posts, and on Facebook also when one is changed, hidden or removed. A new one that
/// the account did not write may be answered by one message, within seven days: the private reply. The author of a comment on a
/// Page has no scoped id, so this conversation is apart from the chat that they may have with the account. Where the app may not
/// know the author, each comment is a conversation of its own, without a person.
///
/// **Window:** does not open it; what the person answers to the private reply does.
///
/// Meta: <https://developers.facebook.com/docs/graph-api/webhooks/reference/page#feed>,
/// <https://developers.facebook.com/docs/instagram-platform/webhooks>,
/// <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Comment {
    /// The comment; `None` for a visitor's post.
    pub comment_id: Option<ObjectId>,
    /// Facebook: the post that is commented on, or the visitor's own.
    pub post_id: Option<ObjectId>,
    /// Instagram: the media that is commented on.
    pub media: Option<Media>,
    /// The comment that this one answers; on Facebook the post, where it answers none.
    pub parent_id: Option<ObjectId>,
    /// Who wrote it; `None` where the app may not know.
    pub author: Option<Author>,
    /// What was done. Instagram tells of new comments only.
    pub verb: CommentVerb,
    /// Whether the account itself wrote it, as far as the author is known.
    pub is_own: bool,
    /// Instagram: whether it was written below a live broadcast, and may be answered only as long as that goes on.
    pub is_live: bool,
    /// When it was written; Instagram does not say.
    pub created_at: Option<Timestamp>,
    text: Option<String>,
}

impl Comment {
    /// What was written.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether it is a post of a visitor rather than a comment.
    pub fn is_post(&self) -> bool {
        self.comment_id.is_none()
    }

    /// What a private reply goes to: the comment, or the visitor's post.
    pub fn target(&self) -> Option<&ObjectId> {
        self.comment_id.as_ref().or(self.post_id.as_ref())
    }

    /// Whether it is new, not the account's own, and gives the right to a private reply.
    pub fn is_act(&self) -> bool {
        self.verb == CommentVerb::Add && !self.is_own && self.target().is_some()
    }
}

/// Who wrote a comment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Author {
    /// Their id as an author. On Facebook it is no PSID: nothing can be sent to it.
    pub id: PersonId,
    /// Their name on Facebook, their user name on Instagram.
    pub name: Option<String>,
}

/// Instagram media that is commented on.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Media {
    /// Its id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub id: Option<ObjectId>,
    /// Where it is shown: `FEED`, `REELS`, `STORY`, `AD`.
    #[serde(default, rename = "media_product_type", deserialize_with = "lenient::or_absent")]
    pub product_type: Option<String>,
    /// The ad, where it is one.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub ad_id: Option<ObjectId>,
    /// The ad's title.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub ad_title: Option<String>,
    /// What was made into the ad.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub original_media_id: Option<ObjectId>,
}

words! {
    /// What was done about a comment or post.
    CommentVerb {
        /// It was written.
        Add = "add",
        /// It was changed.
        Edited = "edited" | "edit",
        /// It was removed.
        Remove = "remove",
        /// It was hidden.
        Hide = "hide",
        /// It was shown again.
        Unhide = "unhide",
    }
}

/// A comment as either platform writes it.
#[derive(Deserialize)]
pub(super) struct Wire {
    #[serde(default, deserialize_with = "lenient::or_absent")]
    item: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    verb: Option<CommentVerb>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    id: Option<ObjectId>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    comment_id: Option<ObjectId>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    post_id: Option<ObjectId>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    parent_id: Option<ObjectId>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    media: Option<Media>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    from: Option<Writer>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    created_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Writer {
    #[serde(default, deserialize_with = "lenient::person")]
    id: Option<PersonId>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_absent")]
    username: Option<String>,
    /// The account's own scoped id, beside that of the author.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    self_ig_scoped_id: Option<PersonId>,
}

/// Posts that visitors can write.
const POSTS: [&str; 4] = ["post", "status", "photo", "video"];

impl Wire {
    /// `feed`, and `group_feed`: a comment, or a visitor's post. Likes, shares and the Page's own posts are neither.
    pub(super) fn of_feed(self, account: &AccountId) -> Option<Comment> {
        let item = self.item.as_deref()?;
        if item == "comment" && self.comment_id.is_some() {
            return Some(self.into_comment(account, false));
        }
        let visitor = self.author_id().is_some_and(|author| author.as_str() != account.as_str());
        if !POSTS.contains(&item) || !visitor || self.post_id.is_none() {
            return None;
        }
        Some(Wire { comment_id: None, ..self }.into_comment(account, false))
    }

    /// Instagram's `comments` and `live_comments`.
    pub(super) fn of_instagram(self, account: &AccountId, is_live: bool) -> Option<Comment> {
        // The one documentation says `id`, the other `comment_id`.
        let comment_id = self.id.clone().or(self.comment_id.clone());
        let verb = self.verb.clone().or(Some(CommentVerb::Add));
        comment_id.is_some().then(|| Wire { comment_id, verb, ..self }.into_comment(account, is_live))
    }

    fn author_id(&self) -> Option<&PersonId> {
        self.from.as_ref()?.id.as_ref()
    }

    fn into_comment(self, account: &AccountId, is_live: bool) -> Comment {
        let own_id = self.from.as_ref().and_then(|from| from.self_ig_scoped_id.as_ref());
        let is_own = self.author_id().is_some_and(|id| id.as_str() == account.as_str() || own_id == Some(id));
        Comment {
            comment_id: self.comment_id,
            post_id: self.post_id,
            media: self.media,
            parent_id: self.parent_id,
            author: self.from.and_then(|from| Some(Author { id: from.id?, name: from.name.or(from.username) })),
            verb: self.verb.unwrap_or_default(),
            is_own,
            is_live,
            created_at: self.created_time,
            text: self.message.or(self.text),
        }
    }
}
