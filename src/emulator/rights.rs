//! On what a message may be sent besides the window: a comment or post, once; a token.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::collections::BTreeMap;

use crate::clock::Timestamp;

use super::world::ChatKey;

/// How many writings, and how many tokens, are kept.
const KEPT: usize = 10_000;

/// What people gave, by the ids that Meta gave it.
#[derive(Default)]
pub(super) struct Rights {
    /// Comments and visitors' posts.
    pub(super) writings: BTreeMap<String, Writing>,
    /// Tokens of the notification opt-ins.
    pub(super) tokens: BTreeMap<String, Token>,
}

impl Rights {
    /// Keeps a writing, in the place of the oldest when there are too many.
    pub(super) fn keep_writing(&mut self, id: String, writing: Writing) {
        make_room(&mut self.writings, |writing| writing.at);
        self.writings.insert(id, writing);
    }

    /// Keeps a token, in the place of the oldest when there are too many.
    pub(super) fn keep_token(&mut self, token: String, right: Token) {
        make_room(&mut self.tokens, |token| token.at);
        self.tokens.insert(token, right);
    }
}

fn make_room<T>(rights: &mut BTreeMap<String, T>, at: impl Fn(&T) -> Timestamp) {
    if rights.len() < KEPT {
        return;
    }
    let oldest = rights.iter().min_by_key(|(_, right)| at(right)).map(|(id, _)| id.clone());
    oldest.and_then(|id| rights.remove(&id));
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
