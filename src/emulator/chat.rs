//! One conversation: its messages, its window, and what the person sees of the business.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::world::Platform;

/// How long the business may answer after the person's last opener.
pub(super) const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// How long the person sees the business typing.
const TYPING: Duration = Duration::from_secs(20);

/// How many messages, how many comments and how many deeds a conversation keeps.
const KEPT: usize = 500;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A conversation between a person and an account.
#[derive(Default)]
pub(super) struct Chat {
    messages: VecDeque<Message>,
    opened_at: Option<Timestamp>,
    typing_until: Option<Timestamp>,
    /// The person takes no messages.
    pub(super) blocked: bool,
    /// The business has marked the person's last message as seen.
    pub(super) seen: bool,
    /// Under which reference the person opted in through the checkbox plugin.
    pub(super) user_ref: Option<String>,
    /// The call that the person has begun.
    pub(super) call: Option<String>,
    /// When the person last looked.
    pub(super) read_at: Option<Timestamp>,
    comments: VecDeque<Comment>,
    /// What the person did that is neither a message nor a comment, as it is told.
    deeds: VecDeque<Value>,
}

/// What a person wrote beside the conversation.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Comment {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) text: String,
    /// A post of the person's own.
    pub(super) is_post: bool,
    pub(super) is_live: bool,
    /// The comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<String>,
    pub(super) removed: bool,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// The person.
    Person,
    /// The Page or Instagram account.
    Business,
}

/// A message or a tap, as both ends see it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    pub(super) mid: String,
    pub(super) from: Side,
    pub(super) at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attachments: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) quick_replies: Vec<Value>,
    /// The chip that was tapped: `{"payload"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quick_reply: Option<Value>,
    /// The button that was tapped: `{"title","payload"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postback: Option<Value>,
    /// The mid of the message this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<String>,
    /// The story of the account that it answers: `{"reply_to":{"link","id"}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) story: Option<Value>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) edits: u32,
    pub(super) deleted: bool,
    /// The callback has taken the person's message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) delivered: bool,
    /// The app that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_id: Option<String>,
    /// As whom the business speaks: `{"id","name","profile_picture_url"}`, as it was then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) persona: Option<Value>,
}

/// What one side thinks of a message.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Reaction {
    pub(super) from: Side,
    pub(super) reaction: String,
    pub(super) emoji: String,
}

impl Message {
    /// A message without content.
    pub(super) fn new(mid: String, from: Side, at: Timestamp) -> Message {
        Message {
            mid,
            from,
            at,
            text: None,
            attachments: Vec::new(),
            quick_replies: Vec::new(),
            quick_reply: None,
            postback: None,
            reply_to: None,
            story: None,
            reactions: Vec::new(),
            edits: 0,
            deleted: false,
            delivered: false,
            app_id: None,
            persona: None,
        }
    }

    /// Puts `reaction` in the place of what its side thought before.
    pub(super) fn react(&mut self, reaction: Reaction) {
        self.unreact(reaction.from);
        self.reactions.push(reaction);
    }

    /// Takes the reaction of a side away. False when there is none.
    pub(super) fn unreact(&mut self, from: Side) -> bool {
        let before = self.reactions.len();
        self.reactions.retain(|reaction| reaction.from != from);
        self.reactions.len() < before
    }
}

impl Chat {
    /// The person did what opens the window, at `at`. A moment that has not come counts as `now`; an older opener changes
    /// nothing.
    pub(super) fn open(&mut self, at: Timestamp, now: Timestamp) {
        self.opened_at = self.opened_at.max(Some(at.min(now)));
    }

