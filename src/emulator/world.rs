//! What exists on the emulated Meta: one app, the accounts it serves and the people who write to them.
//!
//! A world is data. It does not change while the emulator runs; what happens in it is kept in [`super::state`].

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::secret::Secret;

/// The app, the accounts and the people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The app that is subscribed to the accounts' webhooks and sends for them; that of the default world where it is left
    /// out, as is each of its keys.
    #[serde(default)]
    pub app: App,
    /// The Pages and Instagram accounts.
    pub accounts: Vec<Account>,
    /// The people who write to them.
    pub people: Vec<Person>,
}

/// A Meta app, as its dashboard shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// The app's id, decimal digits.
    pub id: String,
    /// Signs the webhooks and proves Graph calls.
    #[serde(serialize_with = "expose", deserialize_with = "conceal")]
    pub secret: Secret,
    /// What the verification of the callback carries.
    #[serde(serialize_with = "expose", deserialize_with = "conceal")]
    pub verify_token: Secret,
    /// Whether a Graph call without `appsecret_proof` is refused.
    #[serde(default)]
    pub require_proof: bool,
    /// What Meta has granted the app beside answering; where nothing is said, everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<Feature>>,
    /// The token of the person who runs the Pages and is logged in to the app: what `me/accounts` takes.
    #[serde(default = "user_token", serialize_with = "expose", deserialize_with = "conceal")]
    pub user_token: Secret,
    /// Whether the app is the default one in the Pages' Conversation Routing, with leave to take conversations over.
    #[serde(default)]
    pub routing_default: bool,
    /// Whether files can be sent by an address on this machine or in its network, which Meta never reaches. For bots that
    /// serve their pictures themselves while they are written.
    #[serde(default)]
    pub local_media: bool,
    /// Whether messages still go out on the tokens of marketing opt-ins, as they did before 10 February 2026.
    #[serde(default)]
    pub marketing_tokens: bool,
    /// The callbacks that `POST /emulator/subscribe` may name, beside one that the emulator was started with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<String>,
    /// Further names by which the emulator's own calls and the playground may be reached, beside the machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

/// A permission of Meta's that a bot needs for one way of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// The tag `HUMAN_AGENT`.
    HumanAgent,
    /// The tag `NON_PROMOTIONAL_SUBSCRIPTION`, of registered news Pages.
    News,
    /// One-time notifications: the request and the message on its token.
    OneTimeNotification,
    /// Marketing messages: the request and the messages on its token.
    Marketing,
    /// Utility templates.
    Utility,
}

/// A Page or an Instagram professional account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What the control routes call it.
    pub name: String,
    /// Which product its conversations belong to.
    pub platform: Platform,
    /// The Page id or the Instagram account id: `entry[].id` of its webhooks.
    pub id: String,
    /// The Page an Instagram account is linked to; null where there is none.
    #[serde(default)]
    pub page_id: Option<String>,
    /// The token its node accepts.
    #[serde(serialize_with = "expose", deserialize_with = "conceal")]
    pub access_token: Secret,
}

/// The three ways an account is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// A Facebook Page.
    Messenger,
    /// An Instagram account behind the Page it is linked to.
    Instagram,
    /// An Instagram account with a token of its own.
    InstagramLogin,
}

/// Somebody who writes to accounts, under another id at each of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What the control routes call them.
    pub name: String,
    /// The id (PSID or IGSID) at each account, by the account's name.
    pub ids: BTreeMap<String, String>,
}

/// A conversation: the positions of its account and its person in their lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ChatKey {
    pub(super) account: usize,
    pub(super) person: usize,
}

/// What is told in order: a conversation, or what concerns an account as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lane {
    pub(super) account: usize,
    pub(super) person: Option<usize>,
}

impl Lane {
    /// What concerns no single person.
    pub(super) fn of_account(account: usize) -> Lane {
        Lane { account, person: None }
    }

    /// The conversation, if it is one.
    pub(super) fn chat(self) -> Option<ChatKey> {
        Some(ChatKey { account: self.account, person: self.person? })
    }
}

impl From<ChatKey> for Lane {
    fn from(chat: ChatKey) -> Lane {
        Lane { account: chat.account, person: Some(chat.person) }
    }
}

impl App {
    /// Whether Meta has granted the app a feature.
    pub(super) fn has(&self, feature: Feature) -> bool {
        self.features.as_ref().is_none_or(|granted| granted.contains(&feature))
    }
}

impl Platform {
    /// Whether its people are Instagram's.
    pub(super) fn is_instagram(self) -> bool {
        !matches!(self, Platform::Messenger)
    }

    /// `object` of the account's webhooks.
    pub(super) fn object(self) -> &'static str {
        if self.is_instagram() { "instagram" } else { "page" }
    }
}

impl Account {
    /// The Graph node its messages are sent through. An account behind a Page that names no Page has none.
    pub(super) fn node(&self) -> Option<&str> {
        match self.platform {
            Platform::Messenger | Platform::InstagramLogin => Some(&self.id),
            Platform::Instagram => self.page_id.as_deref(),
        }
    }

    /// The second id of an Instagram account: the one by which an app with a login of its own knows it, and under which some
    /// accounts' echoes come. Made from the first.
    pub(super) fn other_id(&self) -> String {
        format!("25000{}", self.id.strip_prefix("17841").unwrap_or(&self.id))
    }

