//! `accounts.<name>.*`: the Pages and Instagram accounts that this server speaks for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::reader::Reader;
use super::relay::{OwnRelay, Relay};
use super::value::{RawValue, Setting, words};
use crate::id::AccountId;
use crate::message::TextLimit;
use crate::secret::Secret;

/// A Page or an Instagram professional account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which platform, and how it is reached.
    pub platform: Platform,
    /// The Page's id, or the Instagram professional account's: the webhook's `entry.id`.
    pub id: AccountId,
    /// The Page that an Instagram account is linked to, to whose node its sends go.
    pub page_id: Option<AccountId>,
    /// The account's token.
    pub access_token: Secret,
    /// The name of its handler.
    pub handler: String,
    /// Who answers.
    pub bot: Bot,
    /// What Meta granted.
    pub features: Vec<Feature>,
    /// How the bot says that it is one.
    pub disclosure: Disclosure,
    /// What an automated bot answers when its handler has nothing to say.
    pub fallback: String,
    /// How long a handler may take.
    pub handler_deadline: Duration,
    /// What becomes of a send of which it cannot be found out whether it arrived.
    pub on_doubt: OnDoubt,
    /// The account's own relay, over the common one.
    pub relay: OwnRelay,
}

/// Which platform an account is on, and through which login it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// A Facebook Page.
    Messenger,
    /// An Instagram account, through the Page it is linked to.
    Instagram,
    /// An Instagram account by itself.
    InstagramLogin,
}

words!(Platform {
    "messenger" => Platform::Messenger,
    "instagram" => Platform::Instagram,
    "instagram-login" => Platform::InstagramLogin,
});

impl Platform {
    /// The word for it in the settings and the relay's requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Messenger => "messenger",
            Platform::Instagram => "instagram",
            Platform::InstagramLogin => "instagram-login",
        }
    }

    /// How long a text may be.
    pub fn text_limit(self) -> TextLimit {
        if self.is_instagram() { TextLimit::INSTAGRAM } else { TextLimit::MESSENGER }
    }

    /// Whether the account is on Instagram.
    pub fn is_instagram(self) -> bool {
        self != Platform::Messenger
    }
}

/// Who answers, as the account declared to Meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bot {
    /// All answers are programmed.
    Automated,
    /// Programmed answers and people.
    Hybrid,
    /// People alone.
    Manual,
}

words!(Bot { "automated" => Bot::Automated, "hybrid" => Bot::Hybrid, "manual" => Bot::Manual });

/// A right that Meta grants to an account on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// People may answer for seven days.
    HumanAgent,
    /// A news Page.
    News,
    /// One-time notifications.
    OneTimeNotification,
    /// Marketing messages.
    Marketing,
    /// Utility messages.
    Utility,
}

words!(Feature {
    "human_agent" => Feature::HumanAgent,
    "news" => Feature::News,
    "one_time_notification" => Feature::OneTimeNotification,
    "marketing" => Feature::Marketing,
    "utility" => Feature::Utility,
});

/// How the bot says that it is one.
#[derive(Clone, Debug)]
pub struct Disclosure {
    /// Whether it says so.
    pub enabled: bool,
    /// In which words.
    pub text: String,
    /// After which silence it says so again.
    pub after: Duration,
}

/// What becomes of a send of which it cannot be found out whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDoubt {
    /// It is held for the operator.
    Hold,
    /// It is sent again.
    Resend,
}

words!(OnDoubt { "hold" => OnDoubt::Hold, "resend" => OnDoubt::Resend });

/// How the ids of Instagram's professional accounts begin.
const OF_INSTAGRAM: &str = "17841";

/// The handler behind HTTP.
pub const RELAY: &str = "relay";

// The defaults of a table whose name the operator chooses cannot stand in `config/default.toml` but as comments; a test
// holds the two together.
const DISCLOSURE: &str = "You are talking to an automated assistant.";
const DISCLOSURE_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
const FALLBACK: &str = "Sorry, I did not get that.";
const HANDLER_DEADLINE: Duration = Duration::from_secs(20);

/// Whether an account may be called so in every layer: in the environment two underscores part levels.
fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    letters && !name.contains("__") && !name.ends_with('_')
}

