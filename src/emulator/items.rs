//! The webhook items, one function per kind, in the shapes Meta documents.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::world::{Account, Platform, username};

/// What people comment on: the last part of the id of every Page's one post.
pub(super) const POST: &str = "1001";

/// The one media of every Instagram account.
const MEDIA: &str = "17900000000001001";

/// Who writes beside a conversation.
#[derive(Clone, Copy)]
pub(super) struct Author<'a> {
    /// Their place in the world.
    pub(super) person: usize,
    pub(super) name: &'a str,
}

impl Author<'_> {
    /// Their id on Facebook.
    fn id(&self) -> String {
        (8_800_000_000_000_031 + self.person).to_string()
    }
}

/// What is written beside a conversation.
pub(super) struct Written<'a> {
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    /// A post of the author's own.
    pub(super) is_post: bool,
    pub(super) is_live: bool,
    /// The comment it answers.
    pub(super) reply_to: Option<&'a str>,
}

/// The two ends of an item and its moment.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    /// Where it happens.
    pub(super) account: &'a Account,
    /// The person's id at the account.
    pub(super) person: &'a str,
    /// `timestamp`.
    pub(super) at: Timestamp,
}

impl Ends<'_> {
    /// An item of kind `key` from the person to the account.
    pub(super) fn by_person(&self, key: &str, content: Value) -> Value {
        self.item(self.person, &self.account.id, key, content)
    }

    /// An item of kind `key` from the account to the person.
    fn by_business(&self, key: &str, content: Value) -> Value {
        self.item(&self.account.id, self.person, key, content)
    }

    fn item(&self, sender: &str, recipient: &str, key: &str, content: Value) -> Value {
        json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": self.at, key: content})
    }

    /// An opt-in through the checkbox plugin: nobody is known yet, so there is no sender.
    pub(super) fn checkbox(&self, reference: Option<&str>, user_ref: &str) -> Value {
        let mut optin = json!({"user_ref": user_ref});
        if let Some(reference) = reference {
            optin["ref"] = json!(reference);
        }
        json!({"recipient": {"id": self.account.id}, "timestamp": self.at, "optin": optin})
    }

    /// An m.me or ig.me link into a conversation.
    pub(super) fn referral(&self, reference: &str) -> Value {
        self.by_person("referral", self.link(reference))
    }

    /// What is told of the link that brought the person.
    pub(super) fn link(&self, reference: &str) -> Value {
        let source = if self.account.platform.is_instagram() { "SHORTLINKS" } else { "SHORTLINK" };
        json!({"ref": reference, "source": source, "type": "OPEN_THREAD"})
    }

    /// The account's own message, told to every app subscribed to it, the one that sent it included. Instagram's echoes do
    /// not say by which app they were sent and give no `metadata` back.
    pub(super) fn echo(&self, mut message: Map<String, Value>, app_id: &str, metadata: Option<&str>) -> Value {
        message.insert("is_echo".into(), json!(true));
        if self.account.platform == Platform::Messenger {
            message.insert("app_id".into(), app_number(app_id));
            if let Some(metadata) = metadata {
                message.insert("metadata".into(), json!(metadata));
            }
        }
        self.by_business("message", Value::Object(message))
    }

    /// Something written beside the conversation, and what was done with it. On Facebook an author goes by another id than in
    /// conversations.
    pub(super) fn comment(&self, verb: &str, author: Author<'_>, written: &Written<'_>) -> Value {
        if self.account.platform.is_instagram() {
            return self.instagram_comment(author, written);
        }
        let own_post = format!("{}_{POST}", self.account.id);
        let mut value = json!({"item": "comment", "verb": verb, "created_time": self.at.0 / 1000,
            "from": {"id": author.id(), "name": author.name}});
        if written.is_post {
            value["item"] = json!("status");
            value["post_id"] = json!(written.id);
        } else {
            value["comment_id"] = json!(written.id);
            value["post_id"] = json!(own_post);
            value["parent_id"] = json!(written.reply_to.unwrap_or(&own_post));
        }
        if verb != "remove" {
            value["message"] = json!(written.text);
        }
        if verb != "remove" && !written.is_post {
            value["post"] = json!({"id": own_post, "status_type": "added_photos", "is_published": true,
                "permalink_url": format!("https://www.facebook.com/{own_post}"), "promotion_status": "inactive"});
        }
        json!({"field": "feed", "value": value})
    }

    fn instagram_comment(&self, author: Author<'_>, written: &Written<'_>) -> Value {
        let mut value = json!({"id": written.id, "text": written.text,
            "from": {"id": self.person, "username": username(author.name)}, "media": {"id": MEDIA}});
        if !written.is_live {
            value["media"]["media_product_type"] = json!("FEED");
        }
        if let Some(parent) = written.reply_to {
            value["parent_id"] = json!(parent);
        }
        json!({"field": if written.is_live { "live_comments" } else { "comments" }, "value": value})
    }

    /// The message has reached the person's device. Messenger only.
    pub(super) fn delivery(&self, mid: &str, watermark: Timestamp) -> Value {
        self.by_person("delivery", json!({"mids": [mid], "watermark": watermark}))
    }
}

/// An app id as Meta writes it in echoes: a number.
pub(super) fn app_number(app_id: &str) -> Value {
    app_id.parse::<u64>().map_or_else(|_| json!(app_id), |number| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::World;

    #[test]
    fn echoes_name_the_app_on_messenger_only() {
        let world = World::default();
        let message = || Map::from_iter([("mid".to_owned(), json!("m_E1")), ("text".to_owned(), json!("hi"))]);
        let echo = |account: usize| {
            let ends = Ends { account: &world.accounts[account], person: "72", at: Timestamp(1_790_000_000_001) };
            ends.echo(message(), "555000000000001", Some("ticket=9"))
        };
        assert_eq!(
            echo(0),
            json!({"sender": {"id": "104000000000001"}, "recipient": {"id": "72"}, "timestamp": 1_790_000_000_001_i64,
                "message": {"is_echo": true, "app_id": 555_000_000_000_001_u64, "metadata": "ticket=9", "mid": "m_E1", "text": "hi"}})
        );
        assert_eq!(echo(1)["message"], json!({"is_echo": true, "mid": "m_E1", "text": "hi"}));
    }
}
