//! On what a message may be sent besides the window: a comment or post, once; a token.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::collections::BTreeMap;

use crate::clock::Timestamp;

use super::world::ChatKey;

/// What people gave, by the ids that Meta gave it.
#[derive(Default)]
pub(super) struct Rights {
    /// Comments and visitors' posts.
    pub(super) writings: BTreeMap<String, Writing>,
    /// Tokens of the notification opt-ins.
    pub(super) tokens: BTreeMap<String, Token>,
}

/// A comment, or a visitor's post.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    /// Whose, and on whose page.
    pub(super) chat: ChatKey,
    pub(super) at: Timestamp,
    /// A post rather than a comment.
    pub(super) is_post: bool,
    /// Below a broadcast that goes on.
    pub(super) is_live: bool,
    /// The one private reply was sent.
    pub(super) is_answered: bool,
}

/// The right to one notification, or to marketing messages.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) chat: ChatKey,
    pub(super) at: Timestamp,
    pub(super) kind: TokenKind,
    /// When it was last sent on.
    pub(super) sent_at: Option<Timestamp>,
    /// The person wants no more.
    pub(super) is_stopped: bool,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// One notification, within a year.
    OneTime,
    /// Marketing messages, twelve hours apart.
    Marketing,
}