    /// The person's last opener.
    pub(super) fn opened_at(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// Adds a message, in the place of the oldest when there are too many.
    pub(super) fn add(&mut self, message: Message) {
        match message.from {
            Side::Person => self.seen = false,
            Side::Business => self.typing_until = None,
        }
        if self.messages.len() == KEPT {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }

    /// Its messages, oldest first.
    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// The message with this id.
    pub(super) fn find(&mut self, mid: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.mid == mid)
    }

    /// The callback has taken the message with this id.
    pub(super) fn delivered(&mut self, mid: &str) {
        if let Some(message) = self.messages.iter_mut().rev().find(|message| message.mid == mid) {
            message.delivered = true;
        }
    }

    /// The last message for which `wanted` holds.
    pub(super) fn last(&mut self, wanted: impl Fn(&Message) -> bool) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| wanted(message))
    }

    /// The payload of the last template of this type that the business sent.
    pub(super) fn template(&self, template_type: &str) -> Option<&Value> {
        let of_business = self.messages.iter().rev().filter(|message| message.from == Side::Business);
        let mut payloads =
            of_business.flat_map(|message| &message.attachments).map(|attachment| &attachment["payload"]);
        payloads.find(|payload| payload["template_type"] == template_type)
    }

    /// Adds a comment, in the place of the oldest when there are too many.
    pub(super) fn add_comment(&mut self, comment: Comment) {
        if self.comments.len() == KEPT {
            self.comments.pop_front();
        }
        self.comments.push_back(comment);
    }

    /// The comment with this id, if it is still there.
    pub(super) fn find_comment(&mut self, id: &str) -> Option<&mut Comment> {
        self.comments.iter_mut().find(|comment| comment.id == id && !comment.removed)
    }

    /// Adds a deed, in the place of the oldest when there are too many.
    pub(super) fn add_deed(&mut self, item: Value) {
        if self.deeds.len() == KEPT {
            self.deeds.pop_front();
        }
        self.deeds.push_back(item);
    }

    /// The business starts to type, or stops.
    pub(super) fn set_typing(&mut self, on: bool, now: Timestamp) {
        self.typing_until = on.then(|| now + TYPING);
    }

    /// The conversation as the control route shows it.
    pub(super) fn view(&self, account: &str, person: &str, now: Timestamp) -> Value {
        json!({
            "account": account,
            "person": person,
            "window": {"opened_at": self.opened_at, "closes_at": self.opened_at.map(|at| at + WINDOW)},
            "blocked": self.blocked,
            "typing": self.typing_until.is_some_and(|until| now < until),
            "seen": self.seen,
            "read_at": self.read_at,
            "messages": self.messages,
            "comments": self.comments,
            "deeds": self.deeds,
        })
    }
}

/// A new message id, in the form of the platform.
pub(super) fn mid(rng: &mut fastrand::Rng, platform: Platform) -> String {
    let (prefix, length) = if platform.is_instagram() { ("aWdfZ", 64) } else { ("m_", 48) };
    let mut mid = prefix.to_owned();
    mid.extend((0..length).map(|_| char::from(ALPHABET[rng.usize(..ALPHABET.len())])));
    mid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_opener_moves_the_window_and_an_older_one_does_not() {
        let mut chat = Chat::default();
        let mut check = |at: i64, now: i64, expected: i64| {
            chat.open(Timestamp(at), Timestamp(now));
            assert_eq!(chat.opened_at(), Some(Timestamp(expected)), "opened at {at}, now {now}");
        };
        check(10, 20, 10);
        check(5, 20, 10);
        check(15, 20, 15);
        check(99, 20, 20);
    }

    #[test]
    fn typing_ends_with_the_message_or_after_twenty_seconds() {
        let mut chat = Chat::default();
        let typing = |chat: &Chat, now: i64| chat.view("shop", "Ada", Timestamp(now))["typing"].clone();
        chat.set_typing(true, Timestamp(0));
        assert_eq!(typing(&chat, 19_999), json!(true));
        assert_eq!(typing(&chat, 20_000), json!(false));
        chat.add(Message::new("m_1".into(), Side::Business, Timestamp(1)));
        assert_eq!(typing(&chat, 1), json!(false));
    }

    #[test]
    fn message_ids_repeat_with_the_seed_and_not_otherwise() {
        let mut rng = fastrand::Rng::with_seed(7);
        let first = mid(&mut rng, Platform::Messenger);
        assert!(first.starts_with("m_"));
        assert!(mid(&mut rng, Platform::Instagram).starts_with("aWdfZ"));
        assert_ne!(mid(&mut rng, Platform::Messenger), first);
        assert_eq!(mid(&mut fastrand::Rng::with_seed(7), Platform::Messenger), first);
    }
}
