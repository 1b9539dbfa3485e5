//! The webhook items, one function per kind, in the shapes Meta documents.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::world::{Account, Platform};

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

    /// An m.me or ig.me link.
    pub(super) fn referral(&self, reference: &str) -> Value {
        let source = if self.account.platform.is_instagram() { "SHORTLINKS" } else { "SHORTLINK" };
        self.by_person("referral", json!({"ref": reference, "source": source, "type": "OPEN_THREAD"}))
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

    /// The message has reached the person's device. Messenger only.
    pub(super) fn delivery(&self, mid: &str, watermark: Timestamp) -> Value {
        self.by_person("delivery", json!({"mids": [mid], "watermark": watermark}))
    }
}

/// An app id as Meta writes it in echoes: a number.
pub(super) fn app_number(app_id: &str) -> Value {
    app_id.parse::<u64>().map_or_else(|_| json!(app_id), |number| json!(number))
}

/// The body of a delivery: the items of one account, an entry for each inner list.
pub(super) fn envelope(account: &Account, time: Timestamp, entries: &[Vec<&Value>]) -> Value {
    let entry = |items: &Vec<&Value>| json!({"id": account.id, "time": time, "messaging": items});
    json!({"object": account.platform.object(), "entry": entries.iter().map(entry).collect::<Vec<_>>()})
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

    #[test]
    fn an_envelope_carries_milliseconds_and_string_ids() {
        let (world, item) = (World::default(), json!({"a": 1}));
        assert_eq!(
            envelope(&world.accounts[1], Timestamp(7), &[vec![&item], vec![&item, &item]]),
            json!({"object": "instagram", "entry": [
                {"id": "17841400000000001", "time": 7, "messaging": [{"a": 1}]},
                {"id": "17841400000000001", "time": 7, "messaging": [{"a": 1}, {"a": 1}]},
            ]})
        );
    }
}
