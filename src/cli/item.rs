//! The events that `rejoinder trigger` makes, in the shapes Meta documents.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

use std::fmt;

use anyhow::bail;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::settings::Account;

// Ada, as the emulated Meta's default world knows her.
const PSID: &str = "7200000000000011";
const IGSID: &str = "9100000000000021";

/// The app of a Page's inbox: what people answer there comes back as its echoes.
const INBOX: u64 = 263_902_037_430_900;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A person writes.
    Message,
    /// A person changes a message.
    Edit,
    /// A person taps a button.
    Postback,
    /// A person reacts to a message.
    Reaction,
    /// A person comes through a link.
    Referral,
    /// A person opts in through Send to Messenger.
    Optin,
    /// A person comments on a post.
    Comment,
    /// A person has read.
    Read,
    /// A message has reached the person's device (Messenger only).
    Delivery,
    /// A person answers from the account's inbox.
    Echo,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("every kind has a name");
        out.write_str(value.get_name())
    }
}

/// One event of one account.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Who does it, or to whom it is done.
    pub(super) person: &'a str,
    account: &'a Account,
    kind: Kind,
    at: Timestamp,
    content: Value,
}

impl<'a> Item<'a> {
    /// An event of `kind` at `account`, now. `text` is what it says, in the kind's own sense.
    pub(super) fn new(
        kind: Kind,
        account: &'a Account,
        person: Option<&'a str>,
        text: Option<&str>,
        at: Timestamp,
    ) -> anyhow::Result<Item<'a>> {
        let instagram = account.platform.is_instagram();
        if kind == Kind::Delivery && instagram {
            bail!("Instagram tells of no deliveries\n  hint: take an account on Messenger, or read");
        }
        if matches!(kind, Kind::Read | Kind::Delivery) && text.is_some() {
            bail!("a {kind} says nothing\n  hint: leave --text out");
        }
        let person = person.unwrap_or(if instagram { IGSID } else { PSID });
        Ok(Item { person, account, kind, at, content: content(kind, account, person, text, at) })
    }

    /// The body of a delivery with this event alone.
    pub(super) fn delivery(&self) -> Value {
        let object = if self.account.platform.is_instagram() { "instagram" } else { "page" };
        let account = self.account.id.as_str();
        let (sender, recipient) = if self.kind == Kind::Echo { (account, self.person) } else { (self.person, account) };
        let mut item = json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": self.at});
        match self.key() {
            Some(key) => item[key] = self.content.clone(),
            None => return self.change(object),
        }
        json!({"object": object, "entry": [{"id": account, "time": self.at, "messaging": [item]}]})
    }

    /// The same for what happens below a post.
    fn change(&self, object: &str) -> Value {
        let field = if self.account.platform.is_instagram() { "comments" } else { "feed" };
        let change = json!({"field": field, "value": self.content});
        json!({"object": object, "entry": [{"id": self.account.id, "time": self.at.0 / 1000, "changes": [change]}]})
    }

    /// The key of a messaging item; comments are none.
    fn key(&self) -> Option<&'static str> {
        Some(match self.kind {
            Kind::Message | Kind::Echo => "message",
            Kind::Edit => "message_edit",
            Kind::Postback => "postback",
            Kind::Reaction => "reaction",
            Kind::Referral => "referral",
            Kind::Optin => "optin",
            Kind::Read => "read",
            Kind::Delivery => "delivery",
            Kind::Comment => return None,
        })
    }
}

fn content(kind: Kind, account: &Account, person: &str, text: Option<&str>, at: Timestamp) -> Value {
    let instagram = account.platform.is_instagram();
    let mid = mid(instagram);
    match kind {
        Kind::Message => json!({"mid": mid, "text": text.unwrap_or("Hello")}),
        Kind::Edit => json!({"mid": mid, "text": text.unwrap_or("Hello!"), "num_edit": 1}),
        Kind::Postback => match text {
            Some(payload) => json!({"mid": mid, "title": payload, "payload": payload}),
            None => json!({"mid": mid, "title": "Get Started", "payload": "GET_STARTED"}),
        },
        Kind::Reaction => {
            let reaction = if text.is_some() { "other" } else { "love" };
            json!({"mid": mid, "action": "react", "reaction": reaction, "emoji": text.unwrap_or("❤️")})
        }
        Kind::Referral => {
            let source = if instagram { "SHORTLINKS" } else { "SHORTLINK" };
            json!({"ref": text.unwrap_or("trigger"), "source": source, "type": "OPEN_THREAD"})
        }
        Kind::Optin => json!({"ref": text.unwrap_or("trigger")}),
        Kind::Comment if instagram => json!({"id": format!("179{}", at.0), "text": text.unwrap_or("Hello"),
            "from": {"id": person, "username": "ada"}, "media": {"id": "179", "media_product_type": "FEED"}}),
        Kind::Comment => {
            let (post, comment) = (format!("{}_1", account.id), format!("1_{}", at.0));
            json!({"item": "comment", "verb": "add", "comment_id": comment, "post_id": post, "parent_id": post,
                "created_time": at.0 / 1000, "from": {"id": person, "name": "Ada"}, "message": text.unwrap_or("Hello")})
        }
        Kind::Read if instagram => json!({"mid": mid}),
        Kind::Read => json!({"watermark": at}),
        Kind::Delivery => json!({"mids": [mid], "watermark": at}),
        Kind::Echo if instagram => json!({"mid": mid, "text": text.unwrap_or("Hello"), "is_echo": true}),
        Kind::Echo => json!({"mid": mid, "text": text.unwrap_or("Hello"), "is_echo": true, "app_id": INBOX}),
    }
}

/// A message's id that no message has had.
fn mid(instagram: bool) -> String {
    let prefix = if instagram { "aWdfZ" } else { "m_" };
    std::iter::once(prefix.to_owned())
        .chain(std::iter::repeat_with(|| fastrand::alphanumeric().to_string()).take(64))
        .collect()
}