    /// Whether an object of the Graph API that has this id is the account.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.id == id || (self.platform == Platform::InstagramLogin && self.other_id() == id)
    }

    /// Whether messages to the Graph node with this id may be the account's: for an account behind a Page that is the Page,
    /// for any other the account itself.
    pub(super) fn is_behind(&self, node: &str) -> bool {
        match self.platform {
            Platform::Messenger | Platform::InstagramLogin => self.is_called(node),
            Platform::Instagram => self.page_id.as_deref() == Some(node),
        }
    }
}

/// The name on Instagram of who is called `name`.
pub(super) fn username(name: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() || letter == '.' { letter } else { '_' };
    name.to_lowercase().chars().map(plain).collect()
}

impl World {
    /// The account with this name (in any case) or id.
    pub(super) fn account(&self, name: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.name.eq_ignore_ascii_case(name) || account.is_called(name))
    }

    /// The person with this name (in any case), or with this id at the account.
    pub(super) fn person(&self, account: usize, name: &str) -> Option<usize> {
        let at = |person: &Person| person.ids.get(&self.accounts[account].name).is_some_and(|id| id == name);
        self.people.iter().position(|person| person.name.eq_ignore_ascii_case(name) || at(person))
    }

    /// The person's id at the account, if they can write to it.
    pub(super) fn scoped_id(&self, key: ChatKey) -> Option<&str> {
        let account = self.accounts.get(key.account)?;
        self.people.get(key.person)?.ids.get(&account.name).map(String::as_str)
    }

    /// The conversations that the account has or may have.
    pub(super) fn chats_of(&self, account: usize) -> impl Iterator<Item = ChatKey> {
        let keys = (0..self.people.len()).map(move |person| ChatKey { account, person });
        keys.filter(|key| self.scoped_id(*key).is_some())
    }
}

/// A shop with a Page and an Instagram account linked to it, and two people who know both.
impl Default for World {
    fn default() -> World {
        let token = Secret::new("EAAemulatedPageAccessToken104000000000001");
        let account = |name: &str, platform, id: &str| Account {
            name: name.into(),
            platform,
            id: id.into(),
            page_id: Some("104000000000001".into()),
            access_token: token.clone(),
        };
        let person = |name: &str, page: &str, instagram: &str| Person {
            name: name.into(),
            ids: BTreeMap::from([("shop".into(), page.into()), ("shop_ig".into(), instagram.into())]),
        };
        World {
            app: App::default(),
            accounts: vec![
                account("shop", Platform::Messenger, "104000000000001"),
                account("shop_ig", Platform::Instagram, "17841400000000001"),
            ],
            people: vec![
                person("Ada", "7200000000000011", "9100000000000021"),
                person("Ben", "7200000000000012", "9100000000000022"),
            ],
        }
    }
}

/// An app that may do everything.
impl Default for App {
    fn default() -> App {
        App {
            id: "555000000000001".into(),
            secret: Secret::new("emulated-app-secret"),
            verify_token: Secret::new("emulated-verify-token"),
            require_proof: false,
            features: None,
            user_token: user_token(),
            routing_default: false,
            local_media: false,
            marketing_tokens: false,
            webhooks: Vec::new(),
            hosts: Vec::new(),
        }
    }
}

fn user_token() -> Secret {
    Secret::new("EAAemulatedUserAccessToken218471000000001")
}

// An emulated secret guards nothing, and whoever tests a bot must be able to read it; `Debug` and logs still hide it.
fn expose<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}

fn conceal<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

#[cfg(test)]
impl World {
    /// The default world with a third account, by Instagram Login, which Ada knows.
    pub(super) fn with_instagram_login() -> World {
        let mut world = World::default();
        world.accounts.push(Account {
            name: "own".into(),
            platform: Platform::InstagramLogin,
            id: "17841400000000009".into(),
            page_id: None,
            access_token: Secret::new("IGAAown"),
        });
        world.people[0].ids.insert("own".into(), "9900000000000031".into());
        world
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_survives_being_written_and_read() {
        let world = World::default();
        let json = serde_json::to_value(&world).expect("a world can be written");
        let read: World = serde_json::from_value(json.clone()).expect("a world can be read");
        assert_eq!(serde_json::to_value(&read).expect("a world can be written"), json);
        assert_eq!(json["accounts"][1]["platform"], "instagram");
        assert!(!format!("{world:?}").contains("EAA"));
    }

    #[test]
    fn usernames_are_lower_case_and_without_spaces() {
        for (name, expected) in
            [("Ada", "ada"), ("shop_ig", "shop_ig"), ("Ben van.Dijk", "ben_van.dijk"), ("Zoë!", "zoë_")]
        {
            assert_eq!(username(name), expected);
        }
    }

    #[test]
    fn accounts_and_people_are_found_by_name_and_by_id() {
        let world = World::default();
        assert_eq!(world.account("SHOP_IG"), Some(1));
        assert_eq!(world.account("17841400000000001"), Some(1));
        assert_eq!(world.person(1, "ben"), Some(1));
        assert_eq!(world.person(1, "9100000000000022"), Some(1));
        assert_eq!(world.person(0, "9100000000000022"), None);
        assert_eq!(world.scoped_id(ChatKey { account: 0, person: 0 }), Some("7200000000000011"));
    }
}
