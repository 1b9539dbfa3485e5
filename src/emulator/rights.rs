//! On what a message may be sent besides the window: a comment or post, once; a token.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;

use super::world::ChatKey;

/// How many writings, and how many tokens, are kept.
const KEPT: usize = 10_000;

/// How long a comment or post can be answered.
const REPLY_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a token can be used.
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How far apart two marketing messages on one token are.
pub(super) const BETWEEN_MARKETING: Duration = Duration::from_secs(12 * 3600);

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
        if !self.tokens.contains_key(&token) {
            make_room(&mut self.tokens, |token| token.at);
        }
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
    /// Below a broadcast.
    pub(super) is_live: bool,
    /// The broadcast has ended.
    pub(super) is_over: bool,
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
    /// The person has agreed again.
    pub(super) is_refreshed: bool,
    /// Of a token for marketing messages: what they are about.
    pub(super) title: Option<String>,
    /// The same: the time by which they come.
    pub(super) timezone: Option<String>,
}

impl Token {
    /// A token as it is given.
    pub(super) fn new(chat: ChatKey, at: Timestamp, kind: TokenKind) -> Token {
        Token { chat, at, kind, sent_at: None, is_stopped: false, is_refreshed: false, title: None, timezone: None }
    }

    /// `user_token_status`.
    pub(super) fn status(&self) -> &'static str {
        if self.is_refreshed { "REFRESHED" } else { "NOT_REFRESHED" }
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// One notification, within a year.
    OneTime,
    /// Marketing messages, twelve hours apart.
    Marketing,
}

/// Why a right gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// It was used.
    Used,
    /// It is too old.
    Expired,
    /// The broadcast is over.
    BroadcastOver,
    /// The last message on it was sent too short a while ago.
    TooSoon,
    /// The person wants no more.
    Stopped,
}

impl Rights {
    /// Whether the private reply to a comment or post may be sent now: once, within seven days, and below a broadcast only
    /// while it goes on.
    pub(super) fn may_reply(&self, id: &str, now: Timestamp) -> Result<(), Denial> {
        match self.writings.get(id) {
            Some(writing) if writing.is_answered => Err(Denial::Used),
            Some(writing) if now > writing.at + REPLY_WITHIN => Err(Denial::Expired),
            Some(writing) if writing.is_over => Err(Denial::BroadcastOver),
            _ => Ok(()),
        }
    }

    /// The private reply to a comment or post was sent.
    pub(super) fn use_reply(&mut self, id: &str) {
        if let Some(writing) = self.writings.get_mut(id) {
            writing.is_answered = true;
        }
    }

    /// Whether a message may be sent on a token now.
    pub(super) fn may_notify(&self, token: &str, now: Timestamp) -> Result<(), Denial> {
        let Some(token) = self.tokens.get(token) else { return Ok(()) };
        match (token.kind, token.sent_at) {
            _ if token.is_stopped => Err(Denial::Stopped),
            _ if now > token.at + TOKEN_LIFE => Err(Denial::Expired),
            (TokenKind::OneTime, Some(_)) => Err(Denial::Used),
            (TokenKind::Marketing, Some(sent_at)) if now < sent_at + BETWEEN_MARKETING => Err(Denial::TooSoon),
            _ => Ok(()),
        }
    }

    /// A message was sent on a token.
    pub(super) fn use_token(&mut self, token: &str, now: Timestamp) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.sent_at = Some(now);
        }
    }

    /// The account's broadcasts are over, and what was written below them can no longer be answered.
    pub(super) fn end_broadcasts(&mut self, account: usize) {
        let live = self.writings.iter_mut().filter(|(_, writing)| writing.is_live && writing.chat.account == account);
        live.for_each(|(_, writing)| writing.is_over = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: ChatKey = ChatKey { account: 1, person: 0 };
    const SECOND: Duration = Duration::from_secs(1);

    fn token(kind: TokenKind) -> Rights {
        let token = Token::new(CHAT, Timestamp(0), kind);
        Rights { tokens: BTreeMap::from([("t".to_owned(), token)]), ..Rights::default() }
    }

    fn comment(is_live: bool) -> Rights {
        let writing =
            Writing { chat: CHAT, at: Timestamp(0), is_post: false, is_live, is_over: false, is_answered: false };
        Rights { writings: BTreeMap::from([("c".to_owned(), writing)]), ..Rights::default() }
    }

    #[test]
    fn a_comment_is_answered_once_within_seven_days() {
        let mut rights = comment(false);
        let last = Timestamp(0) + REPLY_WITHIN;
        assert_eq!(rights.may_reply("c", last), Ok(()));
        assert_eq!(rights.may_reply("c", last + SECOND), Err(Denial::Expired));
        rights.use_reply("c");
        assert_eq!(rights.may_reply("c", last), Err(Denial::Used));
    }

    #[test]
    fn below_a_broadcast_only_while_it_goes_on() {
        let mut rights = comment(true);
        rights.end_broadcasts(0);
        assert_eq!(rights.may_reply("c", Timestamp(0)), Ok(()));
        rights.end_broadcasts(1);
        assert_eq!(rights.may_reply("c", Timestamp(0)), Err(Denial::BroadcastOver));
    }

    #[test]
    fn a_one_time_token_is_spent_by_its_message_or_after_a_year() {
        let mut rights = token(TokenKind::OneTime);
        let last = Timestamp(0) + TOKEN_LIFE;
        assert_eq!(rights.may_notify("t", last), Ok(()));
        assert_eq!(rights.may_notify("t", last + SECOND), Err(Denial::Expired));
        rights.use_token("t", Timestamp(0));
        assert_eq!(rights.may_notify("t", last), Err(Denial::Used));
    }

    #[test]
    fn marketing_messages_are_twelve_hours_apart_until_the_person_stops_them() {
        let mut rights = token(TokenKind::Marketing);
        rights.use_token("t", Timestamp(0));
        let next = Timestamp(0) + BETWEEN_MARKETING;
        assert_eq!(rights.may_notify("t", next - SECOND), Err(Denial::TooSoon));
        assert_eq!(rights.may_notify("t", next), Ok(()));
        rights.tokens.get_mut("t").expect("the token is there").is_stopped = true;
        assert_eq!(rights.may_notify("t", next), Err(Denial::Stopped));
    }
}