impl Account {
    /// Every account. `handlers` are the names that exist besides `relay`, whose address may be the common one.
    pub(super) fn read_all(reader: &mut Reader, handlers: &[&str], relay: &Relay) -> BTreeMap<String, Account> {
        reader.learn("accounts", |reader, name| drop(Account::read(reader, name, handlers)));
        let mut accounts = BTreeMap::<String, Account>::new();
        for name in reader.names("accounts") {
            if !is_name(&name) {
                let hint =
                    "names are letters, digits, - and single _ inside: the environment has to be able to name it";
                reader.fault(&format!("accounts.{name}"), "is not a name for an account", hint);
            }
            let account = Account::read(reader, &name, handlers);
            if account.handler == RELAY && account.relay.url.is_none() && relay.url.is_none() {
                let hint = "set relay.url, or the account's own relay.url, to where the bot answers";
                reader.fault(&format!("accounts.{name}.handler"), "is relay, and no address is known", hint);
            }
            let twin = accounts.iter().find(|(_, other)| other.id == account.id && !account.id.as_str().is_empty());
            if let Some((twin, _)) = twin {
                let key = format!("accounts.{name}.id");
                reader.fault(&key, format!("is the id of accounts.{twin} too"), "give each account once");
            }
            accounts.insert(name, account);
        }
        accounts
    }

    fn read(reader: &mut Reader, name: &str, handlers: &[&str]) -> Account {
        let key = |rest: &str| format!("accounts.{name}.{rest}");
        let bot = reader.optional(&key("bot")).unwrap_or(Bot::Automated);
        let account = Account {
            platform: reader.required(&key("platform")),
            id: reader.required(&key("id")),
            page_id: reader.optional(&key("page_id")),
            access_token: reader.required_secret(&key("access_token")),
            handler: reader.required(&key("handler")),
            bot,
            features: reader.optional(&key("features")).unwrap_or_default(),
            disclosure: Disclosure {
                enabled: reader.optional(&key("disclosure.enabled")).unwrap_or(bot != Bot::Manual),
                text: reader.optional(&key("disclosure.text")).unwrap_or_else(|| DISCLOSURE.to_owned()),
                after: reader.optional(&key("disclosure.after")).unwrap_or(DISCLOSURE_AFTER),
            },
            fallback: reader.optional(&key("fallback")).unwrap_or_else(|| FALLBACK.to_owned()),
            handler_deadline: reader.optional(&key("handler_deadline")).unwrap_or(HANDLER_DEADLINE),
            on_doubt: reader.optional(&key("on_doubt")).unwrap_or(OnDoubt::Hold),
            relay: OwnRelay::read(reader, &key("relay")),
        };
        account.check(reader, name, handlers);
        account
    }

    fn check(&self, reader: &mut Reader, name: &str, handlers: &[&str]) {
        let key = |rest: &str| format!("accounts.{name}.{rest}");
        if !self.handler.is_empty() && self.handler != RELAY && !handlers.contains(&self.handler.as_str()) {
            let known = [handlers, &[RELAY]].concat().join(", ");
            reader.fault(&key("handler"), format!("{:?} is no handler", self.handler), format!("there are: {known}"));
        }
        if !self.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            reader.fault(&key("access_token"), "holds characters that no token has", "give one token, on one line");
        }
        if self.handler == "none" && self.bot == Bot::Automated {
            let hint = format!("set {} to manual or hybrid, or name a handler", key("bot"));
            reader.fault(&key("handler"), "is none, yet the bot is declared automated and must answer", hint);
        }
        for (own, text) in [("disclosure.text", &self.disclosure.text), ("fallback", &self.fallback)] {
            if !self.platform.text_limit().holds(text) {
                let hint = "2000 characters on Messenger, 1000 bytes on Instagram";
                reader.fault(&key(own), "is longer than one message may be", hint);
            }
        }
        if self.platform == Platform::Instagram && self.page_id.is_none() {
            let hint = "give the id of the linked Page, or set the platform to instagram-login";
            reader.fault(&key("page_id"), "is missing: sends of this account go through its Page", hint);
        }
        if self.platform != Platform::Instagram && self.page_id.is_some() {
            let hint = "leave it out, or set the platform to instagram";
            reader.fault(&key("page_id"), "is for Instagram accounts that are linked to a Page", hint);
        }
    }

    /// What is no fault for certain, and most likely a mistake: the text and what to do.
    pub fn doubtful(&self) -> Option<(&'static str, &'static str)> {
        let is_instagrams = |id: &AccountId| id.as_str().starts_with(OF_INSTAGRAM);
        if !self.platform.is_instagram() || is_instagrams(&self.id) {
            return None;
        }
        let hint = match self.page_id.as_ref().is_some_and(is_instagrams) {
            true => "are id and page_id swapped?",
            false => {
                "give the account's id as webhooks name it; is it the id of the Page, or another one of the account?"
            }
        };
        Some(("the id does not begin with 17841, as those of Instagram's professional accounts do", hint))
    }

    /// The node of the Graph API to which this account's sends go.
    pub fn node(&self) -> &AccountId {
        self.page_id.as_ref().unwrap_or(&self.id)
    }
}
